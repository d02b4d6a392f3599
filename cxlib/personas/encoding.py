"""Numbers, categories and shares side by side: coded so that each feature weighs alike."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_datetime64_any_dtype, is_numeric_dtype

NUMBER, CATEGORY, SHARES = "number", "category", "shares"
# Between the name of a feature made of shares and what each of its columns is a share of.
PART = ": "
MOSTLY_MISSING = 0.5
# Two features that share so much of their variance (RV coefficient) tell the same.
NEARLY_THE_SAME = 0.9
# Into so many cells the values of a number are put, to see what follows from it.
MOST_CELLS = 60
RARE = 0.02
# The name of what is pooled, which no dataset is likely to have.
OTHER = "other values"
SKEWED = 1.0
# Beyond so many standard deviations, a customer is an outlier who would pull a whole group.
REACH = 3.0
# What tells features apart, and how customers are coded, needs no more customers than these.
SAMPLE = 50_000


@dataclass(frozen=True)
class Feature:
    """How a feature is coded.

    Attributes:
        name: Of the feature.
        kind: number, category or shares.
        columns: What each column of its code stands for: the feature itself, a category's level,
            or what a share is a share of.
        centre, scale: Subtracted from a column, and then divided by.
        unit: A skewed number enters as ln(1 + value / unit); as it is, where this is 0.
        missing: The share of customers for whom it was not known.
    """

    name: str
    kind: str
    columns: tuple[str, ...]
    centre: tuple[float, ...]
    scale: tuple[float, ...]
    unit: float = 0.0
    missing: float = 0.0

    @property
    def sources(self) -> list[str]:
        """The columns of a table that it is read from."""
        whole = [f"{self.name}{PART}{each}" for each in self.columns]
        return whole if self.kind == SHARES else [self.name]


def usable_features(table: pd.DataFrame) -> tuple[tuple[Feature, ...], dict[str, str]]:
    """The features by which customers can be distinguished, and why the others are left out.

    Args:
        table: A row per customer. Columns named `channel: chat`, `channel: phone` are shares of
            one feature, `channel`.

    Returns:
        How each usable feature is coded, and the reason by name for each that is not usable: ids,
        dates, constants, what is unknown for most customers, what is different for most, what tells
        nearly the same as a feature before it (RV coefficient; Robert and Escoufier 1976, *Applied
        Statistics* 25), and what follows from another, as an age band does from the age
        (correlation ratio).
    """
    if len(table) > SAMPLE:
        table = table.iloc[np.linspace(0, len(table) - 1, SAMPLE).astype(int)]
    kept: dict[str, tuple[Feature, np.ndarray]] = {}
    cells: dict[str, np.ndarray] = {}
    dropped = {}
    for name, columns in columns_of(table).items():
        values = _finite(table[columns])
        why = _useless(name, values)
        if not why:
            feature = _learn(name, values)
            why = _spread_thin(feature)
        if not why:
            plain = values_of(feature, table)
            coded = code_values(feature, plain)
            why = _repeats(coded, kept)
        if why:
            dropped[name] = why
        else:
            kept[name] = (feature, coded)
            cells[name] = _cells(feature, plain)
    for name, other in _following(kept, cells):
        if {name, other} <= kept.keys():
            dropped[name] = f"follows from {other}, and tells nothing besides"
            del kept[name]
    return tuple(feature for feature, _ in kept.values()), dropped


def tell_the_same(features: tuple[Feature, ...], table: pd.DataFrame) -> np.ndarray:
    """How much of each feature's variance each other tells, from 0 to 1: a row per telling one."""
    values = [values_of(each, table) for each in features]
    coded = [code_values(each, value) for each, value in zip(features, values, strict=True)]
    cells = [_cells(each, value) for each, value in zip(features, values, strict=True)]
    return np.array(
        [[0.0 if own is None else correlation_ratio(own, each) for each in coded] for own in cells]
    )


def _cells(feature: Feature, values: np.ndarray) -> np.ndarray | None:
    """Customers of whom a feature tells the same, or nearly; none for shares, which are several."""
    if feature.kind == SHARES:
        return None
    if feature.kind == CATEGORY:
        return np.where(np.isnan(values).any(axis=1), -1, values.argmax(axis=1))
    number = values[:, 0]
    if len(np.unique(number[~np.isnan(number)])) > MOST_CELLS:
        ends = np.nanquantile(number, np.linspace(0, 1, MOST_CELLS + 1)[1:-1])
        return np.where(np.isnan(number), -1, np.searchsorted(ends, number))
    return np.where(np.isnan(number), -1, pd.factorize(number)[0])


def _following(kept: Mapping, cells: Mapping) -> list[tuple[str, str]]:
    """Which feature follows from which, the surest first; of two that do, the later."""
    place = {name: at for at, name in enumerate(kept)}
    found = [
        (share, place[name], name, other)
        for other, groups in cells.items()
        for name, (_, coded) in kept.items()
        if groups is not None and name != other
        and (share := correlation_ratio(groups, coded)) > NEARLY_THE_SAME
    ]  # fmt: skip
    return [(name, other) for _, _, name, other in sorted(found, reverse=True)]


def correlation_ratio(groups: np.ndarray, values: np.ndarray) -> float:
    """The share of the values' variance that lies between groups, adjusted for their number.

    It is 0 for groups by lot, and may be a little less (omega squared; Hays 1963, *Statistics for
    Psychologists*).

    Args:
        groups: A number for each customer; -1 where not known.
        values: A row per customer.
    """
    known = groups >= 0
    _, number = np.unique(groups[known], return_inverse=True)
    values, sizes = values[known], np.bincount(number)
    if len(values) <= len(sizes):
        return 0.0
    means = np.column_stack([np.bincount(number, each) for each in values.T]) / sizes[:, None]
    within = ((values - means[number]) ** 2).sum() / (len(values) - len(sizes))
    total = ((values - values.mean(axis=0)) ** 2).sum() / (len(values) - 1)
    return float(1 - within / total) if total else 0.0


def columns_of(table: pd.DataFrame) -> dict[str, list[str]]:
    """The columns that each feature of a table is made of.

    Examples:
        >>> columns_of(pd.DataFrame(columns=["channel: chat", "age", "channel: phone"]))
        {'channel': ['channel: chat', 'channel: phone'], 'age': ['age']}
    """
    found: dict[str, list[str]] = {}
    for column in table:
        found.setdefault(str(column).split(PART)[0], []).append(column)
    return found


def values_of(feature: Feature, table: pd.DataFrame) -> np.ndarray:
    """A feature's plain values: numbers, shares, and 1 or 0 for each level.

    Returns:
        A row per customer, a column as in `feature.columns`; NaN throughout a row where the feature
        is not known. A feature that the table lacks is unknown, and so is a level that was not
        there when the code was made, an infinite number, and a text where numbers were.
    """
    if feature.kind != CATEGORY:
        columns = [_numbers(_column(table, each)) for each in feature.sources]
        raw = np.column_stack(columns)
        if feature.kind == SHARES:
            some = ~np.isnan(raw).all(axis=1)
            raw = np.where(np.isnan(raw) & some[:, None], 0.0, raw)
        return raw
    number, levels = levels_of(_column(table, feature.name))
    rest = feature.columns.index(OTHER) if OTHER in feature.columns else -1
    places = {level: place for place, level in enumerate(feature.columns)}
    # The last place is that of what is not known.
    place = np.array([*(places.get(level, rest) for level in levels), -1])[number]
    raw = np.zeros((len(table), len(feature.columns)))
    raw[np.arange(len(table)), place] = 1.0
    raw[place < 0] = np.nan
    return raw


def code_values(feature: Feature, values: np.ndarray) -> np.ndarray:
    """Plain values as a code in which each feature weighs alike; 0, the mean, where unknown."""
    if feature.unit:
        values = np.log1p(np.clip(values, 0, None) / feature.unit)
    coded = (values - np.array(feature.centre)) / np.array(feature.scale)
    if feature.kind == NUMBER:
        coded = np.clip(coded, -REACH, REACH)
    return np.nan_to_num(coded, nan=0.0)


def code(features: tuple[Feature, ...], table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """The code of several features side by side, and which of it is known."""
    coded, known = [np.zeros((len(table), 0))], [np.zeros((len(table), 0), dtype=bool)]
    for feature in features:
        values = values_of(feature, table)
        coded.append(code_values(feature, values))
        known.append(~np.isnan(values))
    return np.hstack(coded), np.hstack(known)


def known_share(features: tuple[Feature, ...], known: np.ndarray) -> np.ndarray:
    """For each customer, the share of the features that are known, as `code` tells it."""
    firsts = np.cumsum([0, *(len(each.columns) for each in features[:-1])])
    return known[:, firsts].mean(axis=1)


def levels_of(column: pd.Series) -> tuple[np.ndarray, list[str]]:
    """A category's levels as texts, and the number of each row's level; -1 where it is not known.

    Examples:
        >>> levels_of(pd.Series([True, None, False]))
        (array([ 0, -1,  1]), ['yes', 'no'])
    """
    number, levels = pd.factorize(column)
    flags = {True: "yes", False: "no"}
    return number, [
        flags[bool(each)] if isinstance(each, bool | np.bool_) else str(each) for each in levels
    ]


def to_record(feature: Feature) -> dict:
    """A feature as JSON holds it."""
    columns = [
        {"column": column, "centre": centre, "scale": scale}
        for column, centre, scale in zip(
            feature.columns, feature.centre, feature.scale, strict=True
        )
    ]
    return {
        "name": feature.name,
        "kind": feature.kind,
        "unit": feature.unit,
        "missing": feature.missing,
        "columns": columns,
    }


def from_record(record: Mapping) -> Feature:
    """The feature that JSON holds; the reverse of `to_record`."""
    columns = record["columns"]
    return Feature(
        name=str(record["name"]),
        kind=str(record["kind"]),
        columns=tuple(str(each["column"]) for each in columns),
        centre=tuple(float(each["centre"]) for each in columns),
        scale=tuple(float(each["scale"]) for each in columns),
        unit=float(record["unit"]),
        missing=float(record["missing"]),
    )


def _finite(values: pd.DataFrame) -> pd.DataFrame:
    """Values without infinities, and lists and the like as texts."""
    numeric = values.select_dtypes("number")
    clean = values.assign(**{name: numeric[name].where(np.isfinite(numeric[name].astype(float)))
                             for name in numeric})  # fmt: skip
    for name in clean.columns.difference(numeric.columns):
        if not all(map(_hashable, clean[name].dropna().head(SAMPLE))):
            clean[name] = clean[name].map(str, na_action="ignore")
    return clean


def _hashable(value) -> bool:
    return type(value).__hash__ is not None


def _column(table: pd.DataFrame, name: str) -> pd.Series:
    if name in table:
        return table[name]
    return pd.Series(np.nan, index=table.index, dtype=float)


def _numbers(column: pd.Series) -> np.ndarray:
    if is_numeric_dtype(column):
        values = column.to_numpy(dtype=float, na_value=np.nan)
    else:
        values = pd.to_numeric(column, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    return np.where(np.isfinite(values), values, np.nan)


def _useless(name: str, values: pd.DataFrame) -> str:
    """Why a feature cannot tell customers apart, as far as its raw values show; or nothing."""
    missing = values.isna().all(axis=1).mean()
    known = values.dropna(how="all")
    if missing > MOSTLY_MISSING:
        return f"empty for {missing:.0%} of customers"
    if (known.nunique() < 2).all():
        return "the same for every customer"
    if ((known.fillna(0) == known.mode().iloc[0]).mean() > 1 - RARE).all():
        return "the same for nearly every customer"
    if values.shape[1] > 1:
        return ""
    column = known.iloc[:, 0]
    if name == "id" or name.endswith("_id"):
        return "an id, by its name"
    if is_datetime64_any_dtype(column):
        return "a date; a number of days or years would do"
    if not is_numeric_dtype(column) or is_bool_dtype(column):
        return "different for most customers, as an id is" * bool(
            column.nunique() > 0.5 * len(column)
        )
    whole = column.astype(float)
    running = whole.is_unique and (whole % 1 == 0).all() and np.ptp(whole) < 2 * len(whole)
    return "a running number, as an id is" * bool(running and len(whole) > 20)


def _learn(name: str, values: pd.DataFrame) -> Feature:
    missing = float(values.isna().all(axis=1).mean())
    known = values.dropna(how="all")
    if PART in str(values.columns[0]):
        shares = known.fillna(0.0).astype(float)
        shares = shares.loc[:, shares.nunique() > 1]
        columns = tuple(each.split(PART, 1)[1] for each in shares)
        return _weighed(name, SHARES, columns, shares.to_numpy(), missing)
    column = known.iloc[:, 0]
    if not is_numeric_dtype(column) or is_bool_dtype(column):
        return _learn_category(name, column, missing)
    numbers = column.to_numpy(dtype=float)
    unit = 0.0
    if numbers.min() >= 0 and pd.Series(numbers).skew() > SKEWED:
        unit = float(np.median(numbers[numbers > 0]))
        numbers = np.log1p(numbers / unit)
    return _weighed(name, NUMBER, (name,), numbers[:, None], missing, unit)


def _learn_category(name: str, column: pd.Series, missing: float) -> Feature:
    number, levels = levels_of(column)
    shares = pd.Series(np.bincount(number) / len(number), levels)
    shares = shares.groupby(level=0).sum()  # which also sorts them
    rare = shares[shares < RARE]
    if len(rare):
        shares = shares.drop(rare.index)
        shares[OTHER] = shares.get(OTHER, 0.0) + rare.sum()
    # Divided by √share, every level matters alike (multiple correspondence analysis).
    scale = tuple(np.sqrt(shares))
    return Feature(name, CATEGORY, tuple(shares.index), tuple(shares), scale, 0.0, missing)


def _weighed(name, kind, columns, values: np.ndarray, missing: float, unit: float = 0.0) -> Feature:
    """Scaled so that no direction of a feature's code has a variance of more than 1.

    So each feature, however many columns it has, adds at most 1 to any component (multiple factor
    analysis; Escofier and Pagès 1994, *Computational Statistics & Data Analysis* 18; for numbers
    and categories this is factor analysis of mixed data, Pagès 2004).
    """
    centred = values - values.mean(axis=0)
    largest = np.linalg.eigvalsh(centred.T @ centred / len(centred))[-1]
    scale = (float(np.sqrt(largest)),) * len(columns)
    return Feature(name, kind, columns, tuple(values.mean(axis=0)), scale, unit, missing)


def _spread_thin(feature: Feature) -> str:
    # Numbers so near to one another that their squared differences are zero to a computer.
    if not all(feature.scale):
        return "the same for every customer, but for rounding"
    if feature.kind != CATEGORY or OTHER not in feature.columns:
        return ""
    rest = feature.centre[feature.columns.index(OTHER)]
    if rest <= 0.5:
        return ""
    return f"{rest:.0%} of customers have values that hardly anybody shares"


def _repeats(coded: np.ndarray, kept: Mapping[str, tuple[Feature, np.ndarray]]) -> str:
    for name, (_, other) in kept.items():
        if (alike := rv_coefficient(coded, other)) > NEARLY_THE_SAME:
            return f"tells nearly the same as {name} (RV coefficient {alike:.2f})"
    return ""


def rv_coefficient(one: np.ndarray, other: np.ndarray) -> float:
    """How much two tables about the same customers tell the same, from 0 to 1.

    For two single columns it is the square of their correlation (Robert and Escoufier 1976).
    """
    one, other = one - one.mean(axis=0), other - other.mean(axis=0)
    both = ((one.T @ other) ** 2).sum()
    own = ((one.T @ one) ** 2).sum() * ((other.T @ other) ** 2).sum()
    return float(both / np.sqrt(own)) if own else 0.0
