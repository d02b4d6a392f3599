"""How long it takes to divide R² among drivers, beside refitting every subset with statsmodels.

Run by `make bench`.
"""

import statistics
import time
from itertools import combinations
from math import comb

import numpy as np
from statsmodels.regression.linear_model import OLS
from statsmodels.tools import add_constant

from cxlib.kpi_drivers.shapley import divide, shares_of_many

ANSWERS, TEN, TWENTY, RESAMPLES, RUNS = 2_000, 10, 20, 1_000, 3


def answers(width: int) -> tuple[np.ndarray, np.ndarray]:
    """Drivers that go together, and a score that they move."""
    rng = np.random.default_rng(0)
    drivers = rng.normal(size=(ANSWERS, width)) @ rng.normal(size=(width, width))
    return drivers, drivers @ rng.normal(size=width) + 3 * rng.normal(size=ANSWERS)


def seconds(work) -> tuple[float, object]:
    """The median time of a few runs, and what came out."""
    times = []
    for _ in range(RUNS):
        started = time.perf_counter()
        found = work()
        times.append(time.perf_counter() - started)
    return statistics.median(times), found


def ours(drivers: np.ndarray, score: np.ndarray) -> np.ndarray:
    """From the covariance matrix."""
    covariance = np.cov(np.column_stack([drivers, score]).T)
    return divide(covariance, [[each] for each in range(drivers.shape[1])]).shares


def textbook(drivers: np.ndarray, score: np.ndarray) -> np.ndarray:
    """Every subset of drivers fitted anew."""
    width = drivers.shape[1]
    worth = {
        subset: OLS(score, add_constant(drivers[:, subset])).fit().rsquared if subset else 0.0
        for size in range(width + 1)
        for subset in combinations(range(width), size)
    }
    shares = np.zeros(width)
    for subset, value in worth.items():
        for mine in set(range(width)) - set(subset):
            added = worth[tuple(sorted((*subset, mine)))] - value
            shares[mine] += added / (width * comb(width - 1, len(subset)))
    return shares


def main() -> None:
    """Print every figure."""
    long, _ = seconds(lambda: ours(*answers(TWENTY)))
    print(f"exact shares of {TWENTY} drivers: {long:.2f} s", flush=True)
    drivers, score = answers(TEN)
    rng = np.random.default_rng(1)
    table = np.column_stack([drivers, score])
    drawn = [rng.integers(0, ANSWERS, ANSWERS) for _ in range(RESAMPLES)]
    groups = [[each] for each in range(TEN)]
    many, _ = seconds(
        lambda: shares_of_many(np.array([np.cov(table[each].T) for each in drawn]), groups)
    )
    print(f"{RESAMPLES:,} resamples of {TEN} drivers: {many:.2f} s", flush=True)
    once, mine = seconds(lambda: ours(drivers, score))
    started = time.perf_counter()
    theirs = textbook(drivers, score)
    refitted = time.perf_counter() - started
    apart = np.abs(mine - theirs).max()
    print(
        f"{TEN} drivers: {1_000 * once:.1f} ms, every subset refitted {refitted:.1f} s: "
        f"{refitted / once:,.0f} times faster, shares alike to {apart:.0e}"
    )


if __name__ == "__main__":
    main()
