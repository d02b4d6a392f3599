"""How matters end, what escalation costs, new customers, self-service: by hand and as planted."""

import numpy as np
import pandas as pd
import pytest

from cxlib.data import open_dataset
from cxlib.demo import truth
from cxlib.journeys import outcomes_page
from cxlib.journeys.chains import expected_cost
from cxlib.journeys.channels import containment
from cxlib.journeys.contacts import follow
from cxlib.journeys.hardship import silent_customers
from cxlib.journeys.outcomes import (
    ABANDONED,
    ESCALATED,
    RESOLVED,
    _multiple,
    escalation,
    resolution,
    since_purchase,
)

CONTACTS = """interaction_id,customer_id,started_at,channel,abandoned,closed_at
a,1,2026-07-01 00:00,phone,false,2026-07-02 00:00
b,2,2026-07-01 00:00,phone,false,2026-07-05 00:00
c,3,2026-07-01 00:00,phone,true,2026-07-01 12:00
d,4,2026-07-01 00:00,phone,false,
e,5,2026-07-01 00:00,phone,false,2026-11-01 00:00
"""


@pytest.fixture
def matters(tmp_path):
    (tmp_path / "dataset.toml").write_text('name = "Matters"\n[privacy]\nsmallest_group = 1\n')
    (tmp_path / "interactions.csv").write_text(CONTACTS)
    (tmp_path / "customers.csv").write_text("customer_id,account_id\n1,1\n2,2\n3,3\n4,4\n5,5\n")
    # One while b is open; one of a, which was closed by then.
    (tmp_path / "complaints.csv").write_text(
        "customer_id,body,opened_at\n2,company,2026-07-03\n1,company,2026-07-20\n"
        "1,outside body,2026-08-01\n"
    )
    return open_dataset(tmp_path, "2026Q3")


def test_contacts_end_as_they_do_by_hand(matters):
    found = resolution(matters, matters.quarter.start, matters.quarter.end)
    assert (found.contacts, found.still_open) == (5, 2)
    shares = found.curve.iloc[-1][[RESOLVED, ABANDONED, ESCALATED]]
    assert shares.tolist() == pytest.approx([0.2, 0.2, 0.2])
    assert found.curve[ESCALATED].idxmax() == 2
    assert found.soon.value == pytest.approx(0.2)
    assert np.isnan(found.half)
    sentence = outcomes_page.resolution_finding(found).sentence
    assert sentence == "Fewer than half of contacts are resolved, and 20.0% within 7 days."


def test_the_ladder_costs_what_its_steps_do(matters):
    found = escalation(matters, matters.quarter.start, matters.quarter.end)
    assert dict(found.counts) == {"contacts": 5, "company": 2, "outside body": 1, "small claim": 0}
    assert found.cost.value == pytest.approx(1 + (2 * 1 + 1 * 16) / 5)
    assert found.time.value == pytest.approx(1 + (2 * 1 + 1 * 6) / 5)
    half = 1.959964 * np.sqrt(2 * 1 + 1 * 16**2) / 5
    assert found.cost.high - found.cost.value == pytest.approx(half, rel=1e-6)


def test_the_ladders_interval_holds_the_truth():
    """Of 400 draws, 95% nominally; four standard errors are 4.4 points."""
    rng = np.random.default_rng(7)
    contacts, rates, costs = 20_000, np.array([0.02, 0.002, 0.0004]), (1, 1, 16, 27)
    truth_ = 1 + rates @ costs[1:]
    held = 0
    for _ in range(400):
        each = _multiple(contacts, rng.poisson(contacts * rates).astype(float), costs)
        held += each.low <= truth_ <= each.high
    assert held / 400 >= 0.95 - 4 * np.sqrt(0.95 * 0.05 / 400)


def test_the_demonstrations_self_service_spares_what_was_planted(data):
    found = containment(data, data.start, data.end)
    assert {each.what for each in found} == set(truth.CONTAINED)
    for each in found:
        assert each.alone.value == pytest.approx(truth.CONTAINED[each.what], abs=0.03)
        assert each.alone.low < each.alone.value < each.alone.high


def test_new_customers_of_the_demonstration_are_followed_by_hand(data):
    start, end = data.quarter.shift(-3).start, data.quarter.end
    found = since_purchase(data, start, end)
    people = data.frame("customers", "signup_date").set_index("customer_id")
    new = people.signup_date[(people.signup_date >= start) & (people.signup_date < end)]
    rows = data.frame("interactions")
    age = (rows.started_at - rows.customer_id.map(new)) / pd.Timedelta(days=1)
    old = new[(pd.Timestamp(end) - new) >= pd.Timedelta(days=90)]
    early = (rows.customer_id.isin(old.index) & (age >= 0) & (age < 90)).sum()
    assert found.customers == len(new)
    assert found.first.value == pytest.approx(early / len(old))
    assert found.curve.is_monotonic_increasing


def test_complaints_of_few_within_a_filter_are_not_told(tmp_path):
    (tmp_path / "dataset.toml").write_text('name = "Few"\n')
    people = [(f"c{n}", f"c{n}", "north" if n < 20 else "south") for n in range(40)]
    pd.DataFrame(people, columns=["customer_id", "account_id", "area"]).to_csv(
        tmp_path / "customers.csv", index=False
    )
    contacts = [(f"i{n}", f"c{n}", "2026-07-02", "phone") for n in range(40)]
    pd.DataFrame(
        contacts, columns=["interaction_id", "customer_id", "started_at", "channel"]
    ).to_csv(tmp_path / "interactions.csv", index=False)
    made = [(f"c{n}", "company", "2026-07-05") for n in range(23)]
    pd.DataFrame(made, columns=["customer_id", "body", "opened_at"]).to_csv(
        tmp_path / "complaints.csv", index=False
    )
    whole = open_dataset(tmp_path, "2026Q3")
    assert escalation(whole, whole.quarter.start, whole.quarter.end).counts["company"] == 23
    north = open_dataset(tmp_path, "2026Q3", "area = 'north'")
    # Twenty here, 23 in all: three of the south.
    assert escalation(north, north.quarter.start, north.quarter.end) is None


def test_a_filter_that_says_nothing_of_complaints_has_no_ladder(data):
    start, end = data.quarter.shift(-3).start, data.quarter.end
    assert escalation(data, start, end).counts["company"] > 100
    assert escalation(data.filtered("channel = 'phone'"), start, end) is None


def test_who_answered_about_another_channel_has_been_heard(data):
    start, end = data.quarter.shift(-3).start, data.quarter.end
    phone = data.filtered("channel = 'phone'")
    found = silent_customers(phone, follow(phone, start, end), {"use"})[0]
    rows = follow(phone, start, end).rows.execute()
    met = set(rows[(rows.touchpoint == "use") & (rows._hard == 1)].customer_id)
    answers = data.frame("surveys")
    answers = answers[(answers.sent_at >= start) & (answers.sent_at < end) & answers.score.notna()]
    made = data.frame("complaints")
    made = made[(made.opened_at >= start) & (made.opened_at < end)]
    assert found.heard == len(met & {*answers.customer_id, *made.customer_id})


def test_a_ladder_whose_first_step_is_not_recorded_costs_what_the_others_do():
    found = _multiple(1_000, np.array([0.0, 20.0, 5.0]), (1, 1, 16, 27))
    assert found.value == pytest.approx(1 + (20 * 16 + 5 * 27) / 1_000)
    whole, ladder = np.array([100.0, 5.0, 1.0]), (1, 1, 16, 27)
    chain = expected_cost(np.diag([0.1, 0.05, 0.2], 1), ladder)[0]
    assert _multiple(1_000, whole, ladder).value == pytest.approx(chain)


def test_a_cost_that_means_something_else_in_each_table_has_no_ladder(data):
    start, end = data.quarter.shift(-3).start, data.quarter.end
    assert escalation(data.filtered("cost > 20"), start, end) is None
