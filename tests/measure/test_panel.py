from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from statsmodels.stats.sandwich_covariance import cov_cluster_2groups

from cxlib.data import open_dataset
from cxlib.errors import ArgumentError
from cxlib.measure import KPIS, contrasts, measure
from cxlib.measure.clusters import counted_rows
from cxlib.measure.intervals import squares_left
from cxlib.measure.panel import spans_of
from cxlib.measure.spreads import moments_of
from cxlib.measure.sums import sums_of
from tests.conftest import ROOT


def surveys(scores, customers=None):
    """Survey rows of one metric; each answer by a customer of their own, or as given."""
    customers = customers or [str(1 + i % 3) for i in range(len(scores))]
    lines = [
        f"s{i},{who},,2026-01-06,2026-01-06,nps,{score}"
        for i, (who, score) in enumerate(zip(customers, scores, strict=True))
    ]
    return (
        "response_id,customer_id,interaction_id,sent_at,responded_at,metric,score\n"
        + "\n".join(lines)
        + "\n"
    )


@pytest.mark.parametrize(
    ("scores", "nps"),
    [([10, 9, 10], 100), ([0, 6, 3], -100), ([7, 8, 7], 0), ([9, 6], 0), ([10], 100)],
    ids=["all promoters", "all detractors", "all passive", "one of each", "one respondent"],
)  # fmt: skip
def test_degenerate_answers_keep_an_honest_interval(write, scores, nps):
    each = measure(open_dataset(write(surveys__csv=surveys(scores))), ["nps"]).estimate("nps")
    assert each.value == nps
    assert -100 <= each.low <= nps <= each.high <= 100
    assert each.high - each.low > 50


def test_answers_that_are_all_missing_give_no_estimate(write):
    data = open_dataset(write(surveys__csv=surveys(["", "", ""])))
    panel = measure(data, ["nps", "response_rate"])
    assert panel.estimate("nps") is None
    assert panel.estimate("response_rate").value == 0


def test_a_mean_of_equal_values_claims_no_interval(write):
    data = open_dataset(write(surveys__csv=surveys([5, 5, 5]).replace("nps", "csat")))
    each = measure(data, ["csat"]).estimate("csat")
    assert (each.value, each.has_interval) == (5, False)


def test_several_answers_of_one_customer_are_not_independent(write):
    once = surveys([10, 3] * 3, customers=["1", "2", "3"] * 2)
    apart = measure(open_dataset(write(surveys__csv=once)), ["nps"]).frame.iloc[0]
    assert (apart.n, apart.clusters) == (6, 3)


def test_variances_are_those_of_statsmodels_by_account_by_week_and_by_both(data):
    """Worked out by the engine from sums; statsmodels has the rows."""
    kpi = KPIS["average_handle_time"]
    spans = spans_of(data, "all")
    rows, when = counted_rows(data, spans, [kpi], ())
    sums = sums_of(rows, [kpi], data.config, ["_period"], when)
    each = moments_of(sums.rename(columns={"_period": "period"}), kpi, (), when)
    tables = {name: pd.read_parquet(ROOT / "data" / "demo" / f"{name}.parquet")
              for name in ("interactions", "customers")}  # fmt: skip
    rows = tables["interactions"].merge(tables["customers"], on="customer_id")
    rows = rows[~rows.abandoned & (rows.wait_seconds >= 0) & (rows.customer_id != "C999999")]
    account = pd.factorize(rows.account_id)[0]
    week = pd.factorize(rows.started_at.dt.to_period("W"))[0]
    fit = sm.OLS(rows.handle_seconds.to_numpy(), np.ones(len(rows))).fit()
    both, one, other = cov_cluster_2groups(fit, account, week, use_correction=False)
    n = len(rows)
    ratio = each.y / each.x
    mine = [
        squares_left(ratio, *(each[f"{prefix}{name}"] for name in ("yy", "xy", "xx"))) / n**2
        for prefix in ("", "time_", "cell_")
    ]
    assert float(mine[0][0]) == pytest.approx(one[0, 0], rel=1e-9)
    assert float(mine[1][0]) == pytest.approx(other[0, 0], rel=1e-9)
    assert float((mine[0] + mine[1] - mine[2])[0]) == pytest.approx(both[0, 0], rel=1e-9)


def test_row_order_does_not_matter(write):
    text = surveys([10, 9, 3, 7, 8, 1])
    lines = text.strip().split("\n")
    shuffled = "\n".join([lines[0], *lines[:0:-1]]) + "\n"
    one, two = (
        measure(open_dataset(write(surveys__csv=each)), ["nps"]).estimate("nps")
        for each in (text, shuffled)
    )
    assert one == two


def test_what_a_dataset_cannot_feed_is_left_out_with_the_reason(write):
    accounts = "account_id,signup_date\n001,2020-01-01\n002,2020-01-01\n"
    panel = measure(open_dataset(write(revenue__csv=None, accounts__csv=accounts)), by=["channel"])
    assert panel.left_out["revenue"] == "needs the table revenue"
    assert panel.left_out["cost_per_contact"] == "needs the column interactions.cost"
    assert panel.left_out["contact_rate"].startswith("cannot be split by channel")
    assert "first_contact_resolution" not in panel.left_out


def test_unknown_names_are_refused(data):
    with pytest.raises(ArgumentError, match="'npss': not in the catalogue"):
        measure(data, ["npss"])
    with pytest.raises(ArgumentError, match="period == 'week', must be"):
        measure(data, period="week")


def test_quarters_follow_the_fiscal_year(write):
    toml = 'name = "x"\nfiscal_year_start = 2\n'
    panel = measure(
        open_dataset(write(dataset__toml=toml)), ["first_contact_resolution"], period="quarter"
    )
    assert list(panel.frame.period.dt.month) == [11, 2]


def test_a_customer_who_returns_by_another_channel_has_returned(write):
    text = (
        "interaction_id,customer_id,started_at,channel\n"
        "a,1,2026-01-05,phone\nb,1,2026-01-07,chat\nc,2,2026-01-05,phone\nd,3,2026-03-01,chat\n"
    )
    data = open_dataset(write(interactions__csv=text, surveys__csv=None), where="channel = 'phone'")
    assert measure(data, ["repeat_contact_rate"]).estimate("repeat_contact_rate").value == 0.5


def test_a_quarter_measures_the_same_then_as_now(data):
    """But for what was not yet over: answers and repeats still to come."""
    then = open_dataset(ROOT / "data" / "demo", "2025Q1")
    waits = {"response_rate", "repeat_contact_rate"}
    before, now = (measure(each, period="quarter").frame for each in (then, data))
    start = pd.Timestamp(then.quarter.start)
    before, now = (
        f[(f.period == start) & ~f.kpi.isin(waits)].reset_index(drop=True) for f in (before, now)
    )
    assert len(before) == 24
    pd.testing.assert_frame_equal(before, now, rtol=1e-9)


def test_an_unfinished_quarter_is_compared_with_none(data):
    assert data.covers(data.quarter.start, data.quarter.end)
    short = replace(data, end=data.end.replace(month=7, day=20))
    panel = measure(short, ["revenue"], period="quarter")
    assert not panel.frame.complete.iloc[-1]
    assert contrasts(short, data.quarter, data.quarter.previous, ["revenue"]) == ()


def test_attributes_may_have_any_name(write):
    """Names that the calculation might use itself change no KPI."""
    accounts = "account_id,amount,start,end,period,contacts,sold\n001,9,2020-01-01,2020-01-02,7,5,3\n002,9,2020-01-01,2020-01-02,7,5,3\n"
    customers = "customer_id,account_id,contacts,period\n1,001,100,x\n2,002,100,x\n3,002,100,x\n"
    text = "interaction_id,customer_id,started_at,channel,period,start,wait\na,1,2026-01-05,web,p,s,1\n"
    data = open_dataset(
        write(
            accounts__csv=accounts,
            customers__csv=customers,
            interactions__csv=text,
            surveys__csv=None,
        )
    )
    for name in ("period", "x", "time_clusters"):
        with pytest.raises(ArgumentError, match=f"by == '{name}': the panel has a column"):
            measure(data, by=[name])
    panel = measure(data)
    assert panel.of("revenue").value.sum() == 350.5
    assert panel.of("revenue_per_account").value.iloc[0] == pytest.approx(350.5 / 2)
    assert measure(data, ["repeat_contact_rate"]).estimate("repeat_contact_rate").value == 0


def test_answers_alone_give_no_response_rate(write):
    late = surveys([9, 3, 7]).replace("2026-01-06,nps,7", "2026-05-06,nps,7")
    folder = write(surveys__csv=late)
    for quarter in (None, "2026Q1"):
        panel = measure(open_dataset(folder, quarter), ["response_rate"])
        assert "every survey row has a score" in panel.left_out["response_rate"]


def test_of_a_contact_without_reason_nobody_knows_whether_it_came_back(write):
    text = (
        "interaction_id,customer_id,started_at,channel,reason\n"
        "a,1,2026-01-05,web,\nb,1,2026-01-06,web,\nc,2,2026-01-05,web,bill\nd,2,2026-01-06,web,bill\n"
    )
    data = open_dataset(write(interactions__csv=text, surveys__csv=None))
    each = measure(data, ["repeat_contact_rate"]).estimate("repeat_contact_rate")
    assert (each.value, each.n) == (0.5, 2)


def test_a_table_that_begins_later_spans_no_earlier_period(data):
    """Contacts since 2023, surveys since last month: last quarter's score is that of six weeks."""
    late = replace(data, begins=data.begins | {"surveys": pd.Timestamp("2026-05-20")})
    quarters = measure(late, ["nps", "transfer_rate"], period="quarter")
    now, before = late.quarter.start, late.quarter.previous.start
    compared = contrasts(late, late.quarter, late.quarter.previous, ["nps", "transfer_rate"])
    assert [each.kpi.name for each in compared] == ["transfer_rate"]
    complete = quarters.of("nps").set_index("period").complete
    assert complete[now]
    assert not complete[before]


class TestStrangers:
    PEOPLE = "customer_id,account_id,known\n1,001,true\n2,002,false\n3,001,\n"
    CALLS = "interaction_id,customer_id,started_at,channel\n" + "".join(
        f"{who}-{day},{who},2026-01-{day:02} 09:00,phone\n"
        for who in (1, 2, 3)
        for day in (1, 2, 28)
    )

    def test_nobody_says_whether_they_came_back(self, write):
        files = {"customers__csv": self.PEOPLE, "interactions__csv": self.CALLS}
        data = open_dataset(write(**files, surveys__csv=None, revenue__csv=None))
        each = measure(data, ["repeat_contact_rate"]).estimate("repeat_contact_rate")
        assert each.n == 4
        assert each.value == 0.5

    def test_their_contacts_are_counted_for_all_else(self, write):
        calls = "interaction_id,customer_id,started_at,channel,wait_seconds\n" + "".join(
            f"{who},{who},2026-01-05,phone,{10 * who}\n" for who in (1, 2, 3)
        )
        data = open_dataset(write(customers__csv=self.PEOPLE, interactions__csv=calls,
                                  surveys__csv=None))  # fmt: skip
        each = measure(data, ["average_speed_of_answer"]).estimate("average_speed_of_answer")
        assert (each.n, each.value) == (3, 20)


def test_upsell_is_left_out_where_refunds_alone_have_a_kind(write):
    rows = "account_id,booked_at,amount,kind\n001,2026-01-01,100,{}\n002,2026-02-01,-5,refund\n"
    data = open_dataset(write(revenue__csv=rows.format("")))
    left = measure(data, ["upsell_rate"]).left_out
    assert left["upsell_rate"] == "needs the kind of every booking: refunds alone have one"
    data = open_dataset(write(revenue__csv=rows.format("upsell")))
    assert not measure(data, ["upsell_rate"]).left_out


def test_values_of_a_period_that_is_not_whole_are_told_to_be(write):
    panel = measure(open_dataset(write()), period="quarter")
    (start,) = panel.frame.period.unique()
    values = {kpi.name: (each, whole) for kpi, each, whole in panel.values(start)}
    each, whole = values["average_speed_of_answer"]
    assert each.n == 3
    assert not whole


def test_a_group_column_may_end_like_a_sum(data):
    frame = measure(data, ["contact_rate", "nps"], by=["industry"]).frame
    assert set(frame.industry.dropna()) <= set(data.tables["accounts"].industry.execute())
    assert set(frame.kpi) == {"contact_rate", "nps"}
