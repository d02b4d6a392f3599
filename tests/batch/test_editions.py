"""Which notebooks a run executes, for which quarters and slices, and where their pages go."""

import json
import re

import pytest

from cxlib.batch.slices import LEAST, find_slices
from cxlib.data import open_dataset
from cxlib.errors import ArgumentError
from tests.conftest import PARTS, ROOT, cx, ran

GOOD = {"01_first": ["print('first')"], "02_second": ["print('second')"]}


# Quarters -----------------------------------------------------------------------------------------


def test_several_quarters_in_one_call_and_what_was_restated(tmp_path):
    out = tmp_path / "out"
    run = cx("report", "2026Q2..2026Q3", "--only", "kpi_drivers", "--out", out)
    assert ran(run) == ["kpi_drivers"] * 2
    before, now = ((out / name / "index.html").read_text() for name in ("2026Q2", "2026Q3"))
    assert "No report of the quarter before is there to compare with." in before
    found = re.search(r"<p>(\d+) of the (\d+) numbers that the report of 2026Q2 gave are", now)
    assert 1 <= int(found[1]) <= 10
    assert int(found[2]) > 200
    assert "because some facts of 2026Q2 became known only after it had ended" in now
    assert "<td>Repeat contact rate</td><td>2026Q2</td>" in now
    assert ran(cx("report", "2026Q2..2026Q3", "--only", "kpi_drivers", "--out", out)) == []


def test_a_changed_past_is_a_restatement_with_its_reason(tmp_path, write, suite):
    cell = (
        "from cxlib.data import open_dataset\nfrom cxlib.measure import measure\n"
        "from cxlib.kpi_drivers import page\n"
        "data = open_dataset(dataset, quarter, where)\n"
        "panel = measure(data, ['average_speed_of_answer'], period='quarter')\n"
        "measures = page.published_measures(panel, data.config)\n"
        "display(*page.change_findings((), 'before', '', measures))"
    )
    rows = [
        f"{month}{day},1,2026-{month:02}-{day:02} 09:00:00,phone,{{wait}}"
        for month in range(1, 7)
        for day in range(1, 28, 3)
    ]
    text = "interaction_id,customer_id,started_at,channel,wait_seconds\n" + "\n".join(rows) + "\n"
    folder = write(interactions__csv=text.format(wait=30), surveys__csv=None, revenue__csv=None)
    run = ["report", "--dataset", folder, "--notebooks", suite(**{"01_a": [cell]}),
           "--out", tmp_path / "out"]  # fmt: skip
    assert cx(*run, "2026Q1").returncode == 0
    write(interactions__csv=text.format(wait=40), surveys__csv=None, revenue__csv=None)
    assert cx(*run, "2026Q2").returncode == 0
    index = (tmp_path / "out" / "2026Q2" / "index.html").read_text()
    assert "1 of the 1 numbers that the report of 2026Q1 gave are different now" in index
    assert "because the data have changed.</p>" in index
    assert re.search(r">30 s [^<]*</td><td class=\"number\">40 s", index)


@pytest.mark.parametrize(
    ("quarters", "message"),
    [
        ("2026Q3..2026Q1", "the first must not lie after the last"),
        ("2026Q3..", "must be a year and a quarter"),
        ("2026Q1..2026Q9", "must be a year and a quarter"),
        ("2001Q1..2026Q3", "must lie within the data"),
    ],
)
def test_a_wrong_range_is_refused_in_one_line(quarters, message, tmp_path):
    run = cx("report", quarters, "--out", tmp_path / "out")
    assert (run.returncode, run.stderr.count("\n")) == (2, 1)
    assert message in run.stderr


# Slices -------------------------------------------------------------------------------------------


def test_each_value_gets_its_pages_and_small_ones_are_listed(slices_report):
    quarter = slices_report / "2026Q1"
    names = {path.name for path in (quarter / "by-region").iterdir()}
    assert names == {"index.html", "EMEA", "North-America", "b-O-Neil-Sons-b"}
    for folder in (quarter, *(quarter / "by-region" / name for name in names - {"index.html"})):
        pages = {path.name for path in folder.glob("*.html")}
        assert pages == {"index.html", "data_readiness.html", "kpi_drivers.html"}
    index = (quarter / "by-region" / "index.html").read_text()
    assert f"for too few customers (under {LEAST}), or" in index
    assert "protect such a group: APAC.</p>" in index
    assert "Nobody there has made contact or answered: LATAM." in index
    assert "3 customers have no region; they are in the whole only." in index
    assert "<b>O'Neil" not in index
    assert 'href="by-region/index.html"' in (quarter / "index.html").read_text()
    run = json.loads((quarter / "by-region" / "North-America" / "run.json").read_text())
    assert run["where"] == "region = 'North America'"


def test_the_index_of_slices_sets_each_headline_side_by_side(slices_report):
    index = (slices_report / "2026Q1" / "by-region" / "index.html").read_text()
    table = index[index.index("<caption>Data readiness by region") :]
    for name in ("..", "EMEA", "North-America", "b-O-Neil-Sons-b"):
        assert re.search(rf'href="{re.escape(name)}/data_readiness.html#finding-\d+"', table)


def test_slices_are_reused_and_taken_down_when_the_data_change(sliced, suite, tmp_path):
    arguments = ["report", "2026Q1", "--dataset", sliced, "--notebooks", suite(**GOOD),
                 "--out", tmp_path / "out"]  # fmt: skip
    assert len(ran(cx(*arguments, "--by", "region"))) == 8
    assert ran(cx(*arguments, "--by", "region")) == []
    assert ran(cx(*arguments)) == []
    assert (tmp_path / "out" / "2026Q1" / "by-region" / "EMEA" / "first.html").is_file()
    (sliced / "interactions.csv").write_text(
        (sliced / "interactions.csv").read_text() + "new,001,2026-01-02,phone,5\n"
    )
    run = cx(*arguments)
    assert len(ran(run)) == 2
    assert "by-region were of other data, parameters or programs" in run.stdout
    assert not (tmp_path / "out" / "2026Q1" / "by-region").exists()


def test_slices_of_another_notebook_or_parameter_are_taken_down(sliced, suite, tmp_path):
    arguments = ["report", "2026Q1", "--dataset", sliced, "--notebooks", suite(**GOOD),
                 "--out", tmp_path / "out"]  # fmt: skip
    cx(*arguments, "--by", "region")
    suite(**{"01_first": ["print('changed')"]})
    run = cx(*arguments)
    assert ran(run) == ["first"]
    assert "by-region were of other data, parameters or programs" in run.stdout
    assert not (tmp_path / "out" / "2026Q1" / "by-region").exists()


def test_a_slice_that_fails_is_told_on_every_index(sliced, suite, tmp_path):
    tell = "from cxlib.page.finding import Finding\nFinding('{}')"
    arguments = ["report", "2026Q1", "--dataset", sliced, "--by", "region",
                 "--notebooks", suite(**{"01_first": [tell.format("old news")]}),
                 "--out", tmp_path / "out"]  # fmt: skip
    assert cx(*arguments).returncode == 0
    suite(**{"01_first": ["assert 'EMEA' not in where, 'no EMEA'", tell.format("new news")]})
    assert cx(*arguments).returncode == 1
    out = tmp_path / "out"
    index = (out / "2026Q1" / "by-region" / "index.html").read_text()
    told = r"Failed; of the page of 20[^<]+</p>\s*<ul>\s*<li><a [^>]+>old news"
    assert re.search(told, index)
    assert index.count(">new news</a>") == 3
    whole = (out / "2026Q1" / "index.html").read_text()
    assert "region = EMEA, 01_first: failed</strong> in cell 2" in whole
    assert "1 of the slices&#39; pages (failed)" in (out / "index.html").read_text()


def test_a_slice_reports_its_own_rows_and_the_slices_add_up():
    whole = open_dataset(ROOT / "data" / "demo", "2026Q3")
    slices = find_slices(whole, "region")
    counts = {
        value: part.rows("interactions").count().execute() for value, part in slices.parts.items()
    }
    assert sum(counts.values()) == whole.rows("interactions").count().execute()
    assert not slices.too_few
    assert slices.without == 0
    for value, part in slices.parts.items():
        regions = part.rows("interactions", "region").region.value_counts().execute()
        assert list(regions.region) == [value]


def test_slices_within_a_filter():
    data = open_dataset(ROOT / "data" / "demo", "2026Q3")
    slices = find_slices(data, "region", "channel = 'phone'")
    part = slices.parts["EMEA"]
    assert part.where == "(channel = 'phone') AND region = 'EMEA'"
    assert set(part.rows("interactions").channel.value_counts().execute().channel) == {"phone"}


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ("regio", "no column regio; did you mean region"),
        ("account_id", f"none of its [0-9]+ values has {LEAST} active customers or more"),
        ("signup_date", "must hold texts, numbers or flags, not dates"),
    ],
)
def test_a_column_that_makes_no_slices_is_refused(column, message):
    with pytest.raises(ArgumentError, match=message):
        find_slices(open_dataset(ROOT / "data" / "demo", "2026Q3"), column)


def test_the_parts_of_the_sliced_dataset(sliced):
    slices = find_slices(open_dataset(sliced, "2026Q1"), "region")
    assert slices.too_few == ("APAC",)
    assert set(slices.parts) == set(PARTS) - {"APAC"}
    assert slices.silent == ("LATAM",)
    assert slices.without == 3


def test_accounts_that_only_buy_have_slices(write):
    accounts = "account_id,region\n" + "".join(
        f"a{n},{'N' if n % 2 else 'S'}\n" for n in range(2 * LEAST)
    )
    people = "customer_id,account_id\n" + "".join(f"c{n},a{n}\n" for n in range(2 * LEAST))
    revenue = "account_id,booked_at,amount\n" + "".join(
        f"a{n},2026-01-01,10\n" for n in range(2 * LEAST)
    )
    data = open_dataset(write(accounts__csv=accounts, customers__csv=people, revenue__csv=revenue,
                              interactions__csv=None, surveys__csv=None))  # fmt: skip
    slices = find_slices(data, "region")
    assert set(slices.parts) == {"N", "S"}
    assert slices.counted == "accounts"


def test_a_column_of_contacts_makes_no_slices_and_that_is_said(write):
    with pytest.raises(ArgumentError, match="--by channel: slices are made by what customers or"):
        find_slices(open_dataset(write()), "channel")


def test_a_folder_holds_the_quarters_of_one_dataset(write, suite, tmp_path):
    out, notebooks = tmp_path / "out", suite(**{"01_a": ["1"]})
    run = ["report", "--notebooks", notebooks, "--out", out]
    assert cx(*run, "2026Q1", "--dataset", write()).returncode == 0
    write(dataset__toml='name = "Another"\n')
    other = cx(*run, "2026Q2", "--dataset", write(dataset__toml='name = "Another"\n',
               revenue__csv="account_id,booked_at,amount\n001,2026-05-01,5\n"))  # fmt: skip
    assert other.returncode == 2
    assert "2026Q1: holds the pages of 'Small'" in other.stderr
    assert not (out / "2026Q2").exists()
