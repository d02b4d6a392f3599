"""KPIs that `dataset.toml` defines, against plain pandas; and what is wrong with one in a line."""

import shutil
from dataclasses import replace

import ibis
import pandas as pd
import pytest

from cxlib.data import open_dataset
from cxlib.errors import DataError
from cxlib.measure import catalogue, contrasts, measure, monthly_kpis, restated
from cxlib.measure.status import judge_targets
from cxlib.measure.targets import read_targets
from cxlib.pdca_cycles import confounded, read_cycles
from tests.conftest import ROOT, SOURCE

HEAD = SOURCE["dataset.toml"]
OWN = """
[kpis.long_wait]
label = "Long waits"
value = "wait_seconds > 120 AND channel IN ('phone', 'chat')"
better = "lower"

[kpis.cost_per_minute]
label = "Cost per minute"
kind = "ratio"
value = "cost"
per = "handle_seconds / 60"
unit = "money"

[kpis.ease_of_enterprises]
label = "Ease of large accounts"
table = "surveys"
kind = "mean"
value = "CASE WHEN metric = 'ces' AND service_level = 'premium' THEN score END"

[kpis.in_emea]
label = "Accounts in EMEA"
table = "accounts"
value = "region = 'EMEA'"
"""


@pytest.fixture(scope="module")
def owned(tmp_path_factory):
    """The demonstration with KPIs of its own, a cycle and a target on one of them."""
    folder = tmp_path_factory.mktemp("own") / "demo"
    shutil.copytree(ROOT / "data" / "demo", folder)
    with (folder / "dataset.toml").open("a") as toml:
        toml.write(OWN)
    for name in ("cycles", "targets"):
        path = next(folder.glob(f"{name}.*"))
        frame = pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)
        frame.loc[frame.index[-1], "kpi"] = "long_wait"
        frame.to_csv(path.with_suffix(".csv"), index=False)
        path.unlink() if path.suffix != ".csv" else None
    return open_dataset(folder, "2026Q3", raw_ids=True)


@pytest.fixture(scope="module")
def rows(owned):
    contacts = owned.frame("interactions")
    contacts = contacts[contacts.started_at >= "2026-07-01"]
    answers = owned.frame("surveys", "service_level").dropna(subset=["score"])
    at = answers.responded_at.fillna(answers.sent_at)
    return contacts, answers[(at >= "2026-07-01") & (at < "2026-10-01")]


def test_values_are_those_of_plain_pandas(owned, rows):
    contacts, answers = rows
    now = measure(owned, period="quarter", since=owned.quarter)
    known = contacts.wait_seconds.notna()
    long = (contacts.wait_seconds > 120) & contacts.channel.isin(["phone", "chat"])
    assert now.estimate("long_wait").value == pytest.approx(long[known].mean())
    both = contacts.dropna(subset=["cost", "handle_seconds"])
    per = both.cost.sum() / (both.handle_seconds.sum() / 60)
    assert now.estimate("cost_per_minute").value == pytest.approx(per)
    ease = answers[(answers.metric == "ces") & (answers.service_level == "premium")].score
    assert len(ease) > 20
    found = now.estimate("ease_of_enterprises")
    assert (found.value, found.n) == (pytest.approx(ease.mean()), len(ease))
    assert found.low < found.value < found.high
    assert 0.3 < now.estimate("in_emea").value < 0.6


def test_a_ratio_is_of_rows_of_which_both_parts_are_known(write):
    files = {
        "dataset.toml": HEAD + '[kpis.x]\nlabel = "X"\nkind = "ratio"\nvalue = "a"\nper = "b"\n',
        "interactions.csv": "interaction_id,customer_id,started_at,channel,a,b\n"
        "a,1,2026-01-05,phone,10,2\nb,2,2026-01-06,phone,99,\nc,3,2026-01-07,chat,,50\n"
        "d,3,2026-01-08,chat,2,2\n",
    }
    found = measure(open_dataset(write(**files), raw_ids=True), ["x"]).frame
    assert (found.value[0], found.n[0]) == (3.0, 2)


def test_it_is_split_tested_targeted_and_kept_apart_from_what_it_restates(owned):
    by = measure(owned, ["long_wait"], by=["region"], period="quarter").frame
    assert set(by.region) == {"AMER", "APAC", "EMEA"}
    tested = contrasts(owned, owned.quarter, owned.quarter.previous)
    assert {"long_wait", "cost_per_minute"} <= {each.kpi.name for each in tested}
    assert "long_wait" in monthly_kpis(measure(owned, period="month"))
    families = restated(catalogue(owned.config))
    assert any({"long_wait", "average_speed_of_answer"} <= each for each in families)
    assert not any({"long_wait", "transfer_rate"} <= each for each in families)
    assert any(each.kpi and each.kpi.name == "long_wait" for each in read_cycles(owned))


def test_two_cycles_at_once_on_a_kpi_of_ones_own_are_not_kept_apart(owned):
    log = owned.tables["cycles"].execute().head(2)
    log["kpi"], log["control_scope"] = "long_wait", None
    log["do_date"], log["check_date"] = pd.Timestamp("2026-01-01"), pd.Timestamp("2026-06-01")
    log["scope"] = ["channel = 'phone'", "region = 'EMEA'"]
    both = replace(owned, tables=owned.tables | {"cycles": ibis.memtable(log)})
    assert len(confounded(both, read_cycles(both))) == 1
    goals = judge_targets(read_targets(owned))
    assert "Long waits" in {each.label for each in goals if not each.problem}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('value = "resolvd"', "kpis.x.value: there is no column resolvd; did you mean resolved"),
        ('value = "wait_seconds"', "kpis.x.value: 'wait_seconds' must be true or false"),
        ("value = \"wait_seconds > 'long'\"", "does not fit the type of the column: wait_seconds"),
        ('value = "channel"\nkind = "mean"', "must be a number, since it is a mean"),
        ('value = "count(*)"\nkind = "mean"', r"kpis.x.value: COUNT\(\*\) is not understood"),
        ('value = "(SELECT 1)"', "is not understood; use columns"),
        ('value = "resolved; DROP TABLE x"', "must be one formula and nothing after it"),
        ('value = "resolved FROM x"', "must be one formula and nothing after it"),
        ('value = "resolved AND"', "not readable as a formula"),
        ("value = \"customer_id = '1'\"", "customer_id tells persons or accounts apart"),
        ('value = "1 = 1"', "names no column"),
        ('value = "resolved"\nunit = 3', "kpis.x.unit == 3, must be text in quotes"),
        ('value = "resolved"\ncolour = "red"', "unknown setting kpis.x.colour"),
        ('value = "resolved"\nbetter = "up"', "kpis.x.better == 'up', must be one of higher"),
        ("", "kpis.x.value is missing"),
        ('value = "wait_seconds"\nkind = "ratio"', "kpis.x.per is missing"),
        ('value = "resolved"\nper = "size"', "kpis.x.per: only a ratio has it"),
    ],
)
def test_a_mistake_is_one_line_with_file_and_key(write, text, message):
    folder = write(**{"dataset.toml": f'{HEAD}\n[kpis.x]\nlabel = "X"\n{text}\n'})
    with pytest.raises(DataError, match=message) as caught:
        open_dataset(folder)
    assert "dataset.toml: " in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["nps", "csat_top2", "Escalated", "9x"])
def test_a_name_that_is_taken_or_no_name(write, name):
    toml = f'{HEAD}\n[kpis.{name}]\nlabel = "X"\nvalue = "resolved"\n'
    with pytest.raises(DataError, match=rf"dataset.toml: kpis.{name}: "):
        catalogue(open_dataset(write(**{"dataset.toml": toml})).config)
