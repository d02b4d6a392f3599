"""Why a score changed: its change between two quarters, split exactly into its causes.

A score is the mean of its answers, so it changes when people answer differently, when other people
answer, and when groups that answer differently gain or lose weight. Change within groups is told
from change of their weights as by Kitagawa (1955, *Journal of the American Statistical Association*
50): each difference is weighed by the mean of both quarters. A group's weight among the answers is
its share of the invitations times its response rate; what each of the two did is its Shapley value,
the mean over both orders. Of the change within groups, customers who answered both times tell how
the same people changed; the rest comes from the panel's turnover.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxlib.measure.contrast import Judged, adjusted_probabilities
from cxlib.measure.estimate import CONFIDENCE, Estimate
from cxlib.score_changes.invitations import BEFORE, COUNTS, NOW, OTHERS
from cxlib.score_changes.same_people import FEWEST_OF_CLASS, standing_for, unlike

WITHIN, TURNOVER, MIX, RESPONSE, TOTAL = "within", "turnover", "mix", "response", "total"
EVERYONE = ""
RESAMPLES = 1_000
CHUNK = 50
# Percentiles of resamples of fewer customers are too narrow; groups of fewer are pooled.
FEWEST_CUSTOMERS, FEWEST_OF_GROUP = 30, 10
# Percentiles of resamples of fewer clusters are too near one another.
FEWEST_CLUSTERS = 20
# The change of fewer customers cannot stand for that of all, or of their group.
FEWEST_STAYED, FEWEST_STAYED_OF_GROUP = 30, FEWEST_OF_CLASS


@dataclass(frozen=True)
class Entry(Judged):
    """One line of the ledger.

    Attributes:
        part: within (answers within groups differ; of the same customers, where turnover is told
            apart), turnover (other customers of the groups answer), mix (other groups are
            invited), response (groups answer more or less often), or total.
        group: Whose; empty for all together.
        change: What it added to the score, in the score's unit.
        q: Probability of so large a contribution where there is none, adjusted for the number of
            lines beside it.
    """

    part: str
    group: str
    change: Estimate
    q: float


@dataclass(frozen=True)
class Ledger:
    """A score's change, split.

    Attributes:
        before, now: The score.
        total: Its change; None where nothing can be said.
        parts: What each part added; they sum up to the total.
        groups: Each group's total, and its parts: within (turnover included), mix and response. A
            group that gains weight adds as much as its answers lie above the mean of all.
        customers: How many customers answered, before and now.
        stayed: How many of them answered both times, in the same group.
        turnover_known: Whether they are enough to tell turnover from change within.
        invitations_known: Whether it is known who was asked; where not, the response rate is part
            of the mix.
        problem: Why nothing can be said; empty where something can.
    """

    before: float
    now: float
    total: Entry | None
    parts: tuple[Entry, ...]
    groups: tuple[Entry, ...]
    customers: tuple[int, int]
    stayed: int
    turnover_known: bool
    invitations_known: bool
    problem: str = ""


@dataclass(frozen=True, eq=False)
class _Sums:
    """Sums that the split follows from, by customer or cluster, or of one or many samples.

    Attributes:
        counts: … × period (before, now) × group × (invited, answered, points).
        stayed: … × group × (weighted change, weight) of the customers who answered both times.
        own: The groups whose own customers tell how they changed; those of all do it for others.
    """

    counts: np.ndarray
    stayed: np.ndarray
    own: np.ndarray

    def drawn(self, weights: np.ndarray) -> "_Sums":
        """The sums of samples in which each row comes so many times (a row per sample)."""
        count = len(self.counts)
        counts, stayed = (
            (weights @ each.reshape(count, -1)).reshape(-1, *each.shape[1:])
            for each in (self.counts, self.stayed)
        )
        return _Sums(counts, stayed, self.own)


def keep_ledger(
    counts: pd.DataFrame,
    invitations_known: bool = True,
    unit: str = "points",
    problem: str = "",
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Ledger:
    """Split a score's change between two quarters into its parts.

    Intervals come from resampling clusters (accounts, where customers share them, or else
    customers) with all their invitations of both quarters.

    Args:
        counts: customer_id, cluster, group, period (`before`, `now`), invited, answered, points
            (the sum of the answers' points); as `invitations.asked_and_answered` gives them.
        invitations_known: Whether those who did not answer are in it.
        unit: Of the score.
        problem: Why the quarters cannot be compared; nothing is split then.
        resamples: How many.
        seed: For the resamples.
    """
    counts = counts.assign(named=counts.group, group=_pooled(counts))
    groups = sorted(counts.group.unique())
    sums, stayed = _by_customer(counts, groups, invitations_known)
    known = (
        stayed >= FEWEST_STAYED and not unlike(sums.counts, invitations_known),
        invitations_known,
    )
    answering = tuple(int(each) for each in (sums.counts[..., 1].sum(axis=2) > 0).sum(axis=0))
    if problem := problem or _too_few(counts, answering):
        return Ledger(np.nan, np.nan, None, (), (), answering, stayed, *known, problem)
    before, now, found = _split(sums.drawn(np.ones((1, len(sums.counts)))), *known)
    again = _resampled(_by_cluster(sums, counts), known, resamples, seed)
    lines = [(part, EVERYONE, found[part][0].sum(), again[part].sum(axis=1)) for part in found]
    whole = (TOTAL, EVERYONE, now - before, sum(line[-1] for line in lines))
    count = sums.counts[..., 1].sum()
    of_groups, again_of_groups = _by_group(found), _by_group(again)
    by_group = [
        (part, group, of_groups[part][0, index], again_of_groups[part][:, index])
        for part in of_groups
        for index, group in enumerate(groups)
    ]
    return Ledger(
        before=before,
        now=now,
        total=_entries([whole], count, unit)[0],
        parts=_entries(lines, count, unit),
        groups=_entries(by_group, count, unit),
        customers=answering,
        stayed=stayed,
        turnover_known=known[0],
        invitations_known=invitations_known,
    )


def _too_few(counts: pd.DataFrame, answering: tuple[int, int]) -> str:
    """Why there is too little to split, in words; empty where there is enough."""
    if min(answering) < FEWEST_CUSTOMERS:
        return (
            f"answers of at least {FEWEST_CUSTOMERS} customers are needed in both quarters; there "
            f"are {answering[0]} and {answering[1]}"
        )
    clusters = min(
        counts[(counts.period == each) & (counts.answered > 0)].cluster.nunique()
        for each in (BEFORE, NOW)
    )
    if clusters < FEWEST_CLUSTERS:
        return (
            f"answers of at least {FEWEST_CLUSTERS} accounts are needed in both quarters, since "
            f"customers of one may think alike; there are {clusters}"
        )
    if set(counts.group) == {OTHERS} and counts.named.nunique() > 1:
        return f"no group has answers of {FEWEST_OF_GROUP} customers in both quarters"
    return ""


def _pooled(counts: pd.DataFrame) -> pd.Series:
    """Each row's group; those of few customers in either quarter together are one."""
    answers = counts[counts.answered > 0]
    customers = answers.groupby(["group", "period"]).customer_id.nunique().unstack(fill_value=0)
    enough = customers[(customers.shape[1] == 2) & (customers >= FEWEST_OF_GROUP).all(axis=1)]
    return counts.group.where(counts.group.isin(enough.index), OTHERS)


def _by_customer(
    counts: pd.DataFrame, groups: Sequence[str], invitations_known: bool
) -> tuple[_Sums, int]:
    """The sums of each customer, and how many customers answered both times in the same group."""
    codes, customers = pd.factorize(counts.customer_id)
    values = counts[list(COUNTS)].to_numpy(dtype=float)
    if not invitations_known:
        values[:, 0] = values[:, 1]
    period = (counts.period == NOW).to_numpy(dtype=int)
    group = pd.Categorical(counts.group, categories=list(groups)).codes
    sums = np.zeros((len(customers), 2, len(groups), len(COUNTS)))
    np.add.at(sums, (codes, period, group), values)
    answers, points = sums[..., 1], sums[..., 2]
    both = (answers > 0).all(axis=1)
    weight = standing_for(sums[..., 0], answers, both)
    with np.errstate(divide="ignore", invalid="ignore"):
        change = np.where(both, np.diff(points / answers, axis=1)[:, 0], 0.0)
    stayed = np.stack([weight * change, weight], axis=-1)
    own = both.sum(axis=0) >= FEWEST_STAYED_OF_GROUP
    return _Sums(sums, stayed, own), int(both.any(axis=1).sum())


def _by_cluster(sums: _Sums, counts: pd.DataFrame) -> _Sums:
    """The sums of each customer, added up by cluster."""
    whose = counts.drop_duplicates("customer_id").cluster
    codes, clusters = pd.factorize(whose)
    added = [np.zeros((len(clusters), *each.shape[1:])) for each in (sums.counts, sums.stayed)]
    for total, each in zip(added, (sums.counts, sums.stayed), strict=True):
        np.add.at(total, codes, each)
    return _Sums(*added, sums.own)


def _split(
    sums: _Sums, turnover_known: bool, invitations_known: bool
) -> tuple[float, float, dict[str, np.ndarray]]:
    """The score before and now of the first sample, and the parts of each: sample × group."""
    invited, answered, points = np.moveaxis(sums.counts, -1, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        overall = points.sum(axis=-1) / answered.sum(axis=-1)
        score = _filled(points / answered)
        asked = invited / invited.sum(axis=-1, keepdims=True)
        rate = _filled(answered / invited)
        of_all, of_group = (
            each[..., 0] / each[..., 1]
            for each in (sums.stayed.sum(axis=1, keepdims=True), sums.stayed)
        )
        same = np.where(sums.own & np.isfinite(of_group), of_group, of_all)
    weight = {(i, r): _weights(asked[:, i], rate[:, r]) for i in range(2) for r in range(2)}
    by_asking = (weight[1, 0] - weight[0, 0] + weight[1, 1] - weight[0, 1]) / 2
    by_rate = (weight[0, 1] - weight[0, 0] + weight[1, 1] - weight[1, 0]) / 2
    usual = (weight[0, 0] + weight[1, 1]) / 2
    above = score.mean(axis=1) - overall.mean(axis=1, keepdims=True)
    changed = score[:, 1] - score[:, 0]
    parts = {WITHIN: usual * changed}
    if turnover_known:
        parts = {WITHIN: usual * same, TURNOVER: usual * (changed - same)}
    parts[MIX] = above * by_asking
    if invitations_known:
        parts[RESPONSE] = above * by_rate
    return float(overall[0, 0]), float(overall[0, 1]), parts


def _filled(ratios: np.ndarray) -> np.ndarray:
    """Ratios by period and group; one without a value takes that of the other period, or 0.

    So a group that is there in one of the quarters only is all a matter of weights.
    """
    ratios = np.where(np.isfinite(ratios), ratios, ratios[:, ::-1])
    return np.where(np.isfinite(ratios), ratios, 0.0)


def _weights(asked: np.ndarray, rate: np.ndarray) -> np.ndarray:
    """The groups' shares of the answers, if so many were asked and answered at such rates."""
    answers = asked * rate
    total = answers.sum(axis=-1, keepdims=True)
    with np.errstate(invalid="ignore"):
        return np.where(total > 0, answers / total, asked)


def _resampled(sums: _Sums, known, resamples: int, seed: int) -> dict[str, np.ndarray]:
    """The parts under resamples of clusters, of those with answers in both quarters."""
    count = len(sums.counts)
    rng, found, even = np.random.default_rng(seed), [], np.full(count, 1 / count)
    for start in range(0, resamples, CHUNK):
        drawn = sums.drawn(
            rng.multinomial(count, even, min(CHUNK, resamples - start)).astype(float)
        )
        some = (drawn.counts[..., 1].sum(axis=-1) > 0).all(axis=1)
        some &= (drawn.stayed[..., 1].sum(axis=1) > 0) | (not known[0])
        found.append(_split(_Sums(drawn.counts[some], drawn.stayed[some], sums.own), *known)[2])
    return {part: np.concatenate([each[part] for each in found]) for part in found[0]}


def _by_group(parts: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The parts as groups have them: the same customers of a single group are too few."""
    whole = {TOTAL: sum(parts.values())}
    rest = {part: value for part, value in parts.items() if part not in (WITHIN, TURNOVER)}
    return whole | {WITHIN: parts[WITHIN] + parts.get(TURNOVER, 0.0)} | rest


def _entries(lines, count: float, unit: str) -> tuple[Entry, ...]:
    """Lines of (part, group, value, resamples) as entries, which are looked at together."""
    tail = (1 - CONFIDENCE) / 2
    changes = []
    for _, _, value, again in lines:
        low, high = np.quantile(again, [tail, 1 - tail])
        changes.append(Estimate(value, min(low, value), max(high, value), count, unit))
    q = adjusted_probabilities(changes)
    return tuple(
        Entry(part, group, change, float(each))
        for (part, group, _, _), change, each in zip(lines, changes, q, strict=True)
    )
