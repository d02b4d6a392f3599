"""Widgets for JupyterLab, each with a twin without widgets, which the widget calls."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import ipywidgets as widgets
import pandas as pd
import tomlkit
from IPython.display import clear_output, display

from cxlib.data import Dataset
from cxlib.data.declared import read_names
from cxlib.errors import ArgumentError, CxError, DataError
from cxlib.measure import catalogue, measure
from cxlib.measure.panel import lacking
from cxlib.page.chooser import chooser
from cxlib.page.figure import Figure
from cxlib.page.finding import Finding
from cxlib.page.wording import capital, listed
from cxlib.personas import cards, page
from cxlib.personas.clustering import MOST_PERSONAS, Personas, find_personas
from cxlib.personas.encoding import columns_of
from cxlib.personas.features import customer_features
from cxlib.personas.groups import (
    accounts_of,
    contact_counts,
    preferred_channels,
    revenue_shares,
)
from cxlib.personas.passport import load_passport, names_for
from cxlib.personas.profiles import differences, find_rule, typical_profiles
from cxlib.personas.tracking import identify


def explore_personas(
    data: Dataset, features: pd.DataFrame, most: int = MOST_PERSONAS
) -> widgets.Widget:
    """Choose features and a number of personas, see their cards, name them, and save the choice.

    Args:
        data: The dataset.
        features: Its customers with their features.
        most: The largest number of personas to look for.
    """
    names = list(columns_of(features))
    known = [name for name in data.config.personas.features if name in names] or names
    chosen = widgets.SelectMultiple(
        options=[(name.replace("_", " "), name) for name in names], value=known, rows=8,
        description="Made of",
    )  # fmt: skip
    count = widgets.IntSlider(0, 0, most, description="Groups", tooltip="0: as many as are found")
    find = widgets.Button(description="Find personas", button_style="primary")
    save = widgets.Button(description="Save to dataset.toml", disabled=True)
    titles, shown, said = widgets.VBox(), widgets.Output(), widgets.Output()
    tried: list[Tried] = []

    def named() -> dict[str, str]:
        return {box.description: box.value.strip() for box in titles.children if box.value.strip()}

    def show(_=None) -> None:
        with shown:
            clear_output(wait=True)
            display(*cards_with(tried[-1], named()))

    def look(_) -> None:
        # Looking for personas takes seconds: it waits for the button, and cards are kept.
        tried[:] = [try_personas(data, features, chosen.value, count.value, most)]
        letters = list(tried[-1].personas.stability.persona)
        given = names_for(data)
        titles.children = [
            widgets.Text(given.get(each, ""), description=each, continuous_update=False)
            for each in letters
        ]
        for box in titles.children:
            box.observe(show, "value")
        save.disabled = not letters
        show()

    def keep(_) -> None:
        with said:
            clear_output(wait=True)
            display(save_rules(data, chosen.value, named()))

    find.on_click(look)
    save.on_click(keep)
    return widgets.VBox([chosen, count, find, titles, shown, save, said])


@dataclass(frozen=True)
class Tried:
    """Personas made of some features, with what their cards are made of.

    Attributes:
        personas: What was found.
        table: The customers, with those features.
        cards: From names by letter to the cards.
    """

    personas: Personas
    table: pd.DataFrame
    cards: Callable[[Mapping[str, str]], cards.Cards]


def try_personas(
    data: Dataset,
    features: pd.DataFrame,
    chosen: Sequence[str],
    count: int = 0,
    most: int = MOST_PERSONAS,
) -> Tried:
    """The personas made of some features.

    Args:
        data: The dataset.
        features: Its customers with their features.
        chosen: Names of the features to use.
        count: The number of personas; 0 for as many as there are.
        most: The largest number of personas to look for.
    """
    parts = columns_of(features)
    table = features[[column for name in chosen for column in parts[name]]]
    personas = find_personas(table, most=most, count=count if count > 1 else None)
    start, end = data.quarter.shift(-3).start, data.quarter.end
    apart = differences(table, personas)
    profiles = typical_profiles(table, personas, apart)
    known = data.attach("customers", page.member_frame(personas))
    panel = measure(known, by=["persona"], since=data.quarter.shift(-3))
    channels = preferred_channels(contact_counts(data, personas.labels, start, end))
    letters = list(personas.stability.persona)
    accounts = accounts_of(data, personas.labels, start, end)
    revenue, rule = revenue_shares(accounts, letters), find_rule(table, personas)

    def made(names: Mapping[str, str]) -> cards.Cards:
        called = replace(personas, names=names)
        frame = panel.frame.assign(persona=panel.frame.persona.replace(dict(names)))
        of = replace(panel, frame=frame)
        return cards.make_cards(
            called, apart, profiles, channels, of, revenue, rule, data.config.currency
        )

    return Tried(personas, table, made)


def cards_with(tried: Tried, names: Mapping[str, str]) -> tuple[object, ...]:
    """What was found, and the cards under some names; or why these names cannot be given."""
    try:
        read_names(names, "personas.names")
    except DataError as error:
        return (Finding(f"{capital(str(error))}.", news=False),)
    called = replace(tried.personas, names=names)
    parts = (
        page.found_finding(called),
        page.tried_figure(called),
        tried.cards(names),
        cards.difference_figure(differences(tried.table, called), called),
    )
    return tuple(filter(None, parts))


def save_rules(data: Dataset, chosen: Sequence[str], names: Mapping[str, str]) -> Finding:
    """Write what personas are made of, and their names, into `dataset.toml`; the rest stays.

    Letters belong to a passport: with one, the next report goes on with its personas.
    """
    path = data.folder / "dataset.toml"
    try:
        read_names(names, f"{path}: personas.names")
        text = tomlkit.parse(path.read_text(encoding="utf-8"))
        rules = text.setdefault("personas", tomlkit.table())
        rules["features"] = list(chosen)
        rules["names"] = dict(names)
        beside = path.with_name(f".{path.name}.new")
        beside.write_text(tomlkit.dumps(text), encoding="utf-8")
        os.replace(beside, path)
    except (OSError, CxError) as error:
        return Finding(f"Not saved. {error}", news=False)
    said = f", called {listed(names.values())}" if names else ""
    return Finding(
        f"Saved to {path.name}: personas are made of {listed(chosen)}{said}.",
        evidence="The next report goes on with the letters of its passport; renew=True takes new "
        "groups over.",
        news=False,
    )


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
