"""Widgets for JupyterLab, each with a twin without widgets, which the widget calls."""

from collections.abc import Sequence

import ipywidgets as widgets
import pandas as pd
from IPython.display import display

from cxlib.data import Dataset
from cxlib.errors import ArgumentError
from cxlib.measure import catalogue, measure
from cxlib.measure.panel import lacking
from cxlib.page.chooser import chooser
from cxlib.page.figure import Figure
from cxlib.page.finding import Finding
from cxlib.personas import cards, page
from cxlib.personas.clustering import MOST_PERSONAS, Personas, find_personas
from cxlib.personas.encoding import columns_of
from cxlib.personas.features import customer_features
from cxlib.personas.passport import load_passport, names_for
from cxlib.personas.profiles import differences
from cxlib.personas.tracking import identify


def explore_personas(features: pd.DataFrame, most: int = MOST_PERSONAS) -> widgets.Widget:
    """Choose features, a number of personas and names, and press the button."""
    names = list(columns_of(features))
    # Looking for personas takes seconds: it waits for the button.
    return widgets.interactive(
        lambda chosen, count, named: display(*personas_with(features, chosen, count, named, most)),
        {"manual": True, "manual_name": "Find personas"},
        chosen=widgets.SelectMultiple(options=names, value=names, rows=8, description="Features"),
        count=widgets.IntSlider(0, 0, most, description="How many", tooltip="0: as found"),
        named=widgets.Text("", placeholder="A = Fridah, B = James", description="Names"),
    )


def personas_with(
    features: pd.DataFrame, chosen: Sequence[str], count: int, named: str, most: int = MOST_PERSONAS
) -> tuple[Finding | Figure, ...]:
    """The personas made of some features: what is found, and its figures.

    Args:
        features: Customers with their features.
        chosen: Names of the features to use.
        count: The number of personas; 0 for as many as there are.
        named: Names for them, such as `A = Fridah, B = James`.
        most: The largest number of personas to look for.
    """
    parts = columns_of(features)
    table = features[[column for name in chosen for column in parts[name]]]
    pairs = (each.partition("=") for each in named.split(",") if "=" in each)
    names = {letter.strip(): name.strip() for letter, _, name in pairs if name.strip()}
    if len(set(names.values())) < len(names):
        return (Finding("Two personas cannot have the same name.", news=False),)
    found = find_personas(table, most=most, count=count if count > 1 else None)
    shown, _ = identify(found, table, names=names)
    pictures = (
        page.tried_figure(shown),
        cards.difference_figure(differences(table, shown), shown),
    )
    return page.found_finding(shown), *filter(None, pictures)


def explore_kpi_by_persona(data: Dataset, known: Personas) -> widgets.Widget:
    """Choose a KPI; see it by persona."""
    choices = [
        (kpi.label, name)
        for name, kpi in catalogue(data.config).items()
        if kpi.table != "accounts" and not lacking(data, kpi)
    ]
    return chooser(lambda kpi: kpi_by_persona(data, known, kpi), kpi=choices)


def kpi_by_persona(data: Dataset, known: Personas, kpi: str) -> Figure:
    """One KPI by persona; `data` has the column `persona` on its customers."""
    panel = measure(data, [kpi], by=["persona"])
    return page.kpi_figure(panel, known, (kpi,), data.config.currency)


def with_personas(data: Dataset) -> Dataset:
    """The dataset with each customer's persona, by which it can be filtered and split.

    They are those of the passport that is kept with the dataset; without one, they are found anew
    among the customers of the four quarters up to the one reported.

    Raises:
        ArgumentError: The dataset was opened without a quarter.
        MissingData: It has no customers or contacts.
    """
    if not data.quarter:
        raise ArgumentError('personas are of a quarter: cx.open_dataset(folder, "2026Q3")')
    data.require("customers", "interactions")
    start, end = data.quarter.shift(-3).start, data.quarter.end
    features = customer_features(data, start, end, data.config.personas.features)
    found, _ = identify(find_personas(features), features, load_passport(data), names_for(data))
    return data.attach("customers", page.member_frame(found))
