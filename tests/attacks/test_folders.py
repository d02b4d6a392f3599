"""Promise: a report overwrites and removes nothing that no report wrote."""

import json
import os
import random

import pytest

from cxlib.batch.ownership import MARK, OURS
from tests.conftest import cx

GOOD = {"01_first": ["print('first')"], "02_second": ["x = 1", "print('second')"]}


@pytest.fixture
def arguments(write, suite, tmp_path):
    suite(**GOOD)
    return ["report", "2026Q1", "--dataset", write(), "--notebooks", tmp_path / "suite"]


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def refused(run, words):
    assert run.returncode == 2, run.stdout + run.stderr
    assert words in run.stderr
    assert "Traceback" not in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    "name", ["2026Q1/notes.txt", ".work/thesis.txt", ".aside-X/photo.jpg", "index.html"]
)
def test_a_folder_with_something_else_in_it_is_refused_and_stays(arguments, tmp_path, name):
    out = tmp_path / "mine"
    (out / name).parent.mkdir(parents=True)
    (out / name).write_text("mine")
    refused(cx(*arguments, "--out", out), "was written by no report")
    assert contents(out) == {name: b"mine"}


def test_no_name_is_not_the_working_folder(arguments):
    run = cx(*arguments, "--out", "")
    assert (run.returncode, run.stderr) == (
        2, "cx: --out is empty; name the folder of all reports\n"
    )  # fmt: skip


def test_what_is_laid_into_our_folder_stays_at_the_next_run(arguments, suite, tmp_path):
    out = tmp_path / "reports"
    assert cx(*arguments, "--out", out).returncode == 0
    laid = {
        "notes.txt": b"above all", ".work/draft.txt": b"draft", ".aside-2026Q1/old.txt": b"old",
        "2026Q1/notes.txt": b"beside the pages", "2026Q1/tables/mine.csv": b"a,b",
        "2026Q1/meeting/minutes.md": b"minutes",
    }  # fmt: skip
    for name, text in laid.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_bytes(text)
    (out / "2026Q1" / "link").symlink_to(tmp_path)
    suite(**GOOD | {"02_second": ["print('anew')"]})
    run = cx(*arguments, "--out", out)
    assert run.returncode == 0, run.stderr
    assert "anew" in (out / "2026Q1" / "second.html").read_text()
    after = contents(out)
    assert {name: after[name] for name in laid} == laid
    assert os.readlink(out / "2026Q1" / "link") == str(tmp_path)


def test_what_is_laid_beside_slices_stays_when_a_run_makes_none(write, suite, tmp_path):
    """Slices made before are kept as they are; what lies beside their pages as well."""
    people = [f"{n},a{n},{'EMEA' if n % 2 else 'APAC'}" for n in range(80)]
    rows = [f"i{n},{n},2026-01-{1 + n % 28:02},phone" for n in range(80)]
    folder = write(
        accounts__csv="account_id\n" + "\n".join(f"a{n}" for n in range(80)) + "\n", surveys__csv=None, revenue__csv=None,
        customers__csv="customer_id,account_id,region\n" + "\n".join(people) + "\n",
        interactions__csv="interaction_id,customer_id,started_at,channel\n" + "\n".join(rows) + "\n",
    )  # fmt: skip
    suite(**GOOD)
    arguments = ["report", "2026Q1", "--dataset", folder, "--notebooks", tmp_path / "suite"]
    out = tmp_path / "reports"
    run = cx(*arguments, "--out", out, "--by", "region")
    assert run.returncode == 0, run.stderr
    page, note = (out / "2026Q1" / "by-region" / "EMEA" / name for name in ("first.html", "n.txt"))
    note.write_text("mine")
    for _ in range(2):
        run = cx(*arguments, "--out", out, "--fresh")
        assert run.returncode == 0, run.stderr
        assert note.read_text() == "mine"
        assert page.is_file()


def test_a_file_of_ours_by_name_alone_is_not_replaced(arguments, suite, tmp_path):
    out = tmp_path / "reports"
    assert cx(*arguments, "--out", out).returncode == 0
    (out / "2026Q1" / "third.html").write_text("mine")
    before = contents(out)
    suite(**GOOD | {"03_third": ["print('third')"]})
    refused(cx(*arguments, "--out", out), "third.html: was written by no report")
    assert contents(out) == before
    (out / "index.html").write_text("my own front page")
    refused(cx(*arguments, "--out", out), "index.html: was written by no report")


@pytest.mark.parametrize("what", ["quarter", "whole"])
def test_a_quarter_that_is_a_link_or_not_a_report_is_refused(arguments, tmp_path, what):
    out = tmp_path / "reports"
    assert cx(*arguments, "--out", out).returncode == 0
    elsewhere = tmp_path / "elsewhere"
    os.replace(out / "2026Q1", elsewhere)
    if what == "quarter":
        (out / "2026Q1").symlink_to(elsewhere)
        refused(cx(*arguments, "--out", out, "--fresh"), "is a link")
        assert os.readlink(out / "2026Q1") == str(elsewhere)
    else:
        (out / "2026Q1").mkdir()
        (out / "2026Q1" / "thesis.txt").write_text("mine")
        refused(cx(*arguments, "--out", out), "holds no report")
        assert (out / "2026Q1" / "thesis.txt").read_text() == "mine"


def broken(record: dict, rng: random.Random):
    """A record of a run with something in it that is not as it should be."""
    wrong = rng.choice([None, 7, "x", [], {}, ["../../secret"], "../../secret", {"x": 1}, True])
    place = record
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            break
        key = rng.choice(keys)
        if isinstance(place[key], dict | list) and place[key] and rng.random() < 0.7:
            place = place[key]
            continue
        if rng.random() < 0.3:
            del place[key]
        else:
            place[key] = wrong
        break
    return record


def test_no_record_of_an_earlier_run_can_bring_a_run_down_or_lead_outside(arguments, tmp_path):
    """Sixty records with a hand in them: the next run makes its pages all the same."""
    from cxlib.batch.edition import files_in, has_page, read_published

    out = tmp_path / "reports"
    assert cx(*arguments, "--out", out).returncode == 0
    (tmp_path / "secret").write_text("secret")
    folder = out / "2026Q1"
    good = {name: (folder / name).read_text() for name in ("run.json", "findings.json")}
    ended = []
    for seed in range(60):
        rng = random.Random(seed)
        name = rng.choice(list(good))
        for each, text in good.items():
            (folder / each).write_text(text)
        text = json.dumps(broken(json.loads(good[name]), rng))
        (folder / name).write_text(text if rng.random() < 0.8 else text[: rng.randrange(len(text))])
        published = read_published(folder)
        for each in published.entries if published else ():
            has_page(published, each)
        assert not any(".." in each for each in files_in(folder))
        if seed % 10 == 0:
            run = cx(*arguments, "--out", out)
            ended.append(run.returncode)
            assert "Traceback" not in run.stderr
            assert "first" in (folder / "first.html").read_text()
    assert set(ended) <= {0, 2}
    assert not any(path.read_bytes() == b"secret" for path in out.rglob("*") if path.is_file())


def test_the_mark_is_in_a_place_that_nobody_else_reads(arguments, tmp_path):
    out = tmp_path / "reports"
    assert cx(*arguments, "--out", out).returncode == 0
    assert (out / OURS / MARK).is_file()
    assert os.stat(out / OURS).st_mode & 0o077 == 0
