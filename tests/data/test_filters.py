import pytest

from cxlib.data import open_dataset
from cxlib.errors import ArgumentError


def counts(data):
    return {name: rows.count().execute() for name, rows in data.tables.items()}


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("region = 'EMEA'", {"accounts": 1, "customers": 1, "interactions": 1, "surveys": 1, "revenue": 1}),
        ("channel = 'phone'", {"accounts": 2, "customers": 3, "interactions": 2, "surveys": 2, "revenue": 2}),
        ("channel = 'phone' AND region = 'APAC'", {"accounts": 1, "customers": 2, "interactions": 1, "surveys": 1, "revenue": 1}),
        ("channel IN ('chat', 'web') OR wait_seconds >= 60", {"accounts": 2, "customers": 3, "interactions": 2, "surveys": 2, "revenue": 2}),
        ("NOT (role = 'user')", {"accounts": 2, "customers": 1, "interactions": 1, "surveys": 1, "revenue": 2}),
        ("size BETWEEN 15 AND 25", {"accounts": 1, "customers": 2, "interactions": 2, "surveys": 2, "revenue": 1}),
        ("role LIKE 'adm%'", {"accounts": 2, "customers": 1, "interactions": 1, "surveys": 1, "revenue": 2}),
        ("resolved = true", {"accounts": 2, "customers": 3, "interactions": 2, "surveys": 2, "revenue": 2}),
        ("started_at < '2026-02-01'", {"accounts": 2, "customers": 3, "interactions": 2, "surveys": 2, "revenue": 2}),
        ("score IS NULL", {"accounts": 2, "customers": 3, "interactions": 3, "surveys": 1, "revenue": 2}),
    ],
)  # fmt: skip
def test_a_filter_applies_to_every_table_that_can_tell(write, where, expected):
    assert counts(open_dataset(write(), where=where)) == expected


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("regoin = 'EMEA'", "no column regoin; did you mean region"),
        ("region = EMEA", "EMEA is no value; text is written 'EMEA'"),
        ("region = 'Mars'", "no row of accounts matches it"),
        ("region = 'x'; DROP TABLE accounts", "must be one condition"),
        ("region = 'x' UNION SELECT 1", "must be one condition"),
        ("region = 'x' GROUP BY region", "nothing after it"),
        ("lower(region) = 'emea'", "is not understood"),
        ("region = (SELECT 1)", "is no value"),
        ("size = 'big'", "does not fit the type of the column: size is a number"),
        ("1 = 1", "is not understood"),
        ("channel = 'fone'", "no row of interactions"),
        ("size LIKE '1%'", "does not fit the type"),
        ("region", "does not fit the type"),
        ("size BETWEEN 'a' AND 'b'", "does not fit"),
        ("size IN (1, 'a')", "does not fit"),
        ("size = -'a'", "is no value"),
        ("started_at > '2026-02-30'", "does not fit"),
        ("region ==", "not readable"),
        ("(", "not readable"),
    ],
)  # fmt: skip
def test_anything_but_a_plain_condition_is_refused(write, where, message):
    with pytest.raises(ArgumentError, match=message):
        open_dataset(write(), where=where)


def test_a_filter_that_matches_rows_of_one_table_is_not_refused_for_another(write):
    """Several tables have a channel; nobody visits self-service by phone."""
    folder = write()
    (folder / "events.csv").write_text("customer_id,at,channel\n" + "1,2026-02-03,self-service\n")
    (folder / "complaints.csv").write_text("customer_id,body,opened_at\n1,company,2026-02-03\n")
    data = open_dataset(folder)
    within = data.filtered("channel = 'phone'")
    assert set(within.frame("interactions").channel) == {"phone"}
    assert "complaints" in within.tables
    with pytest.raises(ArgumentError, match="no row of"):
        data.filtered("channel = 'fone'")
