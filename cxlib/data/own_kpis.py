"""KPIs that `dataset.toml` defines: whether a dataset's columns can give them."""

from dataclasses import replace

from cxlib.data.dataset import Dataset
from cxlib.data.declared import OwnKpi, own_kpis
from cxlib.data.expressions import columns_of, evaluate, parse_value
from cxlib.data.privacy.hide import personal_names
from cxlib.errors import ArgumentError, DataError


def with_kpi(data: Dataset, name: str, **settings: str) -> Dataset:
    """The dataset with one more KPI, to be tried before it stands in `dataset.toml`.

    Args:
        data: The dataset.
        name: Of the KPI, in small letters.
        settings: As `[kpis.NAME]` takes them: `label` and `value`, and maybe others.

    Raises:
        DataError: A setting is missing, unknown, or cannot be used on this dataset.
    """
    own = own_kpis({name: settings}, f"{data.folder / 'dataset.toml'}: kpis")
    found = replace(data, config=replace(data.config, kpis={**data.config.kpis, **own}))
    check_own_kpis(found)
    return found


def check_own_kpis(data: Dataset) -> None:
    """Make sure that every KPI of one's own can be worked out from the tables that are there.

    Raises:
        DataError: A formula cannot be read, names a column that is not there or tells persons
            apart, or gives what does not suit the KPI's kind.
    """
    for name, own in data.config.kpis.items():
        for part in ("value", "per") if own.per else ("value",):
            try:
                _check(data, own, getattr(own, part))
            except ArgumentError as error:
                place = f"{data.folder / 'dataset.toml'}: kpis.{name}.{part}"
                raise DataError(f"{place}: {error}") from None


def _check(data: Dataset, own: OwnKpi, formula: str) -> None:
    named = columns_of(parse_value(formula))
    if own.table not in data.tables:
        return
    known = data.columns_of(own.table)
    if persons := sorted(named & personal_names(data.config) & set(known)):
        raise ArgumentError(f"{persons[0]} tells persons or accounts apart; a KPI is of groups")
    wide = data.rows(own.table, *(named & set(known)))
    found = evaluate(
        parse_value(formula), {each: wide[each] for each in wide.columns if each in known}
    )
    if not named:
        raise ArgumentError(f"{formula!r} names no column")
    if own.kind == "proportion" and not found.type().is_boolean():
        raise ArgumentError(f"{formula!r} must be true or false, since it is a proportion")
    if own.kind != "proportion" and not found.type().is_numeric():
        raise ArgumentError(f"{formula!r} must be a number, since it is a {own.kind}")
