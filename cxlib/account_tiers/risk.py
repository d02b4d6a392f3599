"""Revenue at risk: accounts whose answers, silence, contacts or revenue give a sign of leaving."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats
from scipy.optimize import brentq
from scipy.special import digamma, polygamma

from cxlib.data.declared import TIER_NAMES
from cxlib.measure import intervals
from cxlib.measure.contrast import FALSE_DISCOVERIES, adjust, adjusted_probabilities, difference
from cxlib.measure.estimate import Estimate
from cxlib.score_changes.silence import gone_silent, rush_of_contacts
from cxlib.score_worth.groups import BANDS

SCORE, SILENCE, RUSH, DECLINE = "score", "silence", "rush", "decline"
SIGNALS = (SCORE, SILENCE, RUSH, DECLINE)
# A single bad answer is no sign.
FEWEST_ANSWERS = 2
# A fall of less is of no matter, however certain.
LEAST_FALL = 0.10
# Nor one of so few bookings: they may have come a little later.
TIMING = 1.5
FEWEST_QUARTERS = 3
# No account's revenue is taken to vary by less than this share.
LEAST_VARIATION = 0.01
MOST_FREEDOM = 1e4
FEWEST_ACCOUNTS = 10


@dataclass(frozen=True, eq=False)
class Risk:
    """Revenue of accounts that give signs of leaving.

    Attributes:
        accounts: Indexed by `account_id`, of all: `tier`, `revenue`, a true-or-false column per
            signal, `signals` (how many), and `unheard` (no sign, and neither answer nor contact in
            a year).
        tiers: Indexed by tier: `accounts`, `at_risk` (accounts with a sign), `revenue` (of all),
            `low` (revenue of accounts with a sign), `high` (and of those not heard from; NaN where
            nobody knows who is).
        told: How many accounts each signal could be told of.
    """

    accounts: pd.DataFrame
    tiers: pd.DataFrame
    told: Mapping[str, int]


@dataclass(frozen=True)
class Foretold:
    """How a signal has foretold leaving.

    Attributes:
        signal: Which.
        with_it, without: The share of accounts that have left since, of those that gave the signal
            and of those that gave none.
        difference: Of the two.
        q: Probability of so large a difference where there is none, adjusted for how many signals
            were looked at.
    """

    signal: str
    with_it: Estimate
    without: Estimate
    difference: Estimate
    q: float

    @property
    def detected(self) -> bool:
        """Whether accounts with the signal left more often, beyond chance."""
        return self.q < FALSE_DISCOVERIES and self.difference.value > 0


def find_signals(
    activity: pd.DataFrame, answers: pd.DataFrame, revenue: pd.DataFrame
) -> tuple[pd.DataFrame, Mapping[str, int]]:
    """Which accounts give which sign of leaving.

    - `score`: at least two answers of half a year, whose mean to a question lies in the lowest band
      (detractors, bottom-2 box, hard).
    - `silence`: no contact, or no answer, any more, beyond chance (`silence.gone_silent`).
    - `rush`: many more contacts than before, beyond chance (`silence.rush_of_contacts`).
    - `decline`: revenue, or each of the last two fees, fell by a tenth or more, and by more than
      it varies (`decline`, `fee_cuts`).

    Args:
        activity: As `account_activity` gives it.
        answers: As `account_answers` gives it, of the last two quarters.
        revenue: As `revenue_quarters` gives it.

    Returns:
        A true-or-false column per signal, by `account_id`; and of how many accounts each could be
        told.
    """
    index = activity.index.union(revenue.index)
    silence = gone_silent(activity)
    rush, rushed_at = rush_of_contacts(activity)
    falls, fallen_at = decline(revenue)
    cuts, cut_at = fee_cuts(revenue)
    enough = answers[(answers.answers >= FEWEST_ANSWERS) & answers.metric.isin(list(BANDS))]
    lowest = enough.metric.map({name: bars[0] for name, (bars, _) in BANDS.items()}).astype(float)
    low = enough[enough["mean"] < lowest]
    table = pd.DataFrame(
        {
            SCORE: index.isin(low.account_id),
            SILENCE: index.isin(silence.accounts.index),
            RUSH: index.isin(rush.index),
            DECLINE: index.isin(falls.index) | index.isin(cuts.index),
        },
        index=index,
    )
    told = {SCORE: enough.account_id.nunique(), SILENCE: silence.looked_at, RUSH: rushed_at,
            DECLINE: max(fallen_at, cut_at)}  # fmt: skip
    return table, told


def decline(revenue: pd.DataFrame) -> tuple[pd.Series, int]:
    """Accounts whose revenue of the quarter fell beyond what it varies by.

    The quarter is compared with the mean of the account's quarters before it. How much an account's
    revenue varies is told from its own quarters and from what is usual among accounts; how far the
    latter counts follows from how much accounts differ in it (moderated t; Smyth 2004, *Statistical
    Applications in Genetics and Molecular Biology* 3). Adjusted for how many accounts
    are looked at (Benjamini and Hochberg 1995).

    Args:
        revenue: As `revenue_quarters` gives it.

    Returns:
        The fall as a share, by account, the largest first; and how many were looked at.
    """
    before = revenue[[name for name in revenue if str(name).isdigit()]]
    count = before.notna().sum(axis=1)
    mean = before.mean(axis=1)
    known = (count >= FEWEST_QUARTERS) & (mean > 0) & revenue.now.notna()
    if known.sum() < FEWEST_ACCOUNTS:
        return pd.Series(dtype=float), 0
    before, count, mean = before[known], count[known], mean[known]
    own = (before.std(axis=1, ddof=1) / mean) ** 2
    own = own.clip(lower=LEAST_VARIATION**2)
    usual, worth = usual_variation(own.to_numpy(), (count - 1).to_numpy())
    freedom = count - 1 + worth
    # Where accounts do not differ in it at all, the usual variation alone counts.
    spread = own * 0 + usual if np.isinf(worth) else ((count - 1) * own + worth * usual) / freedom
    fall = 1 - revenue.now[known] / mean
    with np.errstate(divide="ignore", invalid="ignore"):
        t = fall / np.sqrt(spread * (1 + 1 / count))
    p = stats.t.sf(t.fillna(0.0), freedom)
    q = pd.Series(adjust(p), fall.index)
    least = pd.Series(LEAST_FALL, fall.index)
    if "bookings" in revenue:
        # A booking that comes a few days later is no fall.
        least = least.clip(lower=TIMING / revenue.bookings[known].clip(lower=1e-9))
    # A cut of the fee is looked for as well: each of the two has half of what may be false.
    fallen = fall[(q < FALSE_DISCOVERIES / 2) & (fall >= least)]
    return fallen.sort_values(ascending=False, kind="stable"), len(fall)


def fee_cuts(revenue: pd.DataFrame) -> tuple[pd.Series, int]:
    """Accounts of which each of the last two fees is lower than they vary by.

    A quarter has one or three fees, so that its sum may be lower because one came later; the fees
    themselves tell sooner and surer. They are judged as quarters are (`decline`).

    Args:
        revenue: As `revenue_quarters` gives it.

    Returns:
        The fall as a share, by account, the largest first; and how many were looked at.
    """
    if "fee_mean" not in revenue:
        return pd.Series(dtype=float), 0
    known = revenue[
        (revenue.fee_count >= FEWEST_QUARTERS) & revenue.fee_last.notna() & (revenue.fee_mean > 0)
    ]
    if len(known) < FEWEST_ACCOUNTS:
        return pd.Series(dtype=float), 0
    own = (known.fee_spread / known.fee_mean) ** 2
    own = own.clip(lower=LEAST_VARIATION**2)
    usual, worth = usual_variation(own.to_numpy(), (known.fee_count - 1).to_numpy())
    freedom = known.fee_count - 1 + worth
    moderated = (
        ((known.fee_count - 1) * own + worth * usual) / freedom if np.isfinite(worth) else usual
    )
    # An account that varies more than is usual counts as it does itself.
    spread = np.maximum(moderated, own)
    smaller = known[["fee_last", "fee_second"]].max(axis=1)
    fall = 1 - known[["fee_last", "fee_second"]].mean(axis=1) / known.fee_mean
    t = fall / np.sqrt(spread * (1 / 2 + 1 / known.fee_count))
    q = pd.Series(adjust(stats.t.sf(t, freedom)), known.index)
    each = smaller <= (1 - LEAST_FALL) * known.fee_mean
    fallen = fall[(q < FALSE_DISCOVERIES / 2) & each]
    return fallen.sort_values(ascending=False, kind="stable"), len(known)


def usual_variation(variances: np.ndarray, freedom: np.ndarray) -> tuple[float, float]:
    """The variance that is usual, and how many degrees of freedom it is worth (Smyth 2004).

    Args:
        variances: Estimated ones, above zero.
        freedom: Degrees of freedom of each.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> true = 2.0 * 8 / rng.chisquare(8, 50_000)
        >>> usual, worth = usual_variation(true * rng.chisquare(3, 50_000) / 3, np.full(50_000, 3))
        >>> round(usual, 1), round(worth)
        (2.0, 8)
    """
    logs = np.log(variances) - digamma(freedom / 2) + np.log(freedom / 2)
    beyond = logs.var(ddof=1) - polygamma(1, freedom / 2).mean()
    if beyond <= polygamma(1, MOST_FREEDOM / 2):
        return float(np.exp(logs.mean())), np.inf
    worth = 2 * brentq(lambda half: polygamma(1, half) - beyond, 1e-3, MOST_FREEDOM / 2)
    return float(np.exp(logs.mean() + digamma(worth / 2) - np.log(worth / 2))), worth


def revenue_at_risk(
    signals: pd.DataFrame, told: Mapping[str, int], tiers: pd.Series, revenue: pd.Series,
    heard: Sequence[str] | None,
) -> Risk:  # fmt: skip
    """Add up the revenue of accounts with signals, by tier.

    Args:
        signals, told: As `find_signals` gives them.
        tiers: The tier of each account.
        revenue: Of twelve months, by account; what is below zero is not at risk.
        heard: Accounts that have answered or made contact within a year; None if that is not known.
    """
    table = pd.DataFrame({"tier": tiers, "revenue": revenue.clip(lower=0)})
    found = signals.reindex(table.index, fill_value=False)
    table = table.join(found)
    table["signals"] = found.sum(axis=1)
    silent = ~table.index.isin(heard) if heard is not None else np.zeros(len(table), dtype=bool)
    table["unheard"] = (table.signals == 0) & silent
    sums = pd.DataFrame(
        {
            "accounts": table.groupby("tier").size(),
            "at_risk": (table.signals > 0).groupby(table.tier).sum(),
            "revenue": table.groupby("tier").revenue.sum(),
            "low": table.revenue.where(table.signals > 0, 0.0).groupby(table.tier).sum(),
            "high": table.revenue.where((table.signals > 0) | table.unheard, 0.0)
            .groupby(table.tier).sum(),
        }
    )  # fmt: skip
    sums = sums.reindex(list(TIER_NAMES), fill_value=0)
    return Risk(table, sums if heard is not None else sums.assign(high=np.nan), told)


def foretold(signals: pd.DataFrame, left: pd.Series) -> tuple[Foretold, ...]:
    """How signals of an earlier quarter have foretold which accounts left since.

    Args:
        signals: Of the earlier quarter, as `find_signals` gives them.
        left: Whether each of its accounts has left since.

    Returns:
        One for each signal that ten accounts gave, and a last one, `any`, for any of them.
    """
    known = signals.reindex(left.index, fill_value=False)
    none = ~known.any(axis=1)
    if none.sum() < FEWEST_ACCOUNTS:
        return ()
    found = []
    for name, given in (*known.items(), ("any", ~none)):
        if given.sum() >= FEWEST_ACCOUNTS:
            with_it, without = _share(left[given]), _share(left[none])
            found.append((name, with_it, without, difference(with_it, without)))
    q = adjusted_probabilities([each[-1] for each in found])
    return tuple(Foretold(*each, float(p)) for each, p in zip(found, q, strict=True))


def _share(left: pd.Series) -> Estimate:
    value, count = float(left.mean()), len(left)
    low, high = intervals.wilson_interval(value, count)
    return Estimate(value, float(low), float(high), count, "share")
