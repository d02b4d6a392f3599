"""Personas from quarter to quarter: the same people under the same name."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from cxlib.data.quarter import Quarter
from cxlib.errors import ArgumentError, DataError
from cxlib.personas.clustering import Model, Personas, assign, verdicts
from cxlib.personas.encoding import CATEGORY, NUMBER, SHARES, from_record, to_record

FORMAT = "cxlib personas 2"
# Two groups of which the common part is no larger than this share of both together are not the
# same: the group has dissolved (Hennig 2008, Journal of Multivariate Analysis 99).
DISSOLVED = 0.5
# A persona splits into the groups that consist mostly of its customers and take so many of them;
# it merges into a group that takes most of its customers, if they are so many of the group's.
MOSTLY, GOOD_PART = 0.5, 0.2
# Where all personas have so much in common with their groups, the model is left as it was.
AGREED = 0.98
HOLDS, SPLITS, MERGES, DISSOLVES = "holds", "splits", "merges", "dissolves"
NOBODY = "has nobody"
GONE = (DISSOLVES, NOBODY)


@dataclass(frozen=True, eq=False)
class Passport:
    """By what personas are known again.

    Attributes:
        dataset: Whose customers they are.
        fitted: The quarter whose customers the model was learnt from.
        quarter: The last quarter in which it was used.
        model: What the personas are, in numbers.
        names: An analyst's names for them, by letter.
        given: Every letter that has been given, so that none is given twice.
        history: By quarter: the customers looked at, and each persona's share of them.
    """

    dataset: str
    fitted: str
    quarter: str
    model: Model
    names: Mapping[str, str]
    given: tuple[str, ...]
    history: tuple[Mapping, ...]


@dataclass(frozen=True, eq=False)
class Match:
    """How personas known before relate to groups found anew among the same customers.

    Attributes:
        fate: A row per persona known before: persona; group, the group that matches it best, or
            missing; jaccard, how well; fate (holds, splits, merges, dissolves or has nobody); into,
            the groups that it splits into or merges with others in.
        new: Groups that come from no persona known before.
    """

    fate: pd.DataFrame
    new: tuple[str, ...]

    @property
    def same(self) -> dict[str, str]:
        """For each group, the persona that it is."""
        held = self.fate[self.fate.fate == HOLDS]
        return dict(zip(held.group, held.persona, strict=True))


def match_groups(before: pd.Series, now: pd.Series, personas: Sequence[str] = ()) -> Match:
    """Which groups are which personas: the assignment with the largest overlap in all.

    Overlaps are Jaccard similarities over the customers who are in both; the assignment is the
    Hungarian method's (Kuhn 1955, *Naval Research Logistics Quarterly* 2).

    Args:
        before, now: The persona, and the group found anew, of each customer, by `customer_id`;
            missing for those who have none.
        personas: Those known before, whether anybody is one of them still or not.
    """
    before, now = before.align(now, join="inner")
    personas = sorted({*personas, *before.dropna()})
    groups = sorted(now.dropna().unique())
    both = pd.crosstab(before, now).reindex(index=personas, columns=groups, fill_value=0)
    own = before.value_counts().reindex(personas, fill_value=0).to_numpy()[:, None]
    other = now.value_counts().reindex(groups, fill_value=0).to_numpy()[None, :]
    shared = both.to_numpy(dtype=float)
    jaccard = shared / np.maximum(own + other - shared, 1)
    best = dict(zip(*linear_sum_assignment(-jaccard), strict=True))
    of_group, of_persona = shared / np.maximum(other, 1), shared / np.maximum(own, 1)
    pieces = (of_group >= MOSTLY) & (of_persona >= GOOD_PART)
    swallowed = (of_persona >= MOSTLY) & (of_group >= GOOD_PART)
    rows, taken = [], set()
    for i, persona in enumerate(personas):
        j = best.get(i)
        alike = jaccard[i, j] if j is not None else 0.0
        group = groups[j] if alike > DISSOLVED else None
        fate, into = HOLDS if group else DISSOLVES if own[i, 0] else NOBODY, ()
        if pieces[i].sum() > 1:
            fate, into = SPLITS, tuple(np.array(groups, dtype=object)[pieces[i]])
        elif not group and swallowed[i].any():
            where = swallowed[i].argmax()
            merged = swallowed[:, where]
            common = shared[merged, where].sum()
            together = common / (own[merged].sum() + other[0, where] - common)
            if merged.sum() > 1 and together > DISSOLVED:
                fate, into = MERGES, (groups[where],)
        taken |= {group} if fate == HOLDS else set(into)
        rows.append((persona, group, float(alike), fate, into))
    columns = ["persona", "group", "jaccard", "fate", "into"]
    new = tuple(each for each in groups if each not in taken)
    return Match(pd.DataFrame(rows, columns=columns), new)


def identify(
    own: Personas,
    table: pd.DataFrame,
    earlier: Passport | None = None,
    names: Mapping[str, str] = MappingProxyType({}),
    renew: bool = False,
) -> tuple[Personas, Match | None]:
    """This quarter's personas under the identity that an earlier quarter gave them.

    Customers are assigned by the passport's model, which stays as it was as long as it agrees with
    what this quarter's customers show by themselves. Where the same personas are found, but have
    moved, as people age or learn, this quarter's own model takes their letters. A persona that has
    dissolved is not assigned any more.

    Args:
        own: What this quarter's customers show by themselves.
        table: This quarter's customers with their features.
        earlier: The passport of an earlier quarter; without one, the personas are `own`.
        names: An analyst's names by letter; they win over those of the passport.
        renew: Take this quarter's own model instead of the passport's; its groups keep the letter
            of the persona that they are, and others get one that nobody has had.

    Returns:
        The personas, and how the passport's relate to this quarter's own; None without a passport.
    """
    if earlier is None:
        return replace(own, names=MappingProxyType(dict(names))), None
    kept = {letter: name for letter, name in earlier.names.items() if name not in names.values()}
    names = MappingProxyType(kept | dict(names))
    labels, confidence = assign(earlier.model, table)
    match = match_groups(labels, own.labels, [each for each in earlier.model.personas if each])
    if renew and own.found:
        return replace(_renamed(own, match, earlier.given), names=names), match
    if own.found and _have_moved(match):
        moved = _renamed(own, match, earlier.given)
        return replace(moved, names=names, before=earlier.model), match
    held = match.fate[~match.fate.fate.isin(GONE)].set_index("persona")
    labels = labels.where(labels.isin(list(held.index)))
    personas = replace(
        own,
        labels=labels,
        confidence=confidence.where(labels.notna()),
        stability=_stability(own, held, labels),
        names=names,
    )
    if held.empty:
        gone = own.why or "none of the personas known before is there any more"
        return replace(personas, model=None, why=gone), match
    model = earlier.model
    return replace(personas, model=model, features=model.features, why=""), match


def issue(
    personas: Personas,
    dataset: str,
    quarter: str,
    earlier: Passport | None = None,
) -> Passport | None:
    """The passport for the next quarter; the earlier one, if this quarter has no personas.

    Args:
        personas: Of this quarter.
        dataset, quarter: Whose and when.
        earlier: The passport of the quarter before, if there was one.
    """
    if not personas.found:
        return earlier
    kept = earlier is not None and personas.model is earlier.model
    shares = dict(zip(personas.stability.persona, personas.stability.share, strict=True))
    entry = {"quarter": quarter, "customers": len(personas.labels), "shares": shares}
    past = [each for each in (earlier.history if earlier else ()) if each["quarter"] < quarter]
    letters = [*(earlier.given if earlier else ()), *filter(None, personas.model.personas)]
    return Passport(
        dataset=dataset,
        fitted=earlier.fitted if kept else quarter,
        quarter=quarter,
        model=personas.model,
        names=personas.names,
        given=tuple(dict.fromkeys(letters)),
        history=(*past, entry),
    )


def to_json(passport: Passport) -> str:
    """A passport as text that people can read and programs can compare."""
    model = passport.model
    columns = [column for each in model.features for column in _code_columns(each)]
    record = {
        "format": FORMAT,
        "dataset": passport.dataset,
        "fitted": passport.fitted,
        "quarter": passport.quarter,
        "names": dict(passport.names),
        "given": list(passport.given),
        "history": [dict(each) for each in passport.history],
        "features": [to_record(each) for each in model.features],
        "components": [
            {"column": column, "loadings": row}
            for column, row in zip(columns, model.loadings.tolist(), strict=True)
        ],
        "metric": model.metric.tolist(),
        "spread": model.spread,
        "groups": [
            {"persona": persona, "centre": centre}
            for persona, centre in zip(model.personas, model.centres.tolist(), strict=True)
        ],
    }
    return json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def from_json(text: str, source: str) -> Passport:
    """Read a passport.

    Args:
        text: As `to_json` writes it.
        source: Where it came from, for the message if it cannot be used.

    Raises:
        DataError: It is no passport that this version understands.
    """
    try:
        record = json.loads(text)
        if record["format"] != FORMAT:
            raise ValueError(f"its format is {record['format']!r}, not {FORMAT!r}")
        model = Model(
            features=tuple(from_record(each) for each in record["features"]),
            loadings=np.array([each["loadings"] for each in record["components"]], dtype=float),
            metric=np.array(record["metric"], dtype=float),
            centres=np.array([each["centre"] for each in record["groups"]], dtype=float),
            spread=float(record["spread"]),
            personas=tuple(str(each["persona"]) for each in record["groups"]),
        )
        codes = sum(len(each.columns) for each in model.features)
        width = model.centres.shape[1]
        if model.loadings.shape != (codes, width) or model.metric.shape != (width, width):
            raise ValueError("its features, components and centres do not fit together")
        passport = Passport(
            dataset=str(record["dataset"]),
            fitted=str(record["fitted"]),
            quarter=str(record["quarter"]),
            model=model,
            names=MappingProxyType({str(k): str(v) for k, v in record["names"].items()}),
            given=tuple(str(each) for each in record["given"]),
            history=tuple(
                {"quarter": str(each["quarter"]), "customers": int(each["customers"]),
                 "shares": {str(k): float(v) for k, v in each["shares"].items()}}
                for each in record["history"]
            ),
        )  # fmt: skip
        _check(passport)
        return passport
    except (
        ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError, RecursionError,
        ArgumentError,
    ) as error:  # fmt: skip
        why = f"lacks {error}" if isinstance(error, KeyError) else str(error)
        raise DataError(
            f"{source}: no passport of personas that this version can read ({why}); remove it to "
            "start anew"
        ) from None


def _have_moved(match: Match) -> bool:
    """Whether all personas are there, and no others, but do not have quite the same customers."""
    fate = match.fate
    return bool((fate.fate == HOLDS).all() and not match.new and (fate.jaccard < AGREED).any())


def _stability(own: Personas, held: pd.DataFrame, labels: pd.Series) -> pd.DataFrame:
    """How stable the groups are that personas known before have been found again as."""
    jaccard = own.stability.set_index("persona").jaccard.reindex(held.group).to_numpy(dtype=float)
    sizes = labels.value_counts().reindex(held.index, fill_value=0).to_numpy()
    return pd.DataFrame(
        {
            "persona": held.index.to_numpy(),
            "customers": sizes,
            "share": sizes / max(len(labels), 1),
            "jaccard": jaccard,
            "verdict": np.where(held.fate == HOLDS, verdicts(jaccard), held.fate),
        }
    )


def _check(passport: Passport) -> None:
    """Make sure that a passport can be used.

    Raises:
        ValueError, ArgumentError: It cannot.
    """
    model = passport.model
    for each in model.features:
        numbers = np.array([*each.centre, *each.scale, each.unit, each.missing])
        if not np.isfinite(numbers).all() or min(*each.scale, 1) <= 0 or each.unit < 0:
            raise ValueError(f"the feature {each.name!r} has numbers that cannot be")
        if each.kind not in (NUMBER, CATEGORY, SHARES):
            raise ValueError(f"the feature {each.name!r} is of the unknown kind {each.kind!r}")
    parts = (model.loadings, model.metric, model.centres)
    numbers = np.concatenate([*(each.ravel() for each in parts), [model.spread]])
    if not np.isfinite(numbers).all() or model.spread <= 0:
        raise ValueError("its components, centres or spread have numbers that cannot be")
    letters = [each for each in model.personas if each]
    if not letters or len(set(letters)) < len(letters) or not set(letters) <= set(passport.given):
        raise ValueError("its personas must be different letters, all of which have been given")
    if not all(re.fullmatch("[A-Z]{1,2}", each) for each in letters):
        raise ValueError("its personas must be letters from A to Z")
    if len(set(passport.names.values())) < len(passport.names):
        raise ValueError("two personas have the same name")
    for quarter in (passport.fitted, passport.quarter, *(e["quarter"] for e in passport.history)):
        Quarter.parse(quarter)


def _code_columns(feature) -> list[str]:
    return [f"{feature.name}: {each}" for each in feature.columns]


def _renamed(own: Personas, match: Match, given: tuple[str, ...]) -> Personas:
    """This quarter's own personas, by the letters of those that they are."""
    names = dict(match.same)
    fresh = (letter for letter in _letters() if letter not in given)
    for group in own.stability.persona:
        if group not in names:
            names[group] = next(fresh)
    model = replace(own.model, personas=tuple(names.get(each, "") for each in own.model.personas))
    stability = own.stability.assign(persona=own.stability.persona.map(names))
    return replace(
        own,
        labels=own.labels.map(names).astype("str"),
        stability=stability.sort_values("persona", ignore_index=True),
        model=model,
    )


def _letters():
    """A, B, …, Z, AA, AB, …"""
    alphabet = [chr(ord("A") + i) for i in range(26)]
    yield from alphabet
    yield from (one + other for one in alphabet for other in alphabet)
