"""A panel as a figure: over time, by group, and as a file."""

import pytest

import cxlib as cx
from cxlib.errors import ArgumentError
from cxlib.measure import measure


def test_kpis_over_time_by_group(data):
    panel = measure(data, ["service_level"], by=["region"], period="quarter")
    figure = cx.plot(panel)
    (axis,) = figure.axes
    lines = {line.get_label(): line.get_ydata() for line in axis.lines}
    assert set(lines) == {"AMER", "APAC", "EMEA"}
    emea = panel.frame[panel.frame.region == "EMEA"].value
    assert lines["EMEA"] == pytest.approx(100 * emea.to_numpy())
    assert len(axis.collections) == 3  # the intervals
    assert figure.alt.startswith("Service level by region from October 2023 to ")


def test_kpis_of_one_period_by_group(data):
    panel = measure(data, ["csat", "service_level"], by=["region"])
    figure = cx.plot(panel)
    assert [axis.get_title(loc="left") for axis in figure.axes] == ["CSAT", "Service level"]
    assert [each.get_text() for each in figure.axes[0].get_yticklabels()] == [
        "AMER",
        "APAC",
        "EMEA",
    ]
    assert "CSAT: AMER 4." in figure.alt


def test_a_figure_of_all_kpis_is_refused(data):
    with pytest.raises(ArgumentError, match="name those to be shown"):
        cx.plot(measure(data))


def test_a_figure_is_saved_as_its_ending_says(data, tmp_path):
    figure = cx.plot(measure(data, ["csat"], period="quarter"))
    for name, begins in (("csat.png", b"\x89PNG"), ("csat.svg", b"<?xml"), ("csat.pdf", b"%PDF")):
        figure.savefig(tmp_path / name)
        assert (tmp_path / name).read_bytes().startswith(begins)


def test_a_persona_is_a_filter(data):
    known = cx.personas.with_personas(data)
    people = known.frame("customers", "persona").dropna(subset=["persona"])
    part = known.filtered("persona = 'End users'")
    assert set(part.frame("customers").persona) == {"End users"}
    contacts = part.frame("interactions")
    assert set(contacts.customer_id) <= set(people.customer_id[people.persona == "End users"])
    panel = cx.measure(known, ["csat"], by=["persona"])
    assert set(panel.frame.persona.dropna()) == set(people.persona)
