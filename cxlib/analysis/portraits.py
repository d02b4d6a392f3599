"""What a persona is like: what sets it apart, a typical customer, and how to recognise one."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import norm
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.tree import DecisionTreeClassifier
from statsmodels.stats.meta_analysis import effectsize_smd
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_effectsize

from cxlib.analysis.change import adjusted_probabilities, difference
from cxlib.analysis.mixed import CATEGORY, NUMBER, PART, SHARES, Feature, code, levels_of
from cxlib.analysis.personas import Personas
from cxlib.measure import intervals
from cxlib.measure.estimate import CONFIDENCE, Estimate

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
        feature: The feature's name.
        level: The category's level, or what the share is a share of; empty for a number.
        limit: The answer is yes above this value.
        yes: The answer.
    """

    feature: str
    level: str
    limit: float
    yes: bool


@dataclass(frozen=True, eq=False)
class Rule:
    """How to recognise a persona by three questions.

    Attributes:
        paths: A row per way through the questions: persona; questions; customers, who go this
            way; right, the share of them who are of this persona.
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
    table = table.loc[labels.index]
    rows = []
    for feature in personas.features:
        coded = code(feature, table)
        known = coded.any(axis=1) if feature.kind != NUMBER else table[feature.name].notna()
        for persona in personas.stability.persona:
            mine = (labels == persona).to_numpy()
            for place, level in enumerate(feature.columns):
                inside = coded[mine & known, place]
                rest = coded[~mine & known, place]
                if min(len(inside), len(rest)) > 1:
                    raw = _raw(feature, table, level)
                    shown = [_middle(feature, raw[side & known]) for side in (mine, ~mine)]
                    effect, variance = _effect(feature, inside, rest, shown)
                    name = "" if feature.kind == NUMBER else level
                    rows.append(
                        (persona, feature.name, feature.kind, name, *shown, effect, variance)
                    )
    columns = ["persona", "feature", "kind", "level", "inside", "rest", "effect", "variance"]
    found = pd.DataFrame(rows, columns=columns)
    numbers = ["inside", "rest", "effect", "variance"]
    found[numbers] = found[numbers].astype(float)
    error = np.sqrt(found.pop("variance"))
    reach = norm.ppf(0.5 + CONFIDENCE / 2) * error
    found["low"], found["high"] = found.effect - reach, found.effect + reach
    p_values = 2 * norm.sf(found.effect.abs() / error)
    found["q"] = multipletests(p_values, method="fdr_bh")[1] if len(found) else p_values
    return found


def _raw(feature: Feature, table: pd.DataFrame, level: str) -> np.ndarray:
    if feature.kind == SHARES:
        return table[f"{feature.name}{PART}{level}"].to_numpy(dtype=float)
    if feature.kind == NUMBER:
        return table[feature.name].to_numpy(dtype=float, na_value=np.nan)
    coded = code(feature, table)
    place = feature.columns.index(level)
    return coded[:, place] * feature.scale[place] + feature.centre[place]


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


def typical_profiles(table: pd.DataFrame, personas: Personas) -> pd.DataFrame:
    """A typical customer of each persona, described no closer than `SHARED_BY` of them fit.

    The customer nearest to the mean of the persona (its medoid) is described by one feature after
    another, those that set the persona apart most coming first, as long as at least `SHARED_BY`
    customers of the persona fit the description so far.

    Returns:
        A row per persona and feature: persona, feature, kind, level (for a category its level, for
        shares the largest one), low and high (for numbers: the fifth of the persona's customers
        that the value lies in; NaN otherwise), fitting (customers who fit so far).
    """
    labels = personas.labels.reindex(table.index)
    found = differences(table, personas)
    rows = []
    for persona in personas.stability.persona:
        mine = table[(labels == persona).to_numpy()]
        if len(mine) < SHARED_BY:
            continue
        codes = np.hstack([code(each, mine) for each in personas.features])
        medoid = int(((codes - codes.mean(axis=0)) ** 2).sum(axis=1).argmin())
        strength = found[found.persona == persona].assign(size=lambda each: each.effect.abs())
        order = strength.groupby("feature")["size"].max().sort_values(ascending=False).index
        fits = np.ones(len(mine), dtype=bool)
        for name in order:
            feature = next(each for each in personas.features if each.name == name)
            coarse, low, high = _coarse(feature, mine, medoid)
            both = fits & coarse if coarse is not None else fits
            if coarse is None or both.sum() < SHARED_BY:
                continue
            fits = both
            level = "" if feature.kind == NUMBER else _level(feature, mine, medoid)
            rows.append((persona, name, feature.kind, level, low, high, int(fits.sum())))
    columns = ["persona", "feature", "kind", "level", "low", "high", "fitting"]
    return pd.DataFrame(rows, columns=columns)


def _level(feature: Feature, table: pd.DataFrame, row: int) -> str | None:
    """A customer's level, or what most of their contacts are by or about."""
    if feature.kind == SHARES:
        shares = table[feature.sources].to_numpy(dtype=float)[row]
        return None if np.isnan(shares).all() else feature.columns[int(np.nanargmax(shares))]
    number, levels = levels_of(table[feature.name])
    return levels[number[row]] if number[row] >= 0 else None


def _coarse(feature: Feature, table: pd.DataFrame, row: int):
    """Who is like a customer in a feature, roughly; None where the customer's is not known."""
    if feature.kind == NUMBER:
        values = table[feature.name].to_numpy(dtype=float, na_value=np.nan)
        if np.isnan(values[row]):
            return None, np.nan, np.nan
        cuts = np.nanquantile(values, [0, 0.2, 0.4, 0.6, 0.8, 1])
        place = min(int(np.searchsorted(cuts, values[row], side="right")), 5)
        low, high = float(cuts[place - 1]), float(cuts[place])
        return (values >= low) & (values <= high), low, high
    level = _level(feature, table, row)
    if level is None:
        return None, np.nan, np.nan
    if feature.kind == SHARES:
        shares = np.nan_to_num(table[feature.sources].to_numpy(dtype=float))
        return shares.argmax(axis=1) == feature.columns.index(level), np.nan, np.nan
    number, levels = levels_of(table[feature.name])
    return number == levels.index(level), np.nan, np.nan


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
        max_depth=QUESTIONS, min_samples_leaf=max(len(rows) // 100, 5), random_state=0
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


def _answers(features, table: pd.DataFrame) -> tuple[list[tuple[str, str]], np.ndarray]:
    """What can be asked about customers, and the answers: plain numbers, no codes."""
    asked, columns = [], []
    for feature in features:
        for level in feature.columns:
            asked.append((feature.name, "" if feature.kind == NUMBER else level))
            raw = _raw(feature, table, level)
            columns.append(np.where(np.isnan(raw), np.nanmedian(raw), raw))
    return asked, np.column_stack(columns)


def _paths(tree: DecisionTreeClassifier, asked: list[tuple[str, str]]) -> pd.DataFrame:
    grown, rows = tree.tree_, []
    ways = [(0, ())]
    while ways:
        node, questions = ways.pop()
        if grown.children_left[node] == -1:
            shares = grown.value[node][0] / grown.value[node][0].sum()
            persona = tree.classes_[shares.argmax()]
            rows.append((persona, questions, int(grown.n_node_samples[node]), shares.max()))
            continue
        feature, level = asked[grown.feature[node]]
        limit = float(grown.threshold[node])
        for child, yes in ((grown.children_left[node], False), (grown.children_right[node], True)):
            ways.append((child, (*questions, Question(feature, level, limit, yes))))
    found = pd.DataFrame(rows, columns=["persona", "questions", "customers", "right"])
    return found.sort_values(["persona", "customers"], ascending=[True, False], ignore_index=True)
