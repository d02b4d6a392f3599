"""What a persona is like: what sets it apart, a typical customer, and how to recognise one."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import norm
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.tree import DecisionTreeClassifier
from statsmodels.stats.meta_analysis import effectsize_smd
from statsmodels.stats.proportion import proportion_effectsize

from cxlib.measure import intervals
from cxlib.measure.contrast import adjust, adjusted_probabilities, difference
from cxlib.measure.estimate import CONFIDENCE, Estimate
from cxlib.personas.clustering import Personas
from cxlib.personas.encoding import CATEGORY, NUMBER, Feature, code, code_values, values_of

QUESTIONS = 3
FOLDS = 5
# A profile is shown as far as so many customers share it, so that it is nobody's in particular
# (k-anonymity; Sweeney 2002, International Journal of Uncertainty, Fuzziness 10).
SHARED_BY = 10
# A rule is learnt from so many customers: more would not change its questions.
SAMPLE = 20_000


@dataclass(frozen=True)
class Question:
    """A question about a customer: a column of their features, and the value that it turns on.

    Attributes:
        feature, kind: The feature's name, and whether it is a number, a category or shares.
        level: The category's level, or what the share is a share of; empty for a number.
        limit: The answer is yes above this value.
        yes: The answer.
    """

    feature: str
    kind: str
    level: str
    limit: float
    yes: bool


@dataclass(frozen=True, eq=False)
class Rule:
    """How to recognise a persona by three questions.

    Attributes:
        paths: A row per way through the questions: persona; questions; customers, who go this
            way, of those from whom the questions were learnt; right, the share of them who are of
            this persona, with its interval, low and high.
        accuracy: The share of customers who are recognised rightly, by rules learnt from others.
        by_guess: The share that naming the largest persona every time would get right.
        per_persona: A row per persona: persona, found (the share of its customers who are
            recognised) and right (the share of those taken for it who are).
    """

    paths: pd.DataFrame
    accuracy: Estimate
    by_guess: float
    per_persona: pd.DataFrame


def differences(table: pd.DataFrame, personas: Personas) -> pd.DataFrame:
    """What each persona has more or less of than the other customers who have one.

    Numbers and shares are compared by Hedges' g on the coded scale, levels by Cohen's h (Cohen
    1988, *Statistical Power Analysis*, ch. 2 and 6); both are about 0.2 for a small difference,
    0.5 for a medium and 0.8 for a large one. Features that the personas were made by differ
    because of that; their q only tells that the difference is larger than chance between so many
    customers.

    Args:
        table: Customers with their features.
        personas: Their personas.

    Returns:
        A row per persona, feature and level: persona, feature, kind, level (empty for numbers),
        inside and rest (mean; median where the number is skewed), effect, low, high, and q
        (Benjamini and Hochberg, over the whole table).
    """
    labels = personas.labels.reindex(table.index).dropna()
    table, rows = table.loc[labels.index], []
    for feature in personas.features:
        values = values_of(feature, table)
        known = ~np.isnan(values).any(axis=1)
        coded = code_values(feature, values)
        for persona in personas.stability.persona:
            mine = (labels == persona).to_numpy()
            sides = mine & known, ~mine & known
            if min(side.sum() for side in sides) < 2:
                continue
            for place, level in enumerate(feature.columns):
                if feature.kind != NUMBER and _has_few(values[known, place]):
                    continue
                shown = [_middle(feature, values[side, place]) for side in sides]
                effect = _effect(feature, *(coded[side, place] for side in sides), shown)
                name = "" if feature.kind == NUMBER else level
                rows.append((persona, feature.name, feature.kind, name, *shown, *effect))
    columns = ["persona", "feature", "kind", "level", "inside", "rest", "effect", "variance"]
    found = pd.DataFrame(rows, columns=columns)
    numbers = ["inside", "rest", "effect", "variance"]
    found[numbers] = found[numbers].astype(float)
    error = np.sqrt(found.pop("variance"))
    reach = norm.ppf(0.5 + CONFIDENCE / 2) * error
    found["low"], found["high"] = found.effect - reach, found.effect + reach
    p_values = 2 * norm.sf(found.effect.abs() / error)
    found["q"] = adjust(p_values)
    return found


def _has_few(level: np.ndarray) -> bool:
    # A level that so few have would tell who they are.
    return 0 < np.count_nonzero(level) < SHARED_BY


def _middle(feature: Feature, values: np.ndarray) -> float:
    return float(np.median(values) if feature.unit else np.mean(values))


def _effect(feature: Feature, inside, rest, shown) -> tuple[float, float]:
    """An effect size and its variance."""
    if feature.kind == CATEGORY:
        ends = np.clip(shown, 0, 1)
        return float(proportion_effectsize(*ends)), 1 / len(inside) + 1 / len(rest)
    spread = [np.std(each, ddof=1) for each in (inside, rest)]
    if max(spread) < 1e-9:
        return 0.0, 1 / len(inside) + 1 / len(rest)
    effect, variance = effectsize_smd(
        inside.mean(), spread[0], len(inside), rest.mean(), spread[1], len(rest)
    )
    return float(effect), float(variance)


def against_elsewhere(shares: pd.DataFrame) -> pd.DataFrame:
    """Whether a group is more or less common among the accounts of one kind than elsewhere.

    Args:
        shares: As `measure.groups.shares_by` gives them.

    Returns:
        The same with q: the probability of such a difference where there is none, adjusted for the
        number of comparisons; NaN where there is nothing to compare with.
    """
    known = shares.dropna(subset=["low", "elsewhere_low"])
    pairs = [
        difference(
            Estimate(each.share, each.low, each.high, each.customers, "share"),
            Estimate(each.elsewhere, each.elsewhere_low, each.elsewhere_high, each.customers),
        )
        for each in known.itertuples()
    ]
    q = pd.Series(adjusted_probabilities(pairs), known.index, dtype=float)
    return shares.assign(q=q.reindex(shares.index))


def typical_profiles(table: pd.DataFrame, personas: Personas, found: pd.DataFrame) -> pd.DataFrame:
    """A typical customer of each persona, described no closer than `SHARED_BY` of them fit.

    The customer nearest to the mean of the persona (its medoid) is described by one feature after
    another, those that set the persona apart most coming first, as long as at least `SHARED_BY`
    customers of the persona are known to fit the description so far.

    Args:
        table: Customers with their features.
        personas: Their personas.
        found: Their `differences`.

    Returns:
        A row per persona and feature: persona, feature, kind, level (for a category its level, for
        shares the largest one), low and high (for numbers: the fifth of the persona's customers
        that the value lies in; NaN otherwise), fitting (customers who fit so far).
    """
    labels = personas.labels.reindex(table.index)
    by_name = {each.name: each for each in personas.features}
    rows = []
    for persona in personas.stability.persona:
        mine = table[(labels == persona).to_numpy()]
        if len(mine) < SHARED_BY:
            continue
        codes, _ = code(personas.features, mine)
        medoid = int(((codes - codes.mean(axis=0)) ** 2).sum(axis=1).argmin())
        strength = found[found.persona == persona].assign(size=lambda each: each.effect.abs())
        order = strength.groupby("feature")["size"].max().sort_values(ascending=False).index
        fits = np.ones(len(mine), dtype=bool)
        for name in order:
            alike, level, low, high = _alike(by_name[name], mine, medoid)
            if (fits & alike).sum() >= SHARED_BY:
                fits = fits & alike
                rows.append((persona, name, by_name[name].kind, level, low, high, int(fits.sum())))
    columns = ["persona", "feature", "kind", "level", "low", "high", "fitting"]
    return pd.DataFrame(rows, columns=columns)


def _alike(feature: Feature, table: pd.DataFrame, row: int):
    """Who is known to be like a customer in a feature, roughly, and in what; maybe nobody."""
    values = values_of(feature, table)
    known = ~np.isnan(values).any(axis=1)
    nobody = np.zeros(len(table), dtype=bool), "", np.nan, np.nan
    if not known[row]:
        return nobody
    if feature.kind == NUMBER:
        numbers = values[:, 0]
        # The extremes would be those of a single customer.
        cuts = np.nanquantile(numbers, [0.05, 0.2, 0.4, 0.6, 0.8, 0.95])
        place = int(np.searchsorted(cuts, numbers[row], side="right"))
        if not 0 < place < len(cuts):
            return nobody
        low, high = float(cuts[place - 1]), float(cuts[place])
        return (numbers >= low) & (numbers <= high), "", low, high
    largest = np.nan_to_num(values).argmax(axis=1)
    return known & (largest == largest[row]), feature.columns[largest[row]], np.nan, np.nan


def find_rule(table: pd.DataFrame, personas: Personas, seed: int = 0) -> Rule | None:
    """Three questions by which staff can recognise a persona: a shallow decision tree.

    Its accuracy is that of trees learnt from four fifths of the customers and tried on the rest
    (five-fold cross-validation). None where there are not two personas to tell apart.
    """
    labels = personas.labels.reindex(table.index).dropna()
    if labels.nunique() < 2 or labels.value_counts().min() < FOLDS:
        return None
    rng = np.random.default_rng(seed)
    labels = labels.iloc[np.sort(rng.permutation(len(labels))[:SAMPLE])]
    rows = table.loc[labels.index]
    asked, answers = _answers(personas.features, rows)
    tree = DecisionTreeClassifier(
        max_depth=QUESTIONS, min_samples_leaf=max(len(rows) // 100, SHARED_BY), random_state=0
    )
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    told = cross_val_predict(tree, answers, labels.to_numpy(dtype=object), cv=folds)
    right = told == labels.to_numpy(dtype=object)
    low, high = intervals.wilson_interval(right.mean(), len(right))
    tree.fit(answers, labels.to_numpy(dtype=object))
    names = list(personas.stability.persona)
    per_persona = pd.DataFrame(
        {
            "persona": names,
            "found": [right[(labels == name).to_numpy()].mean() for name in names],
            "right": [right[told == name].mean() if (told == name).any() else np.nan
                      for name in names],
        }
    )  # fmt: skip
    return Rule(
        paths=_paths(tree, asked),
        accuracy=Estimate(right.mean(), low, high, len(right), "share"),
        by_guess=float(labels.value_counts(normalize=True).max()),
        per_persona=per_persona,
    )


def _answers(
    features: tuple[Feature, ...], table: pd.DataFrame
) -> tuple[list[tuple[Feature, str]], np.ndarray]:
    """What can be asked about customers, and the answers: plain values, no codes.

    Of whom a category is not known is of none of its levels; other values are the median.
    """
    asked, columns = [], []
    for feature in features:
        values = values_of(feature, table)
        if np.isnan(values).all():
            continue
        usual = 0.0 if feature.kind == CATEGORY else np.nanmedian(values, axis=0)
        columns.append(np.where(np.isnan(values), usual, values))
        asked += [(feature, "" if feature.kind == NUMBER else each) for each in feature.columns]
    return asked, np.hstack(columns)


def _paths(tree: DecisionTreeClassifier, asked: list[tuple[Feature, str]]) -> pd.DataFrame:
    grown, rows = tree.tree_, []
    ways = [(0, ())]
    while ways:
        node, questions = ways.pop()
        if grown.children_left[node] == -1:
            shares = grown.value[node][0] / grown.value[node][0].sum()
            persona, count = tree.classes_[shares.argmax()], int(grown.n_node_samples[node])
            low, high = intervals.wilson_interval(shares.max(), count)
            rows.append((persona, questions, count, shares.max(), float(low), float(high)))
            continue
        feature, level = asked[grown.feature[node]]
        limit = float(grown.threshold[node])
        for child, yes in ((grown.children_left[node], False), (grown.children_right[node], True)):
            question = Question(feature.name, feature.kind, level, limit, yes)
            ways.append((child, (*questions, question)))
    columns = ["persona", "questions", "customers", "right", "low", "high"]
    found = pd.DataFrame(rows, columns=columns)
    return found.sort_values(["persona", "customers"], ascending=[True, False], ignore_index=True)
