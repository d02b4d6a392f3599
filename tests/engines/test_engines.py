"""One dataset folder, three engines: the same rows, the same faults, the same KPIs."""

import time
from functools import partial

import numpy as np
import pandas as pd
import pytest

from cxlib.data import opening
from cxlib.data.contract import schemas
from cxlib.data.dataset import Dataset
from cxlib.data_readiness.outages import find_silences
from cxlib.data_readiness.quality import find_contradictions
from cxlib.data_readiness.quarterly import quarterly_measures
from cxlib.errors import DataError
from cxlib.journeys.channels import containment
from cxlib.journeys.contacts import follow
from cxlib.journeys.hardship import count_signs
from cxlib.journeys.paths import issue_pairs, ways_of
from cxlib.measure.panel import measure
from cxlib.onboard.look import look
from tests.conftest import LONG

# What engines make of ids is looked at as it is.
open_dataset = partial(opening.open_dataset, raw_ids=True)
QUARTER = "2026Q3"
# PySpark 4 calls what pandas 3 deprecates, and leaves its sockets to the garbage collector.
pytestmark = [
    pytest.mark.filterwarnings("ignore:The copy keyword is deprecated"),
    pytest.mark.filterwarnings("ignore:.*socket.socket:pytest.PytestUnraisableExceptionWarning"),
]


def settings_of(engine: str, request) -> str:
    if engine == "postgres":
        request.getfixturevalue("password")
        return request.getfixturevalue("server").settings()
    return request.getfixturevalue(f"{engine}_settings")


@pytest.fixture
def in_engine(request, dataset):
    """Open the same folder in an engine."""

    def open_it(engine: str, quarter: str | None = None, **files: str) -> Dataset:
        return open_dataset(dataset(settings_of(engine, request), **files), quarter)

    return open_it


def assert_same_panel(one: pd.DataFrame, other: pd.DataFrame, keys: list[str]):
    both = one.merge(other.astype({"period": one.period.dtype}), on=keys, suffixes=("", "_other"))
    assert len(both) == len(one) == len(other) > 0
    for name in ("value", "low", "high", "n", "clusters"):
        left, right = both[name].astype(float), both[f"{name}_other"].astype(float)
        np.testing.assert_allclose(right, left, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("engine", ["postgres", "spark"])
class TestSameAsDuckDB:
    def test_every_kpi_by_month_and_channel_and_of_accounts_by_quarter(self, engine, in_engine):
        ours, theirs = in_engine("duckdb", QUARTER), in_engine(engine, QUARTER)
        assert type(next(iter(theirs.tables.values())).get_backend()).__module__ != (
            type(next(iter(ours.tables.values())).get_backend()).__module__
        )
        # Spark takes a minute for each.
        others = [([], "quarter"), (["region"], "quarter")] if engine != "spark" or LONG else []
        for by, period in [(["channel"], "month"), *others]:
            one, other = measure(ours, by=by, period=period), measure(theirs, by=by, period=period)
            assert one.left_out == other.left_out
            assert_same_panel(one.frame, other.frame, ["kpi", "period", *by])

    def test_journeys_and_their_ways_are_the_same(self, engine, in_engine):
        if engine == "spark" and not LONG:
            pytest.skip("Spark takes minutes for it; CX_LONG=1 runs it")
        found = []
        for data in (in_engine("duckdb", QUARTER), in_engine(engine, QUARTER)):
            start, end = data.quarter.shift(-3).start, data.quarter.end
            journeys = follow(data, start, end)
            ways = ways_of(data, journeys, 30)
            signs = {each.name: each.contacts for each in count_signs(data, journeys)}
            found.append((signs, issue_pairs(data, start, end, 30), ways.moves, ways.turns,
                          ways.variants))  # fmt: skip
            assert containment(data, data.start, data.end)
        assert found[0][0] == found[1][0]
        for ours, theirs in zip(found[0][1:], found[1][1:], strict=True):
            pd.testing.assert_frame_equal(ours, theirs, check_dtype=False)

    def test_a_look_at_raw_tables_gives_the_same_rows(self, engine, dataset, request):
        query = "SELECT channel, count(*) AS n FROM raw_interactions GROUP BY channel ORDER BY 2, 1"
        ours, theirs = (
            look(dataset(settings_of(each, request)), query, 3) for each in ("duckdb", engine)
        )
        assert theirs == ours
        assert len(ours.rows) == 3
        with pytest.raises(DataError, match="nowhere"):
            look(dataset(settings_of(engine, request)), "SELECT 1 FROM nowhere", 3)

    def test_intake_and_faults(self, engine, in_engine):
        ours, theirs = in_engine("duckdb"), in_engine(engine)
        assert theirs.intake == ours.intake
        assert sum(each.quarantined for each in ours.intake) > 0
        # A server's rows have no order of their own, so a row's number is the reading's.
        columns = ["table", "file", "column", "value", "rule"]
        pd.testing.assert_frame_equal(
            theirs.faults[columns].sort_values(columns, ignore_index=True),
            ours.faults[columns].sort_values(columns, ignore_index=True),
            check_dtype=False,
        )
        assert (theirs.start, theirs.end, theirs.begins) == (ours.start, ours.end, ours.begins)

    def test_texts_mean_the_same(self, engine, in_engine):
        files = {
            "customers__csv": "customer_id,account_id\n1,1\n",
            "interactions__sql": "SELECT *, '1' AS customer_id, 'phone' AS channel FROM odd_texts",
        }
        ours, theirs = in_engine("duckdb", **files), in_engine(engine, **files)
        assert theirs.intake == ours.intake
        columns = ["column", "value", "rule"]
        assert sorted(theirs.faults[columns].fillna("").itertuples(index=False)) == sorted(
            ours.faults[columns].fillna("").itertuples(index=False)
        )
        key = "interaction_id"
        kept = [
            each.tables["interactions"].execute().sort_values(key, ignore_index=True)
            for each in (ours, theirs)
        ]
        for name in (key, "started_at", "wait_seconds", "resolved"):
            left, right = kept[0][name], kept[1][name]
            assert [None if pd.isna(each) else each for each in left] == [
                None if pd.isna(each) else each for each in right
            ], name

    def test_pseudonyms_and_masks_are_the_same(self, engine, request, dataset):
        note = "'write to ann.lee@mail.example, or +44 20 7946 0958' AS note"
        files = {
            "accounts__sql": "SELECT * FROM raw_accounts",
            "customers__sql": f"SELECT *, {note} FROM raw_customers",
            "revenue__sql": "SELECT * FROM raw_revenue",
        }
        held = []
        for each in ("duckdb", engine):
            folder = dataset(settings_of(each, request), **files)
            tables = opening.open_dataset(folder).tables
            held.append(tables["customers"].execute().sort_values("customer_id", ignore_index=True))
        for name in ("customer_id", "account_id", "note"):
            assert list(held[0][name]) == list(held[1][name])
        # A note that all have is a category, whose values stay apart.
        assert held[0].note.str.startswith("write to [e-mail address], or [phone number] P-").all()
        assert held[0].customer_id.str.fullmatch("C-[0-9a-f]{12}").all()

    def test_the_readiness_page_asks_the_same(self, engine, in_engine):
        found = []
        for each in ("duckdb", engine):
            data = in_engine(each, QUARTER)
            found.append(
                (find_contradictions(data), find_silences(data, data.quarter.start),
                 quarterly_measures(data))
            )  # fmt: skip
        (ours, quiet, measures), (theirs, also_quiet, others) = found
        assert ours == theirs
        assert quiet == also_quiet
        keys = ["table", "column", "what", "quarter"]
        both = measures.merge(others.astype({"quarter": measures.quarter.dtype}), on=keys)
        assert len(both) == len(measures) == len(others)
        np.testing.assert_allclose(both.value_y, both.value_x, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(both.error_y, both.error_x, rtol=1e-9, atol=1e-9)

    def test_a_filter_keeps_the_same_rows(self, engine, in_engine):
        where = "channel = 'phone' AND region IN ('EMEA', 'APAC')"
        ours, theirs = (in_engine(each, QUARTER).filtered(where) for each in ("duckdb", engine))
        for name, rows in ours.tables.items():
            assert int(theirs.tables[name].count().execute()) == int(rows.count().execute()), name


@pytest.mark.parametrize("engine", ["postgres", "spark"])
def test_what_is_wrong_with_a_query_is_said_with_its_file(engine, request, dataset):
    from cxlib.errors import DataError

    folder = dataset(settings_of(engine, request), accounts__sql="SELECT nothing FROM raw_accounts")
    with pytest.raises(DataError, match=r"accounts\.sql: .*nothing") as caught:
        open_dataset(folder)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("engine", ["postgres", "spark"])
def test_a_report_brings_the_rows_over_once(engine, request, dataset, tmp_path, monkeypatch):
    from cxlib.data.dataset import filled
    from cxlib.data.snapshot import land
    from cxlib.data.validate import validate

    # What a machine takes for its own time must not move what is landed.
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    request.addfinalizer(time.tzset)
    request.addfinalizer(monkeypatch.undo)
    whole = validate(dataset(settings_of(engine, request)))
    ours = validate(dataset(settings_of("duckdb", request)))
    landed = land(whole, tmp_path / "rows")
    for name, key in (("interactions", "interaction_id"), ("accounts", "account_id")):
        both = [each.tables[name].order_by(key).execute() for each in (ours, landed)]
        pd.testing.assert_frame_equal(*both, check_dtype=False)
    # Where contacts are known one by one, there are no counts of them.
    known = set(schemas(whole.config.scales)) - {"counts"}
    assert set(landed.tables) == set(filled(whole.tables)) == known
    for name, rows in landed.tables.items():
        assert rows.get_backend().name == "duckdb"
        assert int(rows.count().execute()) == next(
            each.used for each in whole.intake if each.table == name
        )


def test_spark_reads_a_file_that_has_changed_anew(request, dataset):
    accounts = "account_id,region\na,N\nb,S\n"
    revenue = "account_id,booked_at,amount\na,2026-01-05,10\n"
    folder = dataset(settings_of("spark", request), accounts__csv=accounts, revenue__csv=revenue)
    first = open_dataset(folder)
    (folder / "accounts.csv").write_text(accounts.replace("S", "W") + "c,E\n")
    second = open_dataset(folder)
    regions = set(second.tables["accounts"].execute().region)
    assert regions == {"N", "W", "E"}
    assert int(first.tables["accounts"].count().execute()) == 2


@pytest.fixture
def accounts(request, dataset):
    """Open a dataset whose accounts come from a query of PostgreSQL's."""

    def make(sql: str) -> Dataset:
        revenue = "SELECT * FROM raw_revenue"
        settings = settings_of("postgres", request)
        return open_dataset(dataset(settings, accounts__sql=sql, revenue__sql=revenue))

    return make


class TestTypesOfPostgreSQL:
    def test_types_that_ibis_does_not_know_are_read_as_texts(self, accounts):
        sql = (
            "SELECT *, 'x'::char(3) AS code, '12.5'::money AS worth, "
            "'infinity'::timestamp AS until FROM raw_accounts"
        )
        rows = accounts(sql).tables["accounts"].execute()
        assert set(rows.code) == {"x"}
        assert rows.worth.str.contains("12.5").all()
        assert rows.until.isna().all()

    def test_an_endless_date_is_set_apart_with_its_row(self, accounts):
        sql = (
            "SELECT account_id, region, CASE WHEN account_id = (SELECT min(account_id) FROM "
            "raw_accounts) THEN 'infinity'::timestamp END AS churn_date FROM raw_accounts"
        )
        faults = accounts(sql).faults
        fault = faults[faults.column == "churn_date"].iloc[0]
        assert fault.value == "infinity"
        assert "must lie between" in fault.rule

    def test_a_value_that_speaks_of_passwords_is_no_wrong_password(self, accounts):
        from cxlib.errors import DataError

        sql = "SELECT *, CAST('password reset' AS integer) AS topic FROM raw_accounts"
        with pytest.raises(DataError, match="invalid input syntax"):
            accounts(sql)

    def test_the_key_of_pseudonyms_is_not_told_to_the_server(self, request, dataset, monkeypatch):
        from cxlib.data.engines.postgres import Postgres
        from cxlib.data.privacy.pseudonyms import pseudonym_key

        told = []
        raw_sql = Postgres.raw_sql
        monkeypatch.setattr(
            Postgres,
            "raw_sql",
            lambda self, query, **k: told.append(str(query)) or raw_sql(self, query, **k),
        )
        data = opening.open_dataset(dataset(settings_of("postgres", request)))
        assert data.tables["accounts"].execute().account_id.str.match("A-").all()
        assert told
        assert not any(pseudonym_key() in each for each in told)
