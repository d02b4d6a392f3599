"""The readiness page finds what is planted, and nothing where nothing is."""

import json
import os

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cxlib.data import open_dataset
from cxlib.data.quarantine import set_apart
from cxlib.data_readiness import schema
from cxlib.data_readiness.drift import find_drift
from cxlib.data_readiness.issues import CARE, CONSISTENT, SOUND, UNFIT, VALID, Issue
from cxlib.data_readiness.verdict import judge
from cxlib.errors import ArgumentError, DataError
from tests.conftest import draws
from tests.data_readiness import exports
from tests.data_readiness.faults import FAULTS
from tests.data_readiness.worlds import UNREST, judged, sound

# 200 worlds take five minutes; the tests look at fewer, with the bound that follows.
WORLDS = int(os.environ.get("CX_WORLDS", draws(24, 16)))
EXPORTS = 20 if WORLDS >= 200 else draws(2, 1)


def test_there_are_thirty_faults():
    assert len({plant for plant, *_ in FAULTS}) == 30


@pytest.mark.parametrize(
    ("plant", "table", "words"), FAULTS, ids=[each[0].__name__ for each in FAULTS]
)
def test_a_planted_fault_is_found(plant, table, words, tmp_path):
    tables = sound(7)
    plant(tables, np.random.default_rng(1))
    readiness = judged(tables, tmp_path / "world")
    told = [each for each in readiness.issues if each.table == table and words in each.what]
    assert told, [(each.table, each.what) for each in readiness.issues]
    assert readiness.level != SOUND


@pytest.mark.parametrize(
    ("plant", "table", "words"), exports.FAULTS, ids=[each[0].__name__ for each in exports.FAULTS]
)
def test_what_real_exports_do_is_found_in_nine_worlds_of_ten(plant, table, words, tmp_path):
    missed = []
    for seed in range(EXPORTS):
        tables = sound(100 + seed)
        plant(tables, np.random.default_rng(seed))
        readiness = judged(tables, tmp_path / f"world-{seed}")
        if not any(each.table == table and words in each.what for each in readiness.issues):
            missed.append((seed, [(each.table, each.what) for each in readiness.issues]))
    assert len(missed) <= EXPORTS // 10, missed


@pytest.mark.parametrize("unrest", UNREST)
def test_sound_worlds_raise_few_alarms(unrest, tmp_path):
    """A quarter of them with seasons, campaigns or bursts each."""
    count = WORLDS // len(UNREST)
    alarms = []
    for seed in range(count):
        issues = judged(sound(seed, unrest=unrest), tmp_path / f"world-{seed}").issues
        alarms += [(seed, each.table, each.what) for each in issues[:1]]
    # So many false alarms come by chance in 1 of 100 runs where each world has 5%.
    assert len(alarms) <= stats.binom.ppf(0.99, count, 0.05), alarms


def test_a_column_that_has_gone_and_one_that_changed_its_type_are_told(tmp_path):
    tables = sound(3)
    judged(tables, tmp_path / "then")
    before = tmp_path / "report"
    (before / "tables").mkdir(parents=True)
    old = schema.schema_of(open_dataset(tmp_path / "then", raw_ids=True))
    old["interactions"]["team"] = "string"
    old["interactions"]["wait_seconds"] = "string"
    (before / "tables" / schema.FILE).write_text(json.dumps(old))
    readiness = judged(tables, tmp_path / "now", before=str(before))
    words = {each.what for each in readiness.issues}
    assert "team has gone" in words
    assert "wait_seconds was string, and is float64" in words


@pytest.mark.parametrize("text", [b"{", b"[1]", b'{"surveys": 1}', b"\xff"])
def test_an_earlier_list_of_columns_that_cannot_be_read_is_named(data, tmp_path, text):
    with pytest.raises(ArgumentError, match="there is no such folder"):
        schema.schema_changes(data, str(tmp_path / "nowhere"))
    (tmp_path / "tables").mkdir()
    assert schema.schema_changes(data, str(tmp_path)) == []
    (tmp_path / "tables" / schema.FILE).write_bytes(text)
    with pytest.raises(DataError, match="no list of columns"):
        schema.schema_changes(data, str(tmp_path))


@pytest.mark.parametrize("left", [("revenue",), ("interactions",), ("interactions", "surveys")])
def test_a_dataset_with_few_tables_is_judged_by_what_it_has(left, tmp_path):
    wanted = ("accounts", "customers", *left)
    readiness = judged({name: sound(3)[name] for name in wanted}, tmp_path / "world")
    assert {each.table for each in readiness.issues} <= set(wanted)


def test_what_names_a_person_in_free_text_is_told(tmp_path):
    tables = sound(3)
    tables["interactions"]["note"] = [f"mail me: x{n}@mail.example" for n in range(4_000)]
    readiness = judged(tables, tmp_path / "world", raw_ids=False)
    assert any("an e-mail address" in each.what for each in readiness.issues)


class TestVerdict:
    REVENUE = pd.Series({"a": 100.0, "b": 900.0})

    def issue(self, level, accounts=()):
        return Issue(
            VALID, "surveys", "score", "x", 3, 0.001, dict.fromkeys(accounts, 1.0), level=level
        )

    def test_nothing_wrong_is_sound(self):
        assert judge([], self.REVENUE).level == SOUND

    @pytest.mark.parametrize(
        ("accounts", "level"), [((), SOUND), (("a",), CARE), (("b",), UNFIT), (("z",), SOUND)]
    )
    def test_a_rare_fault_is_as_grave_as_the_revenue_behind_it(self, accounts, level):
        readiness = judge([self.issue(SOUND, accounts)], self.REVENUE)
        assert readiness.level == level
        assert readiness.levels[VALID] == level
        assert readiness.levels[CONSISTENT] == SOUND

    def test_without_revenue_the_rows_decide(self):
        readiness = judge([self.issue(CARE, ("a",))], pd.Series(dtype=float))
        assert readiness.level == CARE
        assert np.isnan(readiness.issues[0].revenue)


class TestDrift:
    def measures(self, values, error=0.01):
        quarters = pd.date_range("2024-01-01", periods=len(values), freq="QS")
        return pd.DataFrame(
            {"table": "t", "column": "c", "what": "middle", "quarter": quarters, "value": values,
             "error": error}
        ), quarters[-1]  # fmt: skip

    def test_too_few_quarters_say_so(self):
        assert "not 6 whole quarters" in find_drift(*self.measures([1.0, 2, 3, 4, 5])).problem

    def test_one_step_is_the_prediction_interval_of_student(self):
        values = [0.0, 0.3, 0.1, 0.5, 0.4, 0.9, 2.0]
        tested = find_drift(*self.measures(values, 0.0)).tested.iloc[0]
        steps = np.diff(values)
        early, last = steps[:-1], steps[-1]
        # Hahn and Meeker's interval for one further observation, turned into a p-value.
        spread = early.std(ddof=1) * np.sqrt(1 + 1 / len(early))
        p = 2 * stats.t.sf(abs(last - early.mean()) / spread, len(early) - 1)
        assert tested.p == pytest.approx(p, rel=1e-12)

    def test_noise_alone_drifts_no_more_often_than_promised(self):
        rng = np.random.default_rng(11)
        rounds = draws(100, 40)
        alarms = 0
        for _ in range(rounds):
            parts = []
            for column in range(30):
                frame, last = self.measures(rng.normal(0, 1, 9))
                parts.append(frame.assign(column=str(column)))
            alarms += len(find_drift(pd.concat(parts), last).found) > 0
        assert alarms <= stats.binom.ppf(0.99, rounds, 0.025)


def test_rows_set_apart_stand_in_the_file_once_each(write):
    contacts = (
        "interaction_id,customer_id,started_at,channel,wait_seconds,resolved\n"
        "a,1,2026-01-05,phone,-3,maybe\nb,2,2026-01-20,chat,5,false\nb,2,2026-01-21,chat,5,false\n"
        "broken,line\nc,3,2026-02-03,phone,60,true\n"
    )
    data = open_dataset(write(interactions__csv=contacts))
    apart = set_apart(data.faults)
    by_table = apart.groupby("table").size()
    for each in data.intake:
        assert by_table.get(each.table, 0) == each.quarantined
        assert each.read == each.used + each.quarantined
    first = apart[(apart.table == "interactions") & (apart.row == 1)].reason.iloc[0]
    assert "wait_seconds must be at least 0" in first
    assert "resolved must be readable" in first
