"""Thirty things that go wrong with data, each planted into a sound world, and where it must show."""

import numpy as np
import pandas as pd

from tests.data_readiness.worlds import NOW

NEXT = pd.Timestamp("2026-08-10")


def _now(frame, at):
    return frame[at] >= NOW


def _some(rng, mask, share):
    return mask & (rng.random(len(mask)) < share)


def duplicate_ids(t, rng):
    again = t["interactions"].sample(60, random_state=1)
    t["interactions"] = pd.concat([t["interactions"], again], ignore_index=True)


def copies_under_new_ids(t, rng):
    again = t["interactions"].sample(60, random_state=1)
    again = again.assign(interaction_id="again-" + again.interaction_id)
    t["interactions"] = pd.concat([t["interactions"], again], ignore_index=True)


def negative_waits(t, rng):
    t["interactions"].loc[
        _some(rng, _now(t["interactions"], "started_at"), 0.05), "wait_seconds"
    ] *= -1


def orphan_contacts(t, rng):
    t["interactions"].loc[t["interactions"].sample(40, random_state=1).index, "customer_id"] = (
        "nobody"
    )


def orphan_customers(t, rng):
    t["customers"].loc[t["customers"].index[60:70], "account_id"] = "nowhere"


def accounts_without_customers(t, rng):
    more = t["accounts"].head(5).assign(account_id=[f"lonely{n}" for n in range(5)])
    t["accounts"] = pd.concat([t["accounts"], more], ignore_index=True)


def scores_off_the_scale(t, rng):
    t["surveys"].loc[t["surveys"].score.dropna().index[::20], "score"] = 9


def half_scores(t, rng):
    t["surveys"].loc[t["surveys"].score.dropna().index[::20], "score"] = 3.5


def surveys_before_their_contacts(t, rng):
    t["surveys"].loc[t["surveys"].index[::25], "sent_at"] -= pd.Timedelta(days=9)


def answers_before_their_surveys(t, rng):
    known = t["surveys"].responded_at.dropna().index[::15]
    t["surveys"].loc[known, "responded_at"] -= pd.Timedelta(days=30)


def answers_without_scores(t, rng):
    t["surveys"].loc[t["surveys"].score.dropna().index[::15], "score"] = np.nan


def scores_without_answers(t, rng):
    t["surveys"].loc[t["surveys"].score.dropna().index[::15], "responded_at"] = pd.NaT


def revenue_after_churn(t, rng):
    t["accounts"].loc[:3, "churn_date"] = pd.Timestamp("2026-02-01")


def revenue_before_signup(t, rng):
    t["accounts"].loc[:3, "signup_date"] = pd.Timestamp("2025-06-01")


def churn_before_signup(t, rng):
    t["accounts"].loc[:3, "churn_date"] = t["accounts"].signup_date[:4] - pd.Timedelta(days=30)


def positive_refunds(t, rng):
    t["revenue"].loc[t["revenue"].index[::50], "kind"] = "refund"


def unknown_kinds(t, rng):
    t["revenue"].loc[t["revenue"].index[::50], "kind"] = "misc"


def dates_of_the_far_future(t, rng):
    t["revenue"].loc[t["revenue"].index[::90], "booked_at"] = pd.Timestamp("2199-01-01")


def abandoned_and_solved(t, rng):
    t["interactions"].loc[t["interactions"].abandoned, "resolved"] = True


def abandoned_and_handled(t, rng):
    t["interactions"].loc[t["interactions"].abandoned, "handle_seconds"] = 300.0


def endless_handling(t, rng):
    t["interactions"].loc[t["interactions"].index[::50], "handle_seconds"] = 90_000.0


def contacts_without_channel(t, rng):
    t["interactions"].loc[_some(rng, _now(t["interactions"], "started_at"), 0.2), "channel"] = None


def a_week_missing(t, rng):
    at = t["interactions"].started_at
    t["interactions"] = t["interactions"][~at.between(NEXT, NEXT + pd.Timedelta(days=9))]


def an_export_that_stopped_early(t, rng):
    t["surveys"] = t["surveys"][t["surveys"].sent_at < "2026-09-05"]


def half_the_rows_lost(t, rng):
    t["interactions"] = t["interactions"][~_some(rng, _now(t["interactions"], "started_at"), 0.6)]


def rows_sent_twice_over(t, rng):
    more = t["surveys"][_now(t["surveys"], "sent_at")]
    more = [
        more.assign(response_id=more.response_id + f"-{n}", interaction_id=None) for n in (1, 2)
    ]
    t["surveys"] = pd.concat([t["surveys"], *more], ignore_index=True)


def minutes_instead_of_seconds(t, rng):
    t["interactions"].loc[_now(t["interactions"], "started_at"), "wait_seconds"] /= 60


def a_channel_renamed(t, rng):
    t["interactions"].loc[
        _now(t["interactions"], "started_at") & (t["interactions"].channel == "phone"), "channel"
    ] = "voice"


def a_column_no_longer_filled(t, rng):
    t["interactions"].loc[
        _some(rng, _now(t["interactions"], "started_at"), 0.7), "handle_seconds"
    ] = np.nan


def silent_admins(t, rng):
    role = t["surveys"].customer_id.map(t["customers"].set_index("customer_id").role)
    quiet = (role == "admin") & (rng.random(len(role)) < 0.8)
    t["surveys"].loc[quiet, ["responded_at", "score"]] = (pd.NaT, np.nan)


# Each fault, and words of the table and of what must be said of it.
FAULTS = [
    (duplicate_ids, "interactions", "must be unique"),
    (copies_under_new_ids, "interactions", "alike but for their id"),
    (negative_waits, "interactions", "wait_seconds must be at least 0"),
    (orphan_contacts, "interactions", "among the rows used of customers"),
    (orphan_customers, "customers", "among the rows used of accounts"),
    (accounts_without_customers, "accounts", "without a customer"),
    (scores_off_the_scale, "surveys", "score must be"),
    (half_scores, "surveys", "score must be a whole number"),
    (surveys_before_their_contacts, "surveys", "before its contact"),
    (answers_before_their_surveys, "surveys", "before its survey"),
    (answers_without_scores, "surveys", "answer without a score"),
    (scores_without_answers, "surveys", "score without the time"),
    (revenue_after_churn, "revenue", "after the account had left"),
    (revenue_before_signup, "revenue", "before the account had signed up"),
    (churn_before_signup, "accounts", "must not be before signup_date"),
    (positive_refunds, "revenue", "must not be above 0 for a refund"),
    (unknown_kinds, "revenue", "kind must be one of"),
    (dates_of_the_far_future, "revenue", "must lie between"),
    (abandoned_and_solved, "interactions", "abandoned contact that was solved"),
    (abandoned_and_handled, "interactions", "abandoned contact that was handled"),
    (endless_handling, "interactions", "more than 12 hours"),
    (contacts_without_channel, "interactions", "channel must not be empty"),
    (a_week_missing, "interactions", "no row from 10 Aug"),
    (an_export_that_stopped_early, "surveys", "no row from 05 Sep"),
    (half_the_rows_lost, "interactions", "rows against the quarter before"),
    (rows_sent_twice_over, "surveys", "rows against the quarter before"),
    (minutes_instead_of_seconds, "interactions", "usual wait_seconds"),
    (a_channel_renamed, "interactions", "channel"),
    (a_column_no_longer_filled, "interactions", "handle_seconds is filled"),
    (silent_admins, "surveys", "answer where role is admin"),
]
