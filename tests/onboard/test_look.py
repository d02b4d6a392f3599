"""Looking at raw files with SQL, as a mapping would see them."""

import pytest

from cxlib.errors import ArgumentError, DataError
from cxlib.onboard.look import look
from tests.conftest import cx


@pytest.fixture
def begun(tmp_path):
    """A dataset's folder that has settings alone, and a raw file beside it."""
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "calls.csv").write_text("call;outcome\n1;AGENT\n2;HANG\n3;AGENT\n4;\n")
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "dataset.toml").write_text('name = "Calls"\n\n[source]\nfolder = "../raw"\n')
    return folder


def test_rows_come_in_the_order_of_the_query_and_no_more_than_asked_for(begun):
    query = "SELECT outcome, count(*) AS calls FROM calls GROUP BY ALL ORDER BY calls DESC, outcome"
    found = look(begun, query, 2)
    assert found.columns == ("outcome", "calls")
    assert found.rows == (("AGENT", "2"), ("HANG", "1"))
    assert found.more
    assert look(begun, query, 3).rows[-1] == ("", "1")
    assert not look(begun, query, 3).more


def test_the_columns_are_described(begun):
    found = look(begun, "DESCRIBE calls", 5)
    assert [row[0] for row in found.rows] == ["call", "outcome"]
    assert look(begun, "summarize SELECT outcome FROM calls", 5).rows[0][0] == "outcome"


def test_no_row_is_no_error(begun):
    assert look(begun, "SELECT call FROM calls WHERE false", 5).rows == ()


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("SELEC call FROM calls", "the query, line 1: not readable as SQL"),
        ("DROP TABLE calls", "the query: must be one SELECT statement"),
        ("SELECT cal FROM calls", 'the query: .*"cal" not found.*"call"'),
        ("SELECT 1 FROM nowhere", "the query: .*nowhere does not exist"),
        ("SELECT * FROM '/etc/passwd'", "the query: reads '/etc/passwd' by itself"),
    ],
)
def test_a_query_that_cannot_be_answered_is_explained(begun, query, message):
    with pytest.raises(DataError, match=message):
        look(begun, query, 5)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ArgumentError, match="there is no such folder"):
        look(tmp_path / "no", "SELECT 1", 5)


def test_the_command_shows_a_table_or_where_that_is_too_wide_a_list(begun):
    run = cx("sql", "SELECT outcome, count(*) AS n FROM calls GROUP BY ALL", "--dataset", begun)
    assert run.returncode == 0, run.stderr
    assert [each for each in run.stdout.splitlines() if "AGENT" in each and "2" in each]
    wide = ", ".join(f"'[b]value {n}[/b]' AS column_{n}" for n in range(12))
    run = cx("sql", f"SELECT {wide} FROM calls", "--dataset", begun, "--rows", "1")
    assert "  column_7: [b]value 7[/b]\n" in run.stdout
    assert "the first 1 rows" in run.stdout
    wrong = cx("sql", "SELECT no FROM calls", "--dataset", begun)
    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1)
