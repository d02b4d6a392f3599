"""How long it takes to fit 100,000 customers' purchases, beside the lifetimes package.

Run by `make bench`. Both fit the same histories in turn; the likelihoods must be the same.
"""

import statistics
import time
import warnings

import numpy as np
import pandas as pd
from lifetimes import BetaGeoFitter

from cxlib.account_tiers.bgnbd import fit_purchases

CUSTOMERS, ROUNDS = 100_000, 5
PLANTED = {"r": 0.25, "alpha": 4.5, "a": 0.8, "b": 2.4}


def histories(seed: int = 3) -> pd.DataFrame:
    """Customers who buy as the model has it, seen for 20 to 80 weeks."""
    rng = np.random.default_rng(seed)
    until = rng.uniform(20, 80, CUSTOMERS)
    rate = rng.gamma(PLANTED["r"], 1 / PLANTED["alpha"], CUSTOMERS)
    leaves = rng.beta(PLANTED["a"], PLANTED["b"], CUSTOMERS)
    x, last, now = (np.zeros(CUSTOMERS) for _ in range(3))
    there = np.ones(CUSTOMERS, dtype=bool)
    while there.any():
        now += rng.exponential(1 / rate)
        buys = there & (now <= until)
        x[buys] += 1
        last[buys] = now[buys]
        there = buys & (rng.random(CUSTOMERS) > leaves)
    return pd.DataFrame({"x": x, "t_x": last, "T": until})


def seconds(fit) -> tuple[float, object]:
    started = time.perf_counter()
    found = fit()
    return time.perf_counter() - started, found


def main() -> None:
    """Print both times, the ratio, and how far the parameters are apart."""
    table, ours, theirs = histories(), [], []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(ROUNDS):
            once, mine = seconds(lambda: fit_purchases(table))
            again, other = seconds(lambda: BetaGeoFitter().fit(table.x, table.t_x, table["T"]))
            ours.append(once)
            theirs.append(again)
    parameters = np.array([mine.r, mine.alpha, mine.a, mine.b])
    apart = np.abs(parameters / other.params_[["r", "alpha", "a", "b"]].to_numpy() - 1).max()
    mine, other = statistics.median(ours), statistics.median(theirs)
    print(
        f"purchases of {CUSTOMERS:,} customers: {mine:.2f} s, lifetimes {other:.2f} s: "
        f"{other / mine:.1f} times faster, parameters alike to {apart:.0e}"
    )


if __name__ == "__main__":
    main()
