"""Of which cycles a return is told."""

import pytest

from cxlib.measure.estimate import Estimate
from cxlib.pdca_cycles.log import read_cycles
from cxlib.pdca_cycles.review import review_cycles
from cxlib.score_worth.projects_page import Point, cycle_projects, project_table, projects_finding


@pytest.fixture(scope="module")
def projects(data):
    """The demonstration's cycles, if a unit of each KPI were worth much, beyond doubt."""
    logged = read_cycles(data)
    names = {each.plan.kpi for each in logged}
    points = {name: Point(Estimate(5e4, 4e4, 6e4, 400, "money"), "revenue", True) for name in names}
    return cycle_projects(data, logged, review_cycles(logged), points, 400, 4)


def test_a_return_is_told_only_of_a_change_that_was_found_against_a_control_scope(projects):
    why = {each.name[:3]: each.why for each in projects}
    assert {name for name, each in why.items() if not each} == {"P02", "P03", "P04"}
    assert why["P01"] == "no control scope"
    assert {why[name] for name in ("P05", "P06", "P07", "P08") if name in why} == {
        "no detectable change"
    }


def test_what_did_nothing_is_never_likely_to_pay(projects):
    """Its wide interval around nothing would pay in a part of the draws."""
    told = projects_finding(projects)
    assert "no detectable change" in told.evidence
    likely = told.sentence.split("likely to pay")[-1]
    assert not any(name in likely for name in ("P05", "P06", "P07", "P08", "P01"))
    table = project_table(projects).frame
    of_nothing = table[table.Project.str[:3].isin(["P05", "P06", "P07", "P08"])]
    assert (of_nothing.Pays == "not known").all()
    assert (of_nothing.iloc[:, -1] == "no change").all()
