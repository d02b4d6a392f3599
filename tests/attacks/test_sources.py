"""Promise: a source that has vanished, or is no file, costs no page."""

import os

import pytest

from tests.conftest import cx

GOOD = {"01_first": ["print('first')"]}


@pytest.fixture
def arguments(write, suite, tmp_path):
    suite(**GOOD)
    return ["report", "2026Q1", "--dataset", write(), "--notebooks", tmp_path / "suite"]


def refused(run, words):
    assert run.returncode == 2, run.stdout + run.stderr
    assert words in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1


def nothing(path):
    path.symlink_to(path.with_name("nowhere"))


@pytest.mark.parametrize(
    ("put", "words"),
    [
        (nothing, "is a link to"),
        (lambda path: path.mkdir(), "must be a file, and is a folder"),
        (lambda path: os.mkfifo(path), "must be a file, and is a pipe or a device"),
    ],
    ids=["a link to nothing", "a folder", "a pipe"],
)
def test_what_is_no_file_in_the_place_of_one_is_refused(arguments, tmp_path, put, words):
    out, path = tmp_path / "out", tmp_path / "dataset" / "surveys.csv"
    assert cx(*arguments, "--out", out).returncode == 0
    before = (out / "2026Q1" / "first.html").read_bytes()
    path.unlink()
    put(path)
    refused(cx(*arguments, "--out", out), words)
    refused(cx("check", "--dataset", tmp_path / "dataset"), words)
    assert (out / "2026Q1" / "first.html").read_bytes() == before


def test_a_table_that_has_vanished_is_said_and_not_left_out(arguments, tmp_path):
    out = tmp_path / "out"
    assert cx(*arguments, "--out", out).returncode == 0
    (tmp_path / "dataset" / "surveys.csv").unlink()
    refused(cx(*arguments, "--out", out), "surveys of the last report on 2026Q1 cannot be found")
    # Whoever means it says so.
    assert cx(*arguments, "--out", out, "--fresh").returncode == 0


def test_a_password_in_an_address_is_printed_nowhere(arguments):
    run = cx(*arguments, "--out", "nosuch://ann:secret@host/reports?key=abc")
    refused(run, "--out nosuch://host/reports: Protocol not known")
    assert "secret" not in run.stdout + run.stderr
