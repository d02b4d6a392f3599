"""What real exports do, planted into a sound world: no single row is wrong."""

import pandas as pd

from tests.data_readiness.worlds import NOW

AUGUST = pd.Timestamp("2026-08-01"), pd.Timestamp("2026-09-01")


def a_month_of_bookings_twice(t, rng):
    month = t["revenue"][t["revenue"].booked_at.between(*AUGUST, inclusive="left")]
    again = month.assign(booked_at=month.booked_at + pd.Timedelta(days=1))
    t["revenue"] = pd.concat([t["revenue"], again], ignore_index=True)


def a_month_of_identical_bookings(t, rng):
    month = t["revenue"][t["revenue"].booked_at.between(*AUGUST, inclusive="left")]
    t["revenue"] = pd.concat([t["revenue"], month], ignore_index=True)


def the_largest_accounts_not_booked(t, rng):
    largest = t["revenue"].groupby("account_id").amount.sum().nlargest(10).index
    now = t["revenue"].booked_at >= NOW
    t["revenue"] = t["revenue"][~(now & t["revenue"].account_id.isin(largest))]


def contacts_copied_a_second_later(t, rng):
    again = t["interactions"].sample(frac=0.15, random_state=int(rng.integers(2**31)))
    again = again.assign(
        interaction_id="again-" + again.interaction_id,
        started_at=again.started_at + pd.Timedelta(seconds=1),
    )
    t["interactions"] = pd.concat([t["interactions"], again], ignore_index=True)


def surveys_copied_under_new_ids(t, rng):
    again = t["surveys"].sample(frac=0.5, random_state=int(rng.integers(2**31)))
    again = again.assign(response_id="again-" + again.response_id, interaction_id=None)
    t["surveys"] = pd.concat([t["surveys"], again], ignore_index=True)


def abandoned_calls_no_longer_recorded(t, rng):
    i = t["interactions"]
    gone = i.index[(i.started_at >= NOW) & i.abandoned]
    t["interactions"] = i.drop(gone)
    t["surveys"] = t["surveys"][~t["surveys"].interaction_id.isin(i.interaction_id[gone])]


def a_channel_missing_for_three_weeks(t, rng):
    i = t["interactions"]
    first = pd.Timestamp("2026-08-03")
    lost = (i.channel == "phone") & i.started_at.between(first, first + pd.Timedelta(days=21))
    t["surveys"] = t["surveys"][~t["surveys"].interaction_id.isin(i.interaction_id[lost])]
    t["interactions"] = i[~lost]


def nines_in_the_waits(t, rng):
    hit = rng.random(len(t["interactions"])) < 0.05
    t["interactions"].loc[hit, "wait_seconds"] = 9_999.0


def one_customer_with_many_contacts(t, rng):
    hit = rng.random(len(t["interactions"])) < 0.08
    t["interactions"].loc[hit, "customer_id"] = "c0"
    owner = t["interactions"].set_index("interaction_id").customer_id
    t["surveys"]["customer_id"] = t["surveys"].interaction_id.map(owner)


def times_an_hour_later(t, rng, hours=1):
    late = t["interactions"].started_at >= NOW
    t["interactions"].loc[late, "started_at"] += pd.Timedelta(hours=hours)


def times_nine_hours_later(t, rng):
    times_an_hour_later(t, rng, 9)


def dates_without_times(t, rng):
    late = t["interactions"].started_at >= NOW
    t["interactions"].loc[late, "started_at"] = t["interactions"].started_at[late].dt.normalize()


def empty_months_at_the_end(t, rng):
    t["revenue"] = t["revenue"][t["revenue"].booked_at < "2026-08-01"]


FAULTS = [
    (a_month_of_bookings_twice, "revenue", "may have come twice"),
    (a_month_of_identical_bookings, "revenue", "may have come twice"),
    (the_largest_accounts_not_booked, "revenue", "have no booking"),
    (contacts_copied_a_second_later, "interactions", "may have come twice"),
    (surveys_copied_under_new_ids, "surveys", "may have come twice"),
    (abandoned_calls_no_longer_recorded, "interactions", "no contact of the quarter is abandoned"),
    (a_channel_missing_for_three_weeks, "interactions", "no row by phone from"),
    (nines_in_the_waits, "interactions", "wait_seconds is 9,999"),
    (one_customer_with_many_contacts, "interactions", "one customer has"),
    (times_an_hour_later, "interactions", "1 hour later"),
    (times_nine_hours_later, "interactions", "9 hours later"),
    (dates_without_times, "interactions", "has no time of day"),
    (empty_months_at_the_end, "revenue", "not a single row in"),
]
