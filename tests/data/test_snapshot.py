"""A kept dataset is the dataset: the same rows, the same account of them, the same measures."""

import pandas as pd
import pytest

from cxlib.data import open_dataset, snapshot
from cxlib.data.opening import as_of
from cxlib.data.privacy.hide import hide
from cxlib.data.validate import validate
from cxlib.measure import measure
from tests.conftest import ROOT

DEMO = ROOT / "data" / "demo"
WHERE = "region = 'EMEA'"


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kept")
    whole = as_of(hide(validate(DEMO, folder)), "2026Q2")
    snapshot.keep(whole, folder / "whole")
    snapshot.keep_slice(whole.filtered(WHERE), whole, folder / "whole", folder / "slice")
    return folder


@pytest.mark.parametrize(("part", "where"), [("whole", ""), ("slice", WHERE)])
def test_a_kept_dataset_measures_the_same(part, where, kept, monkeypatch):
    plain = open_dataset(DEMO, "2026Q2", where)
    monkeypatch.setenv(snapshot.VARIABLE, str(kept / part))
    loaded = open_dataset(DEMO, "2026Q2", where)
    backends = [rows.get_backend() for rows in (plain.tables["surveys"], loaded.tables["surveys"])]
    assert backends[0] is not backends[1]
    for name in ("folder", "config", "fingerprint", "start", "end", "slack_days", "answers_only",
                 "quarter", "where", "unfiltered", "intake", "filters", "unsettled", "passport"):  # fmt: skip
        assert getattr(loaded, name) == getattr(plain, name), name
    pd.testing.assert_frame_equal(loaded.faults, plain.faults)
    assert set(loaded.tables) == set(plain.tables)
    assert (loaded.base is None) == (not where)
    if where:
        counts = [each.base.tables["accounts"].count().execute() for each in (plain, loaded)]
        assert counts[0] == counts[1] > plain.tables["accounts"].count().execute()
    for by in ((), ("channel",)):
        frames = [measure(each, by=by, period="quarter").frame for each in (plain, loaded)]
        pd.testing.assert_frame_equal(*frames, rtol=1e-12)


def test_another_quarter_or_filter_is_opened_from_the_files(kept, monkeypatch):
    monkeypatch.setenv(snapshot.VARIABLE, str(kept / "whole"))
    assert str(open_dataset(DEMO, "2026Q3").quarter) == "2026Q3"
    assert open_dataset(DEMO, "2026Q2", WHERE).where == WHERE


def test_a_kept_dataset_takes_a_further_column(kept, monkeypatch):
    monkeypatch.setenv(snapshot.VARIABLE, str(kept / "whole"))
    data = open_dataset(DEMO, "2026Q2")
    ids = data.rows("customers").select("customer_id").limit(5).execute()
    wider = data.attach("customers", ids.assign(persona="A"))
    assert wider.rows("customers").persona.count().execute() == 5
