import re

import matplotlib
import pandas as pd
import pytest
from matplotlib.text import Text

from cxlib.account_tiers import page as tiers
from cxlib.account_tiers.accounts import quarter_books
from cxlib.account_tiers.assignment import standings
from cxlib.data_readiness import page as readiness
from cxlib.data_readiness.coverage import cover
from cxlib.data_readiness.explore import months_of
from cxlib.kpi_drivers.explore import drivers_of
from cxlib.measure import measure
from cxlib.page.figure import Figure, canvas, contrast
from cxlib.pdca_cycles import charts
from cxlib.pdca_cycles.explore import explore_cycles
from cxlib.pdca_cycles.log import read_cycles
from cxlib.pdca_cycles.review import review_cycles
from cxlib.personas import cards
from cxlib.personas import page as personas
from cxlib.personas.clustering import find_personas
from cxlib.personas.features import customer_features
from cxlib.personas.profiles import differences


def test_a_figure_shows_itself_with_its_alt_text(data):
    figure = readiness.months_figure(cover(data))
    images, metadata = figure._repr_mimebundle_()
    assert images["image/svg+xml"].startswith("<?xml")
    assert metadata["image/svg+xml"]["alt"].startswith(
        "Bar charts of rows per month, Oct 2023 to Sep 2026"
    )


def test_the_same_figure_has_the_same_bytes(data):
    one, two = (readiness.filled_figure(cover(data))._repr_mimebundle_()[0] for _ in range(2))
    assert one == two


def test_drawing_leaves_the_readers_own_settings_alone(data):
    before = dict(matplotlib.rcParams)
    readiness.months_figure(cover(data))._repr_mimebundle_()
    assert dict(matplotlib.rcParams) == before


def test_each_dot_stands_at_the_mean_of_the_group_that_names_it(data):
    """seaborn has mislabelled groups under pandas 3; ours are drawn by hand, and held to it."""
    people = data.tables["customers"].select("customer_id", "role").execute()
    known = data.attach("customers", people.rename(columns={"role": "persona"}))
    panel = measure(known, ["average_handle_time"], by=["persona"])
    figure = personas.kpi_figure(panel, find_personas(pd.DataFrame()), ("average_handle_time",))
    axis = figure.axes[0]
    rows = pd.DataFrame(
        [line.get_xydata()[0] for line in axis.lines if line.get_marker() == "o"],
        columns=["x", "y"],
    )
    labels = [label.get_text() for label in axis.get_yticklabels()]
    drawn = dict(zip(labels, rows.sort_values("y").x, strict=True))
    contacts = data.tables["interactions"].execute().merge(people, on="customer_id")
    by_hand = contacts[~contacts.abandoned].groupby("role").handle_seconds.mean()
    assert drawn == pytest.approx(by_hand.to_dict())


@pytest.fixture(scope="module")
def board(data):
    return review_cycles(read_cycles(data))


def test_the_words_of_a_control_chart_come_from_the_chart(board):
    cycle = next(each for each in board if each.cycle_id == "P03")
    figure = charts.control_chart(cycle)
    assert "process limits" in figure.alt
    assert "since then 9 of 9 points show a special cause" in figure.alt


def test_every_word_in_a_figure_can_be_read(data, board):
    """WCAG 2.2, success criterion 1.4.3: a contrast of 4.5 for text."""
    quarter = data.quarter
    features = customer_features(data, quarter.shift(-3).start, quarter.end)
    found = find_personas(features)
    heat = cards.difference_figure(differences(features, found), found)
    mesh = heat.axes[0].collections[0]
    cells = list(zip(heat.axes[0].texts, mesh.get_facecolors(), strict=True))
    tiers_drawn = tiers.tier_figure(
        standings(quarter_books(data, data.quarter), data.config.tiers)[-1].tiers
    )
    bars = {bar.get_facecolor() for bar in tiers_drawn.axes[0].patches}
    cells += [
        (text, next(b.get_facecolor() for b in tiers_drawn.axes[0].patches
                    if b.contains_point(text.get_transform().transform(text.get_position()))))
        for text in tiers_drawn.axes[0].texts
    ]  # fmt: skip
    assert len(bars) == 3
    on_white = [
        text
        for figure in (
            charts.timeline_figure(board, data.end),
            charts.control_chart(board[0]),
            readiness.filled_figure(cover(data)),
            personas.tried_figure(found),
        )
        for text in figure.canvas.findobj(Text)
        if text.get_text()
    ]
    cells += [(text, "white") for text in on_white]
    assert len(on_white) > 40
    low = [
        (t.get_text(), contrast(t.get_color(), c))
        for t, c in cells
        if contrast(t.get_color(), c) < 4.5
    ]
    assert low == []


def test_every_widget_has_a_twin_without_widgets(data, board):
    assert "interactions from" in months_of(cover(data), "interactions").alt
    assert "drivers of the CSAT score" in drivers_of(data, "csat").alt
    assert explore_cycles(board).children


def test_a_figure_of_several_columns_is_left_as_it_was_by_its_narrow_form(monkeypatch):
    monkeypatch.setattr("cxlib.page.figure.in_report", lambda: True)
    canvas_, axes = canvas(2, 1, 2)
    for place, axis in enumerate(axes):
        axis.plot([1, 2], [1, 2])
        axis.set_yticks([1, 2], ["low", "high"] if not place else ["", ""])
    figure = Figure(canvas_, "Two panels.")
    (first, about), (again, _) = figure._repr_mimebundle_(), figure._repr_mimebundle_()
    assert first == again
    narrow = about["image/svg+xml"]["narrow"]
    wide = first["image/svg+xml"]
    size = [re.search(r'width="([\d.]+)pt"', svg)[1] for svg in (wide, narrow)]
    assert float(size[0]) > 1.5 * float(size[1])
