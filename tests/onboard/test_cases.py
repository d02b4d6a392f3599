"""The exports that once went wrong, as they stand in the shared folder, with what should come."""

import pytest

from cxlib.measure import measure
from tests.conftest import SHARED

CASES = SHARED / "cases" / "raw"
pytestmark = pytest.mark.shared


@pytest.fixture
def case(init):
    """Begin a dataset from the files of a case."""

    def run(name: str, **answers):
        return init({each.name: each for each in sorted((CASES / name).iterdir())}, **answers)

    return run


def test_ids_with_and_without_a_fraction_are_the_same_people(case):
    begun = case("float_ids2")
    customers = begun.rows("customers")
    assert customers.known.sum() == 40
    assert "without .0 at their end" in begun.asked()


def test_ids_that_differ_by_case(case):
    begun = case("case_ids")
    assert begun.counts("customers") == (40, 40)
    assert "in small letters" in begun.asked()


def test_scores_with_words_at_their_ends(case):
    nps = measure(case("labelled_ends").data(), ["nps"]).estimate("nps")
    assert nps.value == pytest.approx(-45.5, abs=0.05)


def test_brackets_are_less_than_nothing(case):
    begun = case("accounting")
    assert begun.counts("revenue") == (200, 200)
    assert begun.rows("revenue").amount.min() < 0
    assert -100.5 in set(begun.rows("revenue").amount)


@pytest.mark.parametrize(("name", "first"), [("clock_aht", 300.0), ("mmss", 300.0)])
def test_durations_become_seconds(case, name, first):
    begun = case(name)
    found = begun.rows("interactions").set_index("interaction_id")
    assert found.handle_seconds["T0"] == first
    assert "become seconds" in begun.asked() or "min" in begun.asked()


def test_a_line_that_ends_differently(case):
    assert case("nl_lastlf").counts("interactions") == (60, 60)


@pytest.mark.parametrize(
    ("name", "table"), [("title_rows", "interactions"), ("qualtrics", "surveys")]
)
def test_lines_above_the_rows(case, name, table):
    begun = case(name)
    assert begun.counts(table) == (60, 60)
    assert "line" in begun.told


def test_currencies_are_never_added(case):
    begun = case("mixed_currency")
    read, used = begun.counts("revenue")
    assert read == 200
    assert used < 200
    assert begun.rows("revenue").amount.sum() < 40_000
    assert "which count?" in begun.asked()


def test_an_open_end_is_no_churn(case):
    begun = case("open_end")
    assert begun.counts("accounts") == (40, 40)
    assert begun.rows("accounts").churn_date.notna().sum() == 4


def test_offsets_in_half_of_the_rows_are_told(case):
    begun = case("mixed_offset")
    assert "say by which clock (-07:00), the others do not" in begun.asked()
    assert f"{begun.rows('interactions').started_at.min()}" == "2026-07-01 09:00:00"


def test_a_name_with_a_dot(case):
    assert case("name_dot").counts("interactions") == (60, 60)


def test_stray_quotes(case):
    begun = case("two_stray")
    assert begun.counts("interactions") == (60, 60)
    assert "lines 12, 42" in begun.told


def test_a_call_log_without_customers(case):
    begun = case("calls")
    found = begun.rows("interactions").set_index("interaction_id")
    assert f"{found.started_at['ID1']}" == "2021-01-02 09:01:58"
    assert (found.wait_seconds["ID1"], found.handle_seconds["ID1"]) == (11.0, 143.0)
    assert found.abandoned["ID0"]
    assert not found.abandoned["ID1"]
    assert not begun.rows("customers").known.any()
    assert begun.counts("surveys")[0] == found.abandoned.eq(False).sum()


def test_a_snapshot(case):
    begun = case("snapshot", as_of="2026-09-30")
    accounts = begun.rows("accounts")
    assert set(accounts.churn_date.dropna().astype(str)) == {"2026-09-30"}
    assert accounts.signup_date.notna().all()
    assert begun.data().left_at_once is not None
    assert begun.counts("surveys") == (200, 200)


def test_an_event_log(case):
    found = case("events").rows("interactions")
    assert len(found) == 50
    assert set(found.handle_seconds) == {3 * 3600.0}
    assert set(found.transfers) == {3.0}


REAL = (
    ("olist", ("olist",), "surveys", 2_993),
    ("anonymous_bank", ("anonymous_bank",), "interactions", 27_162 + 5_904),
    ("online_retail", ("online_retail",), "revenue", 525_461 + 541_909),
    ("helpdesk", ("helpdesk",), "interactions", 4_580),
    ("it_incidents", ("it_incidents",), "interactions", 24_918),
    ("nhs_ae", ("nhs_ae",), "counts", 12_765),
    ("cdnow", ("cdnow",), "revenue", 6_919),
    ("call_day", ("call_day",), "interactions", 2_375 - 18),
)


@pytest.mark.parametrize(("name", "folders", "table", "rows"), REAL, ids=[each[0] for each in REAL])
def test_real_exports_get_in_by_init_alone(init, name, folders, table, rows):
    files = {each.name: each for folder in folders for each in sorted((SHARED / "data" / folder).iterdir())
             if each.name != "customers_summary.csv"}  # fmt: skip
    begun = init(files, as_of="1999-08-01")
    assert begun.counts(table)[0] == rows
    data = begun.data()
    match name:
        case "olist":
            scores = begun.rows("surveys").score
            assert scores.mean() == pytest.approx(4.0698, abs=5e-4)
            # A few answers are dated months before all others, and in no page.
            csat = measure(data, ["csat"]).estimate("csat")
            assert csat.value == pytest.approx(scores.mean(), abs=0.005)
        case "anonymous_bank":
            assert begun.counts("interactions")[1] == 27_162 + 5_904
            handled = measure(data, ["average_handle_time"]).estimate("average_handle_time")
            assert handled.value == pytest.approx(176.9, abs=0.05)
        case "online_retail":
            # What has no customer is set apart with its amount; nothing is lost.
            gone = data.faults[data.faults.table == "revenue"].drop_duplicates("row").amount.sum()
            rows = begun.rows("revenue")
            second = rows[rows.booked_at >= "2010-12-10"].amount.sum()
            assert rows.amount.sum() + gone == pytest.approx(9_539_484.634 + 9_747_747.934, abs=1)
            assert second > 0
        case "cdnow":
            assert begun.rows("accounts").account_id.nunique() == 2_357
        case "helpdesk":
            assert begun.rows("interactions").interaction_id.nunique() == 4_580
