"""How customers who answered in two quarters stand for those who answered in one."""

import numpy as np
import pandas as pd

# Classes with fewer who stayed are joined.
FEWEST_OF_CLASS = 10
# Into so many classes customers are sorted by how likely they are to answer again; and how much
# answers of one customer are alike at least, and at most.
CLASSES, LEAST_ALIKE = 20, 1e-3
# Where a larger share of the answers is of customers who answered once, and some answer more often
# than others, their own change is not known; likewise of the last share, where it is not known who
# was asked.
FEW_ONCE, ALIKE, MANY_ONCE = 0.2, 0.1, 0.4


def unlike(counts: np.ndarray, invitations_known: bool) -> bool:
    """Whether those who answered once are many, and may be unlike those who answered both times.

    Of who was asked in both quarters and answered once nothing tells the own change. Where some
    answer more often than others, it need not be that of those who answer often.

    Args:
        counts: Customer × period × group × (invited, answered, points).
        invitations_known: Whether those who did not answer are in it.
    """
    asked, answers = counts[..., 0].sum(axis=2), counts[..., 1].sum(axis=(1, 2))
    once = answers == 1
    if invitations_known:
        once &= (asked > 0).all(axis=1)
    share = answers[once].sum() / max(answers.sum(), 1)
    if not invitations_known:
        return bool(share > MANY_ONCE)
    return bool(share > FEW_ONCE and _alike(answers, asked.sum(axis=1)) > ALIKE)


def standing_for(asked: np.ndarray, answers: np.ndarray, both: np.ndarray) -> np.ndarray:
    """What share of the answers each customer who answered both times stands for.

    Who answers often answers both times, and would count for more than their answers. Of customers
    with equally many answers in both quarters together, it is chance who gave some in each; so
    within classes of these, those who did stand for all (weighting classes; Little and Vartivarian
    2003, *Statistics in Medicine* 22).

    Args:
        asked, answers: Customer × period × group.
        both: Customer × group: who answered both times.
    """
    total = answers.sum(axis=1)
    there = total > 0
    if not there.any():
        return np.zeros(total.shape)
    often = _often(total[there], asked.sum(axis=1)[there])
    order = np.argsort(often, kind="stable")
    kinds = np.unique(often[order], return_inverse=True)[1]
    place = np.cumsum(total[there][order]) - total[there][order]
    # Customers who are alike are of one class, wherever it would end.
    first = pd.Series(place).groupby(kinds).transform("first").to_numpy()
    stay = both[there][order]
    classes = _joined(np.floor(CLASSES * first / total.sum()), stay)
    found = np.zeros(len(order))
    for period in range(2):
        given = pd.Series(answers[:, period][there][order])
        of_all, of_stay = (each.groupby(classes).transform("sum") for each in (given, given * stay))
        found += (given * stay * of_all / of_stay.clip(lower=1) / given.sum()).to_numpy()
    weight = np.zeros(total.shape)
    placed = np.empty(len(order))
    placed[order] = found
    weight[there] = placed
    return weight


def _often(answers: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """How often customers with so many answers of so many invitations answer.

    Their rates differ as a beta does, by moments; where all answered whatever they were asked, as
    where invitations are not known, the number of answers alone sorts them.
    """
    rate = answers.sum() / asked.sum()
    if rate >= 1:
        return answers
    strength = 1 / _alike(answers, asked) - 1
    return (strength * rate + answers) / (strength + asked)


def _alike(answers: np.ndarray, asked: np.ndarray) -> float:
    """How much the answers of one customer go together, between 0 and 1, by moments."""
    rate = answers.sum() / asked.sum()
    noise = rate * (1 - rate)
    spread = ((answers - asked * rate) ** 2).sum() - asked.sum() * noise
    pairs = (asked * (asked - 1)).sum() * noise
    return float(np.clip(spread / pairs if pairs else 0.0, LEAST_ALIKE, 1 - LEAST_ALIKE))


def _joined(classes: np.ndarray, stay: np.ndarray) -> np.ndarray:
    """Classes in rising order, those with too few who stayed joined with the next, or the last."""
    ends = pd.Series(stay).groupby(classes).sum()
    names, held, number = {}, 0, 0
    for name, count in ends.items():
        names[name], held = number, held + count
        if held >= FEWEST_OF_CLASS:
            number, held = number + 1, 0
    last = max(number - 1, 0)
    return np.array([min(names[each], last) for each in classes])
