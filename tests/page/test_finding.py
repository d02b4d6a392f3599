import dataclasses
import json
import re

import numpy as np
import pandas as pd
import pytest

from cxlib.demo.truth import CYCLES
from cxlib.findings import MIME
from cxlib.kpi_drivers import correlations_page
from cxlib.kpi_drivers import page as drivers
from cxlib.kpi_drivers.correlation import correlate
from cxlib.measure import KPIS, Estimate, measure
from cxlib.measure.contrast import compare, independent
from cxlib.page import wording
from cxlib.page.finding import Finding
from cxlib.page.section import Section
from cxlib.page.table import Table, make_table, save_table
from cxlib.pdca_cycles import page as cycles


def estimate(value, half, unit="points"):
    return Estimate(value, value - half, value + half, 200, unit)


def test_a_change_within_chance_is_not_called_up():
    changes = compare([independent(KPIS["nps"], estimate(30.3, 9), estimate(30.0, 9))])
    (finding,) = drivers.change_findings(changes, "2026Q2")
    assert finding.sentence == "Net Promoter Score is steady since 2026Q2."
    assert not finding.news
    assert drivers.change_table(changes).frame.Reading[0] == "steady"


def test_a_change_beyond_chance_is_called_up_and_judged():
    changes = compare(
        [
            independent(KPIS["nps"], estimate(60, 4), estimate(30, 4)),
            independent(
                KPIS["churn_rate"], estimate(0.09, 0.01, "share"), estimate(0.02, 0.01, "share")
            ),
        ]
    )
    nps, churn, rest = (each.sentence for each in drivers.change_findings(changes, "2026Q2"))
    assert nps.startswith("Net Promoter Score rose 30.0 to 60.0 since 2026Q2 (better).")
    assert churn.startswith("Churn rate rose 7.0 points to 9.0% since 2026Q2 (worse).")
    assert rest == "All KPIs compared with 2026Q2 have changed."


def test_a_kpi_that_is_compared_with_nothing_is_shown_all_the_same():
    now = estimate(41, 2, "seconds")
    changes = compare([independent(KPIS["nps"], estimate(30.3, 9), estimate(30.0, 9))])
    values = [(KPIS["nps"], estimate(30.3, 9), True),
              (KPIS["average_speed_of_answer"], now, True)]  # fmt: skip
    table = drivers.change_table(changes, values)
    assert list(table.frame.KPI) == ["Net Promoter Score", "Average speed of answer"]
    assert list(table.frame["This quarter"]) == ["30.3 (21.3 to 39.3)", "41 s (39 to 43)"]
    assert list(table.frame.Reading) == [
        "steady", f"not compared: {drivers.UNTOLD}"
    ]  # fmt: skip
    partly = drivers.change_table((), [(KPIS["average_speed_of_answer"], now, False)])
    assert partly.caption == "KPIs, as far as the data go, with 95% intervals"
    assert "none can be measured" in drivers.change_table(()).frame.KPI[0]
    (finding,) = drivers.change_findings((), "2026Q2", lack={"nps": "the table surveys ends early"})
    assert finding.kind == "state"
    assert finding.sentence == "No KPI can be compared with 2026Q2."
    assert finding.evidence == "The table surveys ends early."
    row = drivers.change_table((), [(KPIS["nps"], now, False)], lack={"nps": "why"}).frame.iloc[0]
    assert row.Reading == "not compared: why"


def test_meanings_come_with_the_numbers_of_the_dataset(data):
    table = drivers.meaning_table(measure(data, period="quarter"), data.config).frame
    here = table.set_index("KPI").Here
    assert here["Service level"].startswith(f"{data.config.thresholds.service_level_seconds:g} s")
    assert here["Repeat contact rate"] == f"{data.config.thresholds.repeat_days} days"
    assert here["CSAT"] == "–"


def test_only_what_is_another_turned_round_is_left_out():
    share = [estimate(0.9, 0.01, "share"), estimate(0.8, 0.01, "share")]
    both = [("retention_rate", share), ("churn_rate", share[::-1]),
            ("average_speed_of_answer", [estimate(50, 3, "seconds"), estimate(70, 3, "seconds")]),
            ("service_level", [estimate(0.7, 0.02, "share"), estimate(0.78, 0.02, "share")])]  # fmt: skip
    changes = compare([independent(KPIS[name], *each) for name, each in both])
    *told, rest = (each.sentence for each in drivers.change_findings(changes, "2026Q2"))
    assert [re.split(" (rose|fell) ", each)[0] for each in told] == [
        "Retention rate", "Average speed of answer", "Service level"
    ]  # fmt: skip
    assert rest == "All KPIs compared with 2026Q2 have changed."


def test_no_correlation_is_said_plainly():
    assert (
        "too few months that can be compared"
        in correlations_page.correlation_finding(correlate(pd.DataFrame())).sentence
    )


def test_a_finding_is_stored_as_json_without_nan():
    bundle = Finding("x", Estimate(1.0, np.nan, np.nan, 1))._repr_mimebundle_()
    stored = json.loads(json.dumps(bundle[MIME], allow_nan=False))
    assert stored["estimate"]["low"] is None
    assert stored["sentence"] == "x"


def test_text_is_shown_as_text():
    evil = "<script>alert(1)</script>"
    assert "<script>" not in Finding(evil, evidence=evil)._repr_mimebundle_()["text/html"]
    assert "<script>" not in make_table([{evil: evil}], evil)._repr_html_()


def test_a_table_does_not_change():
    table = Table(pd.DataFrame({"a": ["1"]}), "t")
    with pytest.raises(dataclasses.FrozenInstanceError):
        table.caption = "other"


def test_a_file_carries_no_formula(tmp_path, monkeypatch):
    monkeypatch.setenv("CX_OUTPUT", str(tmp_path))
    frame = pd.DataFrame(
        {"name": ["=1+1", "+49", "-x", "@y", "\tz", "plain"], "amount": [-1.5] * 6}
    )
    text = save_table(frame, "t.csv").read_text()
    assert text.splitlines()[1] == "'=1+1,-1.5"
    assert text.splitlines()[6] == "plain,-1.5"
    back = pd.read_parquet(save_table(frame, "t.parquet"))
    assert list(back.name) == list(frame.name)


def test_the_planted_cycles_cover_every_trap():
    assert len({cycle.because for cycle in CYCLES}) >= 7


def test_the_batch_reads_of_a_finding_what_the_page_has_stored():
    from nbformat import v4

    from cxlib.batch.render import check_finding, findings_of

    shown = Finding("It rose.", Estimate(1.0, np.nan, np.nan, 3, "score"))._repr_mimebundle_()
    cell = v4.new_code_cell(outputs=[v4.new_output("display_data", shown)])
    (found,) = findings_of(v4.new_notebook(cells=[cell]))
    check_finding(found)
    assert found["sentence"] == "It rose."
    assert found["estimate"]["low"] is None


def test_a_decision_is_told_in_its_quarter_beside_what_the_data_say(data):
    from cxlib.pdca_cycles.log import read_cycles
    from cxlib.pdca_cycles.review import review_cycles

    board = review_cycles(read_cycles(data))
    quarter = data.quarter.shift(-1)
    told = [each.sentence for each in cycles.decision_findings(board, quarter.start, quarter.end)]
    assert told == [
        "“Route contacts through a new menu” (P03): decided to abandon. Result: worsened; by the "
        "rule: abandon.",
        "“Add chat agents for the new year” (P06): decided to adopt. Result: no detectable change; "
        "by the rule: abandon.",
    ]
    (told,) = cycles.decision_findings(board, data.quarter.start, data.quarter.end)
    assert told.sentence == (
        "“Coach the team after a bad month” (P05): decided to adopt. Result: no detectable change; "
        "by the rule: adapt."
    )
    before = data.quarter.shift(-8)
    (nothing,) = cycles.decision_findings(board, before.start, before.end)
    assert "No decision" in nothing.sentence
    assert not nothing.news


def test_a_table_keeps_its_numbers_and_sets_them_on_the_right(monkeypatch):
    share = wording.estimate(Estimate(0.5, 0.4, 0.6, 9, "share"))
    rows = [
        {"KPI": "CSAT", "Value": share, "n": wording.number(9)},
        {"KPI": "NPS", "Value": "not known", "n": wording.number(12.34)},
    ]
    table = make_table(rows, "KPIs")
    assert list(table.data) == ["KPI", "Value", "Value low", "Value high", "n"]
    assert table.data["Value high"].tolist()[0] == 0.6
    assert table.data.n.tolist() == [9, 12.34]
    assert table._repr_html_().count('<td class="number"') == 4
    monkeypatch.delenv("CX_OUTPUT", raising=False)
    # JupyterLab sets cells on the right, and knows no style of ours.
    assert '<td style="text-align:left"' in table._repr_html_().replace(' class="text"', "")
    monkeypatch.setenv("CX_OUTPUT", ".")
    assert "style" not in table._repr_html_()
    assert make_table([], "nothing") is None


def test_a_section_shows_its_parts_in_their_order_and_leaves_out_what_is_not_there(capsys):
    section = Section(Finding("First."), None, Finding("Then."))
    section._ipython_display_()
    assert [each.sentence for each in section.parts] == ["First.", "Then."]
    out = capsys.readouterr().out
    assert 0 <= out.index("First.") < out.index("Then.")
