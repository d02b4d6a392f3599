"""Opening a dataset: what is used, what is set apart and why, and what is refused."""

from functools import partial

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cxlib.data import opening
from cxlib.data.contract import schemas
from cxlib.errors import ArgumentError, DataError
from tests.conftest import ROOT, SOURCE, draws

# Ids are looked at as they are.
open_dataset = partial(opening.open_dataset, raw_ids=True)


def intake(data, table):
    return next(each for each in data.intake if each.table == table)


def ids(data, table):
    return set(data.tables[table].execute().iloc[:, 0])


HEAD = "interaction_id,customer_id,started_at,channel,wait_seconds,resolved\n"


@pytest.mark.parametrize(
    ("file", "line", "column", "value", "rule"),
    [
        ("surveys", "r9,1,a,2026-01-06,,nps,11\n", "score", "11",
         "must be a whole number from 0 to 10 for metric nps"),
        ("surveys", "r9,1,a,2026-01-06,,nps,7.5\n", "score", "7.5",
         "must be a whole number from 0 to 10 for metric nps"),
        ("surveys", "r9,1,a,2026-01-06,,NPS,7\n", "metric", "NPS", "must be one of nps, csat, ces"),
        ("surveys", "r1,1,a,2026-01-06,,nps,7\n", "response_id", "r1",
         "must be unique (the first row is used)"),
        ("interactions", "z,99,2026-01-06,phone,1,true\n", "customer_id", "99",
         "must be among the rows used of customers"),
        ("interactions", "z,1,2026-01-06,phone,-1,true\n", "wait_seconds", "-1",
         "must be at least 0"),
        ("interactions", "z,1,2026-02-30,phone,1,true\n", "started_at", "2026-02-30",
         "must be readable as date or time"),
        ("interactions", "z,1,05/01/2026,phone,1,true\n", "started_at", "05/01/2026",
         "must be readable as date or time"),
        ("interactions", "z,1,,phone,1,true\n", "started_at", None, "must not be empty"),
        ("interactions", "z,1,2026-01-06,phone,inf,true\n", "wait_seconds", "inf",
         "must be a finite number"),
        ("interactions", "z,1,2026-01-06,phone,nan,true\n", "wait_seconds", "nan",
         "must be readable as number"),
        ("interactions", "z,1,2026-01-06,phone,1_000,true\n", "wait_seconds", "1_000",
         "must be readable as number"),
        ("interactions", "z,1,2026-01-06,phone,1,maybe\n", "resolved", "maybe",
         "must be readable as true or false"),
        ("customers", "9,404,user\n", "account_id", "404",
         "must be among the rows used of accounts"),
        ("interactions", "z,1,9999-12-31,phone,1,true\n", "started_at", "9999-12-31",
         "must lie between 1900 and 2100"),
        ("interactions", "z,1,2026-01-06,   ,1,true\n", "channel", "   ", "must not be empty"),
    ],
)  # fmt: skip
def test_a_faulty_row_is_set_apart_with_file_column_value_and_rule(
    write, file, line, column, value, rule
):
    data = open_dataset(write(**{f"{file}__csv": SOURCE[f"{file}.csv"] + line}))
    (fault,) = data.faults.to_dict("records")
    assert (fault["file"], fault["column"], fault["rule"]) == (f"{file}.csv", column, rule)
    assert fault["value"] == value or (value is None and pd.isna(fault["value"]))
    each = intake(data, file)
    assert each.quarantined == 1
    assert each.read == each.used + each.quarantined == SOURCE[f"{file}.csv"].count("\n")


def test_a_row_with_two_faults_counts_once_and_names_both(write):
    text = SOURCE["interactions.csv"] + "z,1,never,phone,-1,true\n"
    data = open_dataset(write(interactions__csv=text))
    assert list(data.faults.column) == ["started_at", "wait_seconds"]
    assert intake(data, "interactions").quarantined == 1


def test_rows_that_refer_to_a_row_set_apart_follow_it(write):
    data = open_dataset(write(customers__csv="customer_id,account_id\n1,001\n2,404\n3,002\n"))
    assert ids(data, "interactions") == {"a", "c"}
    assert ids(data, "surveys") == {"r1", "r3"}
    # The customer, the contact, and the survey twice: for its customer and for its contact.
    assert list(data.faults.table) == ["customers", "interactions", "surveys", "surveys"]
    assert intake(data, "surveys").quarantined == 1


def test_a_faulty_first_copy_does_not_cost_its_sound_twin(write):
    text = (
        SOURCE["interactions.csv"] + "z,1,2026-01-06,phone,-5,true\nz,1,2026-01-06,phone,5,true\n"
    )
    data = open_dataset(write(interactions__csv=text))
    assert "z" in ids(data, "interactions")
    assert list(data.faults.column) == ["wait_seconds"]


def test_a_line_of_the_wrong_length_is_set_apart(write):
    text = SOURCE["revenue.csv"] + "001,2026-01-01\n001,2026-01-01,5,6,7\n"
    data = open_dataset(write(revenue__csv=text))
    each = intake(data, "revenue")
    assert (each.read, each.used, each.quarantined) == (4, 2, 2)
    assert data.faults.rule.str.contains("3 values separated by commas").all()


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"accounts__csv": "account_id,name\n001,Caf\xe9\n".encode("latin-1")},
         r"accounts.csv, line 2: '###,xxxx' is not UTF-8 \(1 such lines\)"),
        ({"accounts__csv": "Konto-Nr\xfc,x\n1,2\n".encode("latin-1")}, "line 1: .* is not UTF-8"),
        ({"interactions__csv": HEAD}, "interactions.csv: the table has no rows"),
        ({"interactions__csv": ""}, "the first line is empty"),
        ({"interactions__csv": "id,when\n1,2\n"}, "column interaction_id is required and missing; it has: id, when"),
        ({"accounts__csv": "account_id;name\n1;2\n"}, "columns are not separated by commas"),
        ({"accounts__csv": "account_id,name,name\n1,2,3\n"}, "'name' twice"),
        ({"surveys__csv": SOURCE["surveys.csv"].replace("nps", "NPS").replace("csat", "CSAT")},
         "none of 3 rows can be used; the commonest fault: metric must be one of nps, csat, ces"),
        ({"surveys__csv": None, "surveys__sql": "SELECT * FROM nowhere"}, "surveys.sql: .*nowhere"),
        ({"surveys__csv": None, "surveys__sql": "SELECT 1; SELECT 2"}, "must be one SELECT"),
        ({"surveys__csv": None, "surveys__sql": "DROP TABLE x"}, "must be one SELECT"),
        ({"surveys__csv": None, "surveys__sql": "SELECT ((1"}, "surveys.sql, line 1: not readable"),
        ({"dataset__toml": None}, "dataset.toml: not found"),
        ({"dataset__toml": 'name="x"\n[source]\nengine="oracle"'}, "source.engine == 'oracle'"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_refused_with_what_and_where(write, files, message):
    with pytest.raises(DataError, match=message):
        open_dataset(write(**files))


def test_a_folder_that_does_not_exist_is_refused():
    with pytest.raises(ArgumentError, match="there is no such folder"):
        open_dataset("no/such/folder")


def test_a_folder_without_any_table_is_refused(tmp_path):
    (tmp_path / "dataset.toml").write_text('name = "x"')
    with pytest.raises(DataError, match="no table found"):
        open_dataset(tmp_path)


def test_optional_tables_and_columns_may_be_missing(write):
    data = open_dataset(write(accounts__csv=None, surveys__csv=None, revenue__csv=None))
    assert set(data.tables) == {"customers", "interactions"}
    assert "cost" in intake(data, "interactions").missing
    assert data.lacks("interactions", "cost") == "the column interactions.cost"
    assert data.lacks("surveys") == "the table surveys"
    assert data.has("interactions", "wait_seconds", "role")


def test_ids_stay_text_and_attributes_get_their_types(write):
    accounts = "account_id,region,size,code,active,since,mixed\n" + (
        "001,EMEA,1.5,007,true,2026-01-01,1\n002,APAC,2,008,false,2026-01-02,x\n"
    )
    data = open_dataset(write(accounts__csv=accounts))
    assert ids(data, "accounts") == {"001", "002"}
    assert dict(intake(data, "accounts").attributes) == {
        "size": "number", "code": "text", "active": "true or false",
        "since": "date or time", "mixed": "text",
    }  # fmt: skip


def test_an_id_stored_as_a_fraction_is_refused(write):
    folder = write(accounts__csv=None)
    pd.DataFrame({"account_id": [1.0, 2.0]}).to_parquet(folder / "accounts.parquet")
    with pytest.raises(DataError, match="ids are text"):
        open_dataset(folder)


def test_a_mapping_reads_raw_files_by_name_as_text(write, tmp_path):
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "crm export.csv").write_text("nr;land\n007;DE\n008;FR\n")
    folder = write(
        accounts__csv=None,
        accounts__sql='SELECT nr AS account_id, land AS region FROM "crm export"',
        customers__csv="customer_id,account_id\n1,007\n2,008\n3,008\n",
        revenue__csv=None,
        dataset__toml='name = "x"\n[source]\nfolder = "${NO_SUCH_VARIABLE:-../raw}"\n',
    )
    assert ids(open_dataset(folder), "accounts") == {"007", "008"}


def test_a_raw_file_is_read_as_it_says_and_not_as_its_rows_suggest(write, tmp_path):
    """A mark such as # is no comment, and a late quoted value is no reason to refuse a file."""
    (tmp_path / "raw").mkdir()
    rows = [f"{mark}{i},2026-01-05" for i in range(60) for mark in ("#", "")]
    text = "nr,placed\n" + "\n".join([*rows, '"a ""quoted"" id",2026-01-05']) + "\n"
    (tmp_path / "raw" / "orders.csv").write_text(text)
    mapping = "SELECT nr AS interaction_id, '1' AS customer_id, placed AS started_at, 'web' AS channel FROM orders"
    folder = write(
        interactions__csv=None, interactions__sql=mapping, surveys__csv=None,
        dataset__toml='name = "x"\n[source]\nfolder = "../raw"\n',
    )  # fmt: skip
    assert intake(open_dataset(folder), "interactions").used == 121
    (tmp_path / "raw" / "orders.csv").write_text(text + "one,2,too,many\n")
    data = open_dataset(folder)
    found = intake(data, "interactions")
    assert (found.read, found.used, found.quarantined) == (122, 121, 1)
    assert data.faults[["row", "rule"]].to_numpy().tolist() == [
        [123, "has 4 values, and there are 2 columns"]
    ]


def test_columns_are_known_in_any_capitals_and_never_doubled(write):
    data = open_dataset(write(accounts__csv="Account_ID,REGION\n001,EMEA\n002,APAC\n"))
    assert data.has("accounts", "region")
    with pytest.raises(DataError, match="'Region', 'region' twice"):
        open_dataset(write(accounts__csv="account_id,region,Region\n001,EMEA,x\n002,APAC,y\n"))


def test_a_column_under_a_reserved_name_is_refused(write):
    with pytest.raises(DataError, match="_amount begins with an underscore"):
        open_dataset(write(accounts__csv="account_id,_amount\n001,1\n002,2\n"))


def test_the_account_of_a_contact_is_that_of_its_customer(write):
    """An account_id of the contact's own, be it wrong or a number, changes nothing."""
    text = "interaction_id,customer_id,account_id,started_at,channel\na,1,2,2026-01-05,web\n"
    data = open_dataset(write(interactions__csv=text, surveys__csv=None), where="region = 'EMEA'")
    assert ids(data, "interactions") == {"a"}


def test_a_time_with_an_offset_is_turned_into_utc(write):
    text = SOURCE["interactions.csv"].replace("2026-01-05 09:00:00", "2026-01-31T23:30:00-05:00")
    started = (
        open_dataset(write(interactions__csv=text)).tables["interactions"].execute().started_at
    )
    assert started.iloc[0] == pd.Timestamp("2026-02-01 04:30")


def test_what_contradicts_itself_is_set_apart(write):
    data = open_dataset(
        write(
            accounts__csv="account_id,signup_date,churn_date\n001,2020-01-01,\n002,2020-01-01,2021-01-01\n003,2020-01-01,2019-01-01\n",
            revenue__csv="account_id,booked_at,amount,kind\n001,2026-01-01,100,refund\n001,2026-01-01,-5,refund\n",
        )
    )
    assert list(data.faults.rule) == [
        "must not be before signup_date",
        "must not be above 0 for a refund",
    ]


def test_a_column_that_no_file_brought_hides_no_other(write):
    accounts = "account_id,location\n001,SP\n002,RJ\n"
    data = open_dataset(write(accounts__csv=accounts), where="location = 'SP'")
    assert ids(data, "customers") == {"1"}
    assert ids(data, "interactions") == {"a"}


def test_tables_of_which_a_filter_says_nothing_are_named(write):
    assert open_dataset(write(), where="channel = 'phone'").unfiltered == {
        "accounts",
        "customers",
        "revenue",
    }
    assert open_dataset(write(), where="region = 'EMEA'").unfiltered == frozenset()


def test_a_report_does_not_know_the_future(data):
    earlier = open_dataset(ROOT / "data" / "demo", "2025Q2")
    end = pd.Timestamp("2025-07-01")
    tables = {name: rows.execute() for name, rows in earlier.tables.items()}
    assert tables["interactions"].started_at.max() < end
    assert (
        tables["accounts"].churn_date.max()
        < end
        < data.tables["accounts"].churn_date.max().execute()
    )
    late = tables["surveys"][tables["surveys"].responded_at.isna()]
    assert late.score.isna().all()
    assert (tables["cycles"].plan_date < end).all()
    assert set(tables["cycles"].cycle_id) == {"P01", "P04"}


@pytest.mark.parametrize("quarter", ["2030Q1", "2010Q4"])
def test_a_quarter_outside_the_data_is_refused(quarter):
    with pytest.raises(
        ArgumentError, match="must lie within the data, which runs from 2023-10-01 to"
    ):
        open_dataset(ROOT / "data" / "demo", quarter)


def test_the_fingerprint_follows_the_files(write):
    before = open_dataset(write()).fingerprint
    assert open_dataset(write()).fingerprint == before
    changed = SOURCE["revenue.csv"].replace("100", "101")
    assert open_dataset(write(revenue__csv=changed)).fingerprint != before


def test_rows_used_pass_panderas_own_validation(data):
    known = schemas(data.config.scales)
    # Where contacts are known one by one, there are no counts of them.
    assert known.keys() - data.tables.keys() == {"counts"}
    for name, schema in known.items():
        if name not in data.tables:
            continue
        assert schema.validate(data.tables[name], lazy=True).columns == data.tables[name].columns


cells = st.one_of(
    st.sampled_from(
        ["", "1", "001", "-1", "3.5", "2026-01-05", "phone", "nps", "11", "true", "NaN"]
    ),
    st.text(st.characters(codec="utf-8", exclude_characters='\r\n\0"'), max_size=6),
)


@settings(max_examples=draws(60, 10), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.lists(cells, min_size=6, max_size=6), min_size=1, max_size=8))
def test_used_plus_quarantined_is_read_whatever_comes(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("dirty")
    for name, text in SOURCE.items():
        (folder / name).write_text(text, encoding="utf-8")
    quoted = [",".join(f'"{cell}"' for cell in row) for row in rows]
    text = SOURCE["interactions.csv"] + "\n".join(quoted) + "\n"
    (folder / "interactions.csv").write_text(text, encoding="utf-8")
    each = intake(open_dataset(folder), "interactions")
    assert each.read == 3 + len(rows)
    assert each.used >= 3


@pytest.mark.parametrize(
    "source",
    ["read_csv('/raw/x.csv')", "'/raw/x.csv'", "'x.csv'", "parquet_scan('x')", "glob('*')"],
)
def test_a_mapping_must_not_read_a_file_behind_the_fingerprints_back(source, write):
    folder = write(revenue__csv=None, revenue__sql=f"SELECT * FROM {source}")
    with pytest.raises(DataError, match="by itself; name the raw files by their names alone"):
        open_dataset(folder)


def test_a_dataset_says_what_is_in_it_and_what_to_do_next(write):
    data = open_dataset(write(), "2026Q1", "region = 'EMEA'")
    assert repr(data) == (
        "Small as of 2026Q1: where region = 'EMEA', of 2 accounts, 3 customers, 3 interactions, "
        '3 surveys, 2 revenue. cx.measure(data) measures its KPIs; data.frame("surveys", "role") '
        "gives rows."
    )


def test_rows_come_as_a_frame_with_what_they_refer_to(write):
    found = open_dataset(write(), raw_ids=True).frame("surveys", "role", "region")
    assert dict(zip(found.response_id, found.region, strict=True)) == {
        "r1": "EMEA", "r2": "APAC", "r3": "APAC",
    }  # fmt: skip
    assert set(found.role) == {"user", "admin"}
