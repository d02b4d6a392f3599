import pandas as pd
import pytest

from cxlib.score_changes.invitations import NOT_KNOWN, asked_and_answered, invited


def surveys(data) -> pd.DataFrame:
    rows = data.rows("surveys", "channel", "region").execute()
    rows["at"] = rows.responded_at.fillna(rows.sent_at)
    return rows[rows.metric == "nps"]


def test_invitations_belong_to_the_quarter_in_which_they_were_answered(data):
    now, before = data.quarter, data.quarter.previous
    counts = asked_and_answered(data, "region", now, before)
    rows = surveys(data)
    for period, quarter in (("now", now), ("before", before)):
        mine = counts[counts.period == period]
        inside = rows[(rows["at"] >= quarter.start) & (rows["at"] < quarter.end)]
        answers = inside[inside.score.notna()]
        late = pd.Timestamp(quarter.end) - pd.Timedelta(days=14)
        silent = inside[inside.score.isna() & (inside.sent_at <= late)]
        assert mine.answered.sum() == len(answers)
        assert mine.invited.sum() == len(answers) + len(silent)
        points = 100 * ((answers.score >= 9).sum() - (answers.score < 7).sum())
        assert mine.points.sum() == points
        by_region = mine.groupby("group").answered.sum()
        expected = answers.region.fillna(NOT_KNOWN).value_counts()
        assert by_region.to_dict() == expected.to_dict()


def test_scores_other_than_nps_count_as_they_are(data):
    counts = asked_and_answered(data, "channel", data.quarter, data.quarter.previous, "csat")
    rows = data.rows("surveys").execute()
    rows = rows[(rows.metric == "csat") & rows.score.notna()]
    at = rows.responded_at.fillna(rows.sent_at)
    inside = rows[(at >= data.quarter.start) & (at < data.quarter.end)]
    assert counts[counts.period == "now"].points.sum() == pytest.approx(inside.score.sum())


def test_columns_that_a_dataset_lacks_are_left_out(data):
    counts = invited(data, ["channel", "no_such_column"], data.start, data.end)
    named = ["customer_id", "cluster", "channel", "invited", "answered", "points"]
    assert list(counts.columns) == named
    assert (counts.points == 0).all()
    assert not counts.duplicated(["customer_id", "channel"]).any()
    lacking = asked_and_answered(data, "no_such_column", data.quarter, data.quarter.previous)
    assert lacking.empty
