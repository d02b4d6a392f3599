"""Promise: whatever is typed or written ends in pages or in one line, and reads nothing else."""

import os
import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cxlib.data import open_dataset
from cxlib.data.config import Config, read_config
from cxlib.data.hidden_filters import refuse_persons
from cxlib.errors import CxError
from cxlib.onboard.look import look
from tests.conftest import SOURCE

# 10,000 of all kinds by CX_INPUTS=3334, which takes an hour.
INPUTS = int(os.environ.get("CX_INPUTS", "60"))
SECRET = "zq-secret"
many = settings(
    max_examples=INPUTS, suppress_health_check=list(HealthCheck), deadline=None, derandomize=True
)

COLUMNS = st.sampled_from(
    ["region", "size", "channel", "score", "metric", "resolved", "started_at", "customer_id",
     "account_id", "nothing", '"a b"', "persona", "known", "name"]
)  # fmt: skip
LITERALS = st.one_of(
    st.integers(-(10**20), 10**20).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.text(max_size=12).map(lambda text: "'" + text.replace("'", "''") + "'"),
    st.sampled_from(["NULL", "true", "DATE '2026-01-01'", "now()", "'2026-01-05'", "1/0", "x'00'"]),
)
SIMPLE = st.one_of(
    st.builds("{} {} {}".format, COLUMNS, st.sampled_from(
        ["=", "<>", "<", ">=", "LIKE", "ILIKE", "~", "IS", "IS NOT", "||"]), LITERALS),
    st.builds("{} IN ({})".format, COLUMNS, st.lists(LITERALS, max_size=3).map(", ".join)),
    st.builds("{} BETWEEN {} AND {}".format, COLUMNS, LITERALS, LITERALS),
    st.builds("{} IN (SELECT {} FROM {})".format, COLUMNS, COLUMNS, st.sampled_from(
        ["accounts", "read_text('/etc/passwd')"])),
)  # fmt: skip
FILTERS = st.one_of(
    st.recursive(SIMPLE, lambda inner: st.one_of(
        st.builds("({} AND {})".format, inner, inner),
        st.builds("{} OR {}".format, inner, inner),
        st.builds("NOT ({})".format, inner),
    ), max_leaves=12),
    st.text(max_size=60),
    st.builds("{}{}".format, SIMPLE, st.sampled_from(
        ["; DROP TABLE accounts", " UNION SELECT 1", " --", " /*", " GROUP BY 1", "\x00", "\\"])),
)  # fmt: skip

SOURCES = st.sampled_from(
    ["raw", "raw AS r", "secret", "'{secret}'", "read_csv('{secret}')", "read_text('{secret}')",
     "query('SELECT * FROM read_blob(''{secret}'')')", "query_table('{secret}')",
     "sniff_csv('{secret}')", "glob('/etc/*')", "range(3) AS t(nr)", "duckdb_settings()",
     "(SELECT * FROM raw) AS t", "raw, raw AS b", "generate_series(1, 3) AS t(nr)", "raw r JOIN raw s USING (nr)",
     "(VALUES ('001', 'EMEA')) AS t(nr, land)", "information_schema.tables", "_cx_raw_accounts"]
)  # fmt: skip
GIVEN = st.lists(
    st.sampled_from(
        ["nr AS account_id", "land AS region", "'001' AS account_id", "*", "1/0 AS size",
         "CAST(land AS INT) AS size", "nr::DATE AS signup_date", "NULL AS region", "land",
         "getenv('HOME') AS region", "current_setting('home_directory') AS region",
         "error('ann@mail.org') AS region", "count(*) AS size", "[1, 2] AS region",
         "{'a': 1} AS region", "'\x00' AS region", "nr AS _row", "repeat(nr, 100) AS region"]
    ), min_size=1, max_size=4,
).map(", ".join)  # fmt: skip
MAPPINGS = st.one_of(
    st.builds("SELECT {} FROM {}{}".format, GIVEN, SOURCES, st.sampled_from(
        ["", " WHERE nr = '001'", " LIMIT 1", " ORDER BY 1", ";", "; SELECT 1", " -- UNSURE: x"])),
    st.builds("WITH t AS (SELECT {} FROM {}) SELECT * FROM t".format, GIVEN, SOURCES),
    st.sampled_from(["", ";", "COPY raw TO '{secret}'", "INSTALL httpfs", "ATTACH '{secret}'",
                     "SET threads = 1", "DROP TABLE raw", "PRAGMA version", "FROM raw", "DESCRIBE raw"]),
    st.text(max_size=40),
)  # fmt: skip

VALUES = st.recursive(
    st.one_of(
        st.integers(-5, 10**19).map(str), st.floats().map(repr), st.booleans().map(str),
        st.sampled_from(['""', '"x"', '"EUR"', "true", "2026-01-31", "12:00:00", '"../.."', '"/etc"',
                         '"${HOME}"', '"${NO_SUCH}"', '"postgres"', "nan", "inf", '"accounts.name"']),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda each: f"[{', '.join(each)}]"),
        st.builds("{{a = {}}}".format, inner),
    ), max_leaves=4,
)  # fmt: skip
NAMES = st.sampled_from([
    "name", "description", "currency", "fiscal_year_start", "scales.csat", "scales.own",
    "source.folder", "source.engine", "source.nothing", "source.password", "thresholds.repeat_days",
    "thresholds.service_level_by_channel", "channels.synchronous", "tiers.buffer", "tiers.revenue",
    "tiers.capacity_1", "tiers.overrides", "tiers.horizon_years", "care.hours", "care.surplus_1",
    "personas.features", "personas.names", "privacy.personal", "privacy.public",
    "privacy.smallest_group", "inventory", "nothing", "thresholds",
])  # fmt: skip
TOMLS = st.one_of(
    st.lists(st.builds("{} = {}".format, NAMES, VALUES), max_size=5).map(
        lambda lines: "\n".join(['name = "S"', *lines])
    ),
    st.text(max_size=60),
)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A small dataset with a raw file, and a secret that is none of its files."""
    folder = tmp_path_factory.mktemp("inputs") / "dataset"
    folder.mkdir()
    for name, text in SOURCE.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "raw.csv").write_text("nr,land\n001,EMEA\n002,APAC\n")
    secret = folder.parent / "secret.csv"
    secret.write_text(f"nr,land\n{SECRET},{SECRET}\n")
    return folder


def ends_well(work):
    """Do it, and hear of nothing but our own errors, in one line and without the secret."""
    said = ""
    try:
        return work()
    except CxError as error:
        said = str(error)
    assert "\n" not in said.strip()
    assert SECRET not in said
    assert "ann@mail.org" not in said
    return None


@pytest.fixture(scope="module")
def opened(place):
    return open_dataset(place)


@given(FILTERS)
@many
def test_any_filter_is_applied_or_refused(opened, where):
    whole = {each.table: each.used for each in opened.intake}

    def apply():
        refuse_persons(where, opened.pseudonyms)
        part = opened.filtered(where)
        return {name: int(rows.count().execute()) for name, rows in part.tables.items()}

    left = ends_well(apply) or {}
    # Refused, or no table has a row more than before; what has none left is not there.
    assert all(0 < count <= whole[name] for name, count in left.items())


@given(MAPPINGS)
@many
def test_any_mapping_is_read_or_refused(place, query):
    mapping, table = place / "accounts.sql", place / "accounts.csv"
    text = query.replace("{secret}", str(place.parent / "secret.csv"))
    before = {path: path.read_bytes() for path in place.parent.rglob("*") if path.is_file()}
    mapping.write_text(text, encoding="utf-8", newline="")
    try:
        data = ends_well(lambda: open_dataset(place, raw_ids=True))
        shown = ends_well(lambda: look(place, text, 5))
        for found in (data and data.tables["accounts"].execute().to_csv(), shown):
            assert SECRET not in str(found)
    finally:
        mapping.unlink()
    assert table.is_file()
    assert before == {path: path.read_bytes() for path in place.parent.rglob("*") if path.is_file()}


@given(TOMLS)
@many
def test_any_settings_are_taken_or_refused(place, text):
    toml = place / "dataset.toml"
    before = toml.read_text()
    try:
        toml.write_text(text, encoding="utf-8", newline="")
        config = ends_well(lambda: read_config(place))
        if config and config.source == Config("S").source:
            ends_well(lambda: open_dataset(place))
    finally:
        toml.write_text(before)
    assert tomllib.loads(before)
    assert isinstance(place, Path)
