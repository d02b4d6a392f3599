"""Which accounts have gone silent, or loud: no contact, no answer, or a rush of contacts."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import betaln

from cxlib.measure.contrast import FALSE_DISCOVERIES, adjust
from cxlib.score_changes.activity import PAST

# An account is compared with its own past where so many of four quarters are known, each of which
# it was there nearly whole.
FEWEST_QUARTERS, WHOLE = 2, 0.95
LEAST_SPREAD = 1e-3
# Where in the four quarters before the same quarter of last year stands; and how many times as many
# contacts as in any of them make a rush.
A_YEAR_AGO, AS_BEFORE = PAST.index("4"), 1.5
# Equally likely values of what differs between accounts.
GRID = (np.arange(200) + 0.5) / 200


@dataclass(frozen=True, eq=False)
class Silence:
    """Accounts that have gone silent.

    Attributes:
        accounts: Indexed by `account_id`, the least likely first: `silence` (contact or answer),
            `p` (how likely so much silence is) and `q` (adjusted for how many were looked at).
        looked_at: How many accounts have a year before of which their silence could be told.
    """

    accounts: pd.DataFrame
    looked_at: int


def gone_silent(activity: pd.DataFrame) -> Silence:
    """Accounts that made contact, or answered, in the year before, and now no longer do.

    How likely it is that an account happens to make no contact in a quarter follows from its
    contacts of the four quarters before, from how accounts differ, and from how much the quarters
    of one account differ (a negative binomial whose mean is a gamma over accounts); that it answers
    none of its invitations, likewise from its answers (a beta-binomial whose mean is a beta over
    accounts). What differs is told by moments from all accounts. Accounts are called silent where
    their silence is unlikely, given how many were looked at (Benjamini and Hochberg 1995).

    Args:
        activity: As `activity.account_activity` gives it.
    """
    found, looked_at = [], set()
    for silence, p in (("contact", _no_contact(activity)), ("answer", _no_answer(activity))):
        if len(p):
            looked_at |= set(p.index)
            q = pd.Series(adjust(p), p.index)
            found.append(pd.DataFrame({"silence": silence, "p": p, "q": q})[q < FALSE_DISCOVERIES])
    columns = ["silence", "p", "q"]
    if not found:
        return Silence(pd.DataFrame(columns=columns, index=activity.index[:0]), 0)
    silent = pd.concat(found).rename_axis("account_id").sort_values(["q", "p"], kind="stable")
    return Silence(silent, len(looked_at))


def rush_of_contacts(activity: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Accounts that make many more contacts than they used to.

    How likely so many contacts are follows from the account's own past and from how accounts and
    their quarters differ, as for silence.

    Args:
        activity: As `activity.account_activity` gives it.

    Returns:
        By `account_id`, the least likely first: `p` and `q` (adjusted for how many were looked at);
        and how many were looked at.
    """
    known, expected, bursts = _expected(activity)
    if known.empty:
        return pd.DataFrame(columns=["p", "q"], index=known.index), 0
    now = known.contacts_now.to_numpy()[:, None]
    chance = stats.nbinom.sf(now - 1, 1 / bursts, 1 / (1 + bursts * expected)).mean(axis=1)
    # What comes every year, or came in a quarter lately, is no rush.
    before = np.nan_to_num(_quarters(known, "contacts")).max(axis=1)
    chance = np.where(known.contacts_now > AS_BEFORE * before, chance, 1.0)
    found = pd.DataFrame({"p": chance, "q": adjust(chance)}, known.index)
    rushed = found[found.q < FALSE_DISCOVERIES].sort_values("p", kind="stable")
    return rushed, len(found)


def _quarters(activity: pd.DataFrame, name: str) -> np.ndarray:
    """The counts of the four quarters before, NaN where the account or the data were not there."""
    counts = activity[[f"{name}_{number}" for number in PAST]].to_numpy(dtype=float)
    return np.where(activity[[f"share_{number}" for number in PAST]] > WHOLE, counts, np.nan)


def _no_contact(activity: pd.DataFrame) -> pd.Series:
    """How likely each account is to make no contact; 1 of those that made some."""
    known, expected, bursts = _expected(activity)
    if known.empty:
        return pd.Series(dtype=float)
    chance = ((1 + bursts * expected) ** (-1 / bursts)).mean(axis=1)
    # An account with contacts is as little silent as can be, and so is one that was silent in the
    # same quarter of last year; both count among those looked at.
    same = _quarters(known, "contacts")[:, A_YEAR_AGO]
    return pd.Series(np.where((known.contacts_now == 0) & (same != 0), chance, 1.0), known.index)


def _expected(activity: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray, float]:
    """How many contacts each account is to make: equally likely means, and how contacts burst.

    Returns:
        The accounts of which it is known, their means (accounts by row), and by how much the
        quarters of one account differ beyond chance.
    """
    past = _quarters(activity, "contacts")
    seen = np.isfinite(past).sum(axis=1)
    known, past = activity[seen >= FEWEST_QUARTERS], past[seen >= FEWEST_QUARTERS]
    if known.empty or not np.nansum(past) or not known.contacts_now.sum():
        return known[:0], np.empty((0, len(GRID))), LEAST_SPREAD
    seen = np.isfinite(past).sum(axis=1)
    own = np.nanmean(past, axis=1)
    mean = np.nansum(past) / seen.sum()
    # By moments: how much an account's quarters differ beyond chance, and then the accounts.
    within = np.nansum((past - own[:, None]) ** 2) / (seen - 1).sum()
    bursts = max((within - mean) / np.mean(own**2), LEAST_SPREAD)
    between = own.var(ddof=1) if len(own) > 1 else 0.0
    between = max((between - (within / seen).mean()) / mean**2, LEAST_SPREAD)
    # Counts that come in bursts tell less of an account's own rate.
    worth = 1 / (1 + bursts * own)
    shape = 1 / between + np.nansum(past, axis=1) * worth
    rate = 1 / (between * mean) + seen * worth
    # Accounts with as many contacts in as many quarters are alike; each kind is worked out once.
    kinds, kind = np.unique(np.column_stack([shape, rate]), axis=0, return_inverse=True)
    expected = stats.gamma.ppf(GRID, kinds[:, :1], scale=1 / kinds[:, 1:])[kind]
    return known, expected * known.contacts_now.mean() / mean, bursts


def _no_answer(activity: pd.DataFrame) -> pd.Series:
    """How likely each account is to answer no invitation of the quarter; 1 of those that did."""
    asked, yes = (_quarters(activity, name) for name in ("invited", "answered"))
    some = (np.nansum(asked, axis=1) > 0) & (activity.invited_now > 0).to_numpy()
    known, asked, yes = activity[some], np.nan_to_num(asked[some]), np.nan_to_num(yes[some])
    if known.empty or not yes.sum() or yes.sum() == asked.sum():
        return pd.Series(dtype=float)
    total, answered = asked.sum(axis=1), yes.sum(axis=1)
    rate = answered.sum() / total.sum()
    noise = rate * (1 - rate)
    within = _alike(asked.ravel(), yes.ravel(), np.repeat(answered / total, asked.shape[1]), noise)
    between = _alike(total, answered, rate, noise)
    # Answers of one quarter that go together tell less of an account's own rate.
    worth = 1 / (1 + within * np.maximum(total / np.maximum((asked > 0).sum(axis=1), 1) - 1, 0))
    strength = 1 / between - 1
    first = strength * rate + answered * worth
    second = strength * (1 - rate) + (total - answered) * worth
    own = stats.beta.ppf(GRID, first[:, None], second[:, None]).clip(1e-6, 1 - 1e-6)
    moods, now = 1 / within - 1, known.invited_now.to_numpy()[:, None]
    chance = np.exp(
        betaln(moods * own, moods * (1 - own) + now) - betaln(moods * own, moods * (1 - own))
    ).mean(axis=1)
    return pd.Series(np.where(known.answered_now == 0, chance, 1.0), known.index)


def _alike(asked: np.ndarray, yes: np.ndarray, rate, noise: float) -> float:
    """The correlation of answers within cells, by moments; none is as good as a tiny one."""
    pairs = (asked * (asked - 1)).sum() * noise
    extra = ((yes - asked * rate) ** 2).sum() - (asked * noise).sum()
    return float(np.clip(extra / pairs if pairs else 0.0, LEAST_SPREAD, 0.99))
