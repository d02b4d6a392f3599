"""Dirty tables by the thousand: each is used, set apart or refused, and every row is counted."""

import csv
import io
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cxlib.data.config import SCALES, Config
from cxlib.data.contract import schemas
from cxlib.data.engines.base import open_duckdb
from cxlib.data.quarantine import set_apart, sift
from cxlib.data.source import read_table
from cxlib.errors import CxError
from tests.conftest import draws

# `CX_FUZZ=10000` takes a quarter of an hour; every test run draws others.
EXAMPLES = int(os.environ.get("CX_FUZZ", draws(150, 80)))
SCHEMAS = schemas(SCALES)
NAMES = {table: list(SCHEMAS[table].columns) for table in ("interactions", "surveys", "revenue")}
SOUND = {
    "started_at": "2026-01-05 09:00:00", "sent_at": "2026-01-05", "responded_at": "2026-01-06",
    "booked_at": "2026-02-01", "metric": "csat", "score": "4", "amount": "12.5", "channel": "phone",
    "wait_seconds": "30", "abandoned": "false", "resolved": "true", "kind": "new",
}  # fmt: skip
DIRTY = st.sampled_from(
    ["", " ", "NULL", "?", "nan", "inf", "-1", "1e999", "1,5", "1.234,50", "007", "0", "abc", "ÄÖ", "日本",
     "2026-02-30", "05/01/2026", "9999-12-31", "1899-01-01", "2026-01-05T10:00:00+02:00", "yes", "2",
     "true ", "'; DROP TABLE x; --", '"quoted"', "a\nb", "a,b", "\t", "=1+1", "🙂", "x" * 300,
     "\u200b", "-0", "+5", "1_000", "0x10", "NaN", "None", "99999999999999999999"]
) | st.text(max_size=8)  # fmt: skip


@st.composite
def tables(draw):
    """A table's name and its CSV, as careless programs write it."""
    table = draw(st.sampled_from(sorted(NAMES)))
    required = [name for name, column in SCHEMAS[table].columns.items() if column.required]
    optional = [name for name in NAMES[table] if name not in required]
    columns = required + draw(st.lists(st.sampled_from(optional), unique=True, max_size=4))
    columns += draw(
        st.lists(st.sampled_from(["extra", "Über", "select", "a b"]), unique=True, max_size=2)
    )
    if draw(st.integers(0, 9)) == 0:
        columns.remove(draw(st.sampled_from(columns)))
    columns = draw(st.permutations(columns))
    rows = []
    for number in range(draw(st.integers(0, 7))):
        cells = []
        for name in columns:
            clean = SOUND.get(name, f"{name[0]}{draw(st.integers(0, 5))}{number}")
            cells.append(draw(DIRTY) if draw(st.integers(0, 5)) == 0 else clean)
        rows.append(cells)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator=draw(st.sampled_from(["\n", "\r\n"])))
    writer.writerow(columns)
    writer.writerows(rows)
    text = out.getvalue()
    # A bare carriage return in a cell ends a line for every reader: how many rows that makes, the
    # writer of this file does not know.
    torn = any("\r" in cell for row in rows for cell in row)
    tear = (
        "return"
        if torn
        else draw(
            st.sampled_from(["", "", "", "", "line", "quote", "blank", "short", "bytes", "bom"])
        )
    )
    if tear == "line":
        text += "one,line,too,many,values,for,any,table,here,at,all,more,and,more,x,y,z,a,b,c,d,e\n"
    elif tear == "short":
        text += "alone\n"
    elif tear == "quote":
        text += '"never closed,\n'
    elif tear == "blank":
        text += "\n\n"
    content = text.encode("utf-8", errors="replace")
    if tear == "bytes":
        content += b"\xff\xfe,\xe9\n"
    return table, (b"\xef\xbb\xbf" + content if tear == "bom" else content), len(rows), tear


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz")


@settings(
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(tables())
def test_every_row_is_used_set_apart_or_refused_with_one_line(place, drawn):
    table, content, written, tear = drawn
    path = place / f"{table}.csv"
    path.write_bytes(content)
    parents = dict.fromkeys(("accounts", "customers", "interactions"))
    connection = open_duckdb()
    refused = ""
    try:
        raw = read_table(connection, path, table, Config(name="Fuzz"))
        sifted = sift(raw, SCHEMAS[table], parents)
    except CxError as error:
        refused = str(error)
    finally:
        connection.disconnect()
    if refused:
        assert table in refused
        assert len(refused) < 3_000
        return
    intake = sifted.intake
    assert intake.read == intake.used + intake.quarantined
    assert len(set_apart(sifted.faults)) == intake.quarantined
    if tear in ("", "bom"):
        assert intake.read == written
    elif tear in ("line", "short"):
        assert intake.read == written + 1
