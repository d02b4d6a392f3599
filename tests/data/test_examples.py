"""The examples against their raw files, read with pandas alone."""

import pandas as pd
import pytest

from cxlib.data import open_dataset
from cxlib.measure import measure
from cxlib.personas.features import contacts_of_strangers, customer_features
from tests.conftest import ROOT, SHARED

pytestmark = pytest.mark.shared


def opened(name):
    data = open_dataset(ROOT / "examples" / name, raw_ids=True)
    for each in data.intake:
        assert each.read == each.used + each.quarantined
    return data


def value(data, kpi):
    return measure(data, [kpi], period="all").estimate(kpi)


def test_the_bank():
    data = opened("anonymous_bank")
    raw = pd.read_csv(SHARED / "data" / "anonymous_bank" / "calls_1999_02.txt", sep="\t")
    calls = raw[raw.outcome != "PHANTOM"]
    contacts = data.tables["interactions"].execute()
    assert len(contacts) == len(calls) == 27_162 + 5_904
    assert value(data, "abandonment_rate").value == pytest.approx(5_904 / 33_066, abs=1e-12)
    served = calls[calls.outcome == "AGENT"].ser_time
    assert value(data, "average_handle_time").value == pytest.approx(served.mean(), abs=1e-9)
    assert contacts.wait_seconds.sum() == calls.q_time.sum()
    known = calls[calls.customer_id != 0]
    named = contacts[~contacts.customer_id.str.startswith("unknown")]
    assert named.customer_id.nunique() == known.customer_id.nunique()
    at = pd.to_datetime(known.date.astype(str) + " " + known.vru_entry, format="%y%m%d %H:%M:%S")
    told = known.assign(at=at).sort_values(["customer_id", "type", "at"])
    after = told.groupby(["customer_id", "type"])["at"].shift(-1) - told["at"]
    days = pd.Timedelta(days=data.config.thresholds.repeat_days)
    followed = told["at"] <= pd.Timestamp("1999-03-01") - days
    repeats = value(data, "repeat_contact_rate")
    assert repeats.n == followed.sum()
    assert repeats.value == pytest.approx((after <= days)[followed].mean(), abs=1e-12)
    assert contacts_of_strangers(data, data.start, data.end) == (19_502, 33_066)
    features = customer_features(data, data.start, data.end)
    assert len(features) == known.customer_id.nunique()
    # All that is known is one month: nobody makes a twelfth of a call a month.
    assert features.contact_rate.min() == 1
    assert contacts.started_at.min().strftime("%Y-%m-%d") == "1999-02-01"
    assert contacts.started_at.max().strftime("%Y-%m-%d") == "1999-02-28"


def test_the_incidents():
    data = opened("it_incidents")
    raw = pd.read_parquet(SHARED / "data" / "it_incidents" / "incident_event_log.parquet")
    changes = raw.sys_mod_count.astype(int)
    last = raw.loc[changes.groupby(raw.number).idxmax()]
    contacts = data.tables["interactions"].execute().set_index("interaction_id")
    assert len(contacts) == raw.number.nunique() == 24_918
    once = last.set_index("number")
    assert (
        contacts.transfers.sort_index()
        == once.reassignment_count.astype(float).reindex(contacts.index).sort_index()
    ).mean() > 0.999
    opened_at = pd.to_datetime(once.opened_at, format="%d/%m/%Y %H:%M")
    assert (contacts.started_at == opened_at.reindex(contacts.index)).mean() > 0.999
    alone = (once.reassignment_count == "0") & (once.reopen_count == "0")
    fcr = value(data, "first_contact_resolution").value
    assert fcr == pytest.approx(alone.mean(), abs=1e-3)


def test_the_help_desk():
    data = opened("helpdesk")
    raw = pd.read_csv(SHARED / "data" / "helpdesk" / "helpdesk.csv")
    at = pd.to_datetime(raw["time:timestamp"])
    contacts = data.tables["interactions"].execute().set_index("interaction_id")
    tickets = raw["case:concept:name"]
    assert len(contacts) == tickets.nunique() == 4_580
    first = at.groupby(tickets).min().dt.tz_localize(None)
    assert (contacts.started_at == first.reindex(contacts.index)).all()
    hands = raw.groupby("case:concept:name")["org:resource"].nunique() - 1
    assert (contacts.transfers == hands.reindex(contacts.index)).all()
    taken = at[raw["concept:name"] == "Take in charge ticket"].groupby(tickets).min()
    waited = (taken.dt.tz_localize(None) - first).dt.total_seconds().reindex(contacts.index)
    pd.testing.assert_series_equal(
        contacts.wait_seconds, waited, check_names=False, check_dtype=False
    )
    assert value(data, "transfer_rate").value == pytest.approx((hands > 0).mean(), abs=1e-9)
