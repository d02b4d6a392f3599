"""Journeys in the engine: on contacts that can be counted by hand, and on real ones by lot."""

from dataclasses import replace

import ibis
import numpy as np
import pandas as pd
import pytest

from cxlib.data import open_dataset
from cxlib.data.config import Assumptions
from cxlib.data.contract import TOUCHPOINTS
from cxlib.demo import truth
from cxlib.journeys import channels_page, outcomes_page, page, paths_page
from cxlib.journeys.channels import answers_of, judge_channels, preferred_and_used, question_of
from cxlib.journeys.contacts import follow, measured
from cxlib.journeys.hardship import (
    Silent,
    count_signs,
    hard_places,
    quietest,
    silent_customers,
    stories,
)
from cxlib.journeys.next_issue import next_issues
from cxlib.journeys.paths import issue_pairs, ways_of
from cxlib.measure.estimate import Estimate
from cxlib.measure.intervals import wilson_interval
from tests.conftest import ROOT, SHARED, draws

HAND = """interaction_id,customer_id,started_at,channel,touchpoint,reason,wait_seconds,transfers,abandoned,cost
a,1,2026-07-01 09:00,phone,purchase,billing,10,0,false,5
h,1,2026-07-02 09:00,phone,use,how_to,10,0,false,5
b,1,2026-07-03 09:00,email,purchase,billing,20,2,false,7
c,1,2026-08-20 09:00,phone,use,access,10,1,false,5
d,2,2026-07-02 09:00,phone,use,access,,,true,1
e,2,2026-07-20 09:00,phone,use,billing,10,0,false,5
f,3,2026-09-01 09:00,phone,use,access,90,0,false,5
g,3,2026-09-09 10:00,phone,purchase,access,10,0,false,5
"""


@pytest.fixture
def by_hand(tmp_path):
    (tmp_path / "dataset.toml").write_text('name = "By hand"\n[privacy]\nsmallest_group = 1\n')
    (tmp_path / "interactions.csv").write_text(HAND)
    (tmp_path / "customers.csv").write_text(
        "customer_id,account_id,preferred_channel\n1,x,phone\n2,y,phone\n3,z,chat\n"
    )
    (tmp_path / "surveys.csv").write_text(
        "response_id,customer_id,interaction_id,sent_at,metric,score\n"
        "r1,1,a,2026-07-01 10:00,csat,1\nr2,2,e,2026-07-21,csat,5\nr3,3,f,2026-09-02,csat,\n"
    )
    return open_dataset(tmp_path, "2026Q3", raw_ids=True)


@pytest.fixture
def followed(by_hand):
    return follow(by_hand, by_hand.quarter.start, by_hand.quarter.end)


def test_each_contact_knows_what_its_customer_met(followed):
    rows = followed.rows.execute().set_index("interaction_id").sort_index()
    met = {name: "".join(rows.index[rows[name] == 1]) for name in (*followed.signs, "_hard")}
    assert met == {
        # Only within a week, and about the same, though h came between; g came eight days after f.
        "_again": "b", "_switched": "b",
        "_transferred": "bc", "_passed_around": "b", "_abandoned": "d",
        # Beyond nine in ten of the phone's waits.
        "_long_wait": "f",
        "_hard": "bdf",
    }  # fmt: skip


def test_what_makes_contacts_hard_is_counted_with_its_cost(by_hand, followed):
    found = {each.name: each for each in count_signs(by_hand, followed)}
    assert (found["_transferred"].contacts, found["_transferred"].cost) == (2, 12)
    assert found["_abandoned"].share == pytest.approx(1 / 8)


def test_orders_of_two_issues_are_counted_once_a_customer(by_hand):
    start, end = by_hand.quarter.start, by_hand.quarter.end
    pairs = issue_pairs(by_hand, start, end, 60).set_index(["first", "then"])
    # Customer 1 had billing twice before access; customer 2 the other way round.
    assert pairs.loc[("billing", "access"), ["followed", "preceded"]].tolist() == [1, 1]
    assert pairs.loc[("access", "billing"), ["followed", "preceded"]].tolist() == [1, 1]
    pairs = issue_pairs(by_hand, start, end, 30).set_index(["first", "then"])
    assert pairs.loc[("billing", "access"), ["followed", "preceded"]].tolist() == [0, 1]


def test_preferences_are_held_against_use(by_hand, followed):
    assert preferred_and_used(by_hand, followed, {"phone"}).empty
    found = preferred_and_used(by_hand, followed, {"phone", "chat"}).set_index("channel")
    assert found.loc["phone"].tolist() == [6, 5, 2]
    assert found.loc["chat"].tolist() == [2, 0, 1]


def test_contacts_that_tell_little_make_a_page_that_says_so(tmp_path):
    (tmp_path / "dataset.toml").write_text('name = "Little"\n')
    (tmp_path / "interactions.csv").write_text(
        "interaction_id,customer_id,started_at,channel\na,1,2026-07-01,phone\nb,2,2026-07-02,web\n"
    )
    (tmp_path / "customers.csv").write_text("customer_id,account_id\n1,x\n2,y\n")
    data = open_dataset(tmp_path, "2026Q3")
    start, end = data.quarter.start, data.quarter.end
    found = follow(data, start, end)
    assert (found.step, found.signs, hard_places(found, {"x"})) == ("", (), ())
    assert silent_customers(data, found, {"x"}) == ()
    assert next_issues(issue_pairs(data, start, end, 30)) == ()
    assert judge_channels(answers_of(data, "", start, end), {"phone"}) == ()
    panel = measured(data, ["ces"], ["", "channel"])
    sentences = [
        page.hard_finding((), (), ""), page.silent_finding((), None, Assumptions()),
        page.map_finding(panel, "", ""), paths_page.next_finding((), 30, np.nan, ""),
        paths_page.move_finding(ways_of(data, found, 30), 30, ""),
        channels_page.preference_finding(preferred_and_used(data, found, {"phone"})),
        channels_page.judgement_finding((), None, ""), channels_page.containment_finding((), 7),
        outcomes_page.resolution_finding(None), outcomes_page.purchase_finding(None),
        outcomes_page.ladder_finding(None, Assumptions()),
    ]  # fmt: skip
    assert not any(each.news or "nan" in each.sentence for each in sentences)
    assert question_of(data, start, end) == ""


def test_silent_customers_of_the_demonstration_are_those_in_its_rows(data):
    start, end = data.quarter.shift(-3).start, data.quarter.end
    found = follow(data, start, end)
    silent = {each.name: each for each in silent_customers(data, found, {"use", "maintain"})}
    rows = found.rows.execute()
    met = set(rows[(rows.touchpoint == "use") & (rows._hard == 1)].customer_id)
    answers = data.frame("surveys")
    answers = answers[(answers.sent_at >= start) & (answers.sent_at < end) & answers.score.notna()]
    assert silent["use"].met == len(met)
    made = data.frame("complaints")
    made = made[(made.opened_at >= start) & (made.opened_at < end)]
    assert silent["use"].heard == len(met & {*answers.customer_id, *made.customer_id})
    assert silent["use"].estimated > silent["use"].met


def test_a_touchpoint_is_judged_as_its_rows_are_by_hand(data):
    """The variance by unit and by day, less that of both, written out in pandas."""
    start, end = data.quarter.start, data.quarter.end
    found = follow(data, start, end)
    places = {each.name: each for each in hard_places(found, {"use", "maintain", "purchase"})}
    rows = found.rows.execute()
    rows = rows[rows.touchpoint.isin(places)]
    use, away = rows.touchpoint == "use", rows.touchpoint != "use"
    share, rest = rows._hard[use].mean(), rows._hard[away].mean()
    assert places["use"].gap.value == pytest.approx(share - rest)
    pull = np.where(use, (rows._hard - share) / use.sum(), -(rows._hard - rest) / away.sum())
    pulls = pd.DataFrame({"pull": pull, "unit": rows._unit, "day": rows._day})
    variance = sum(
        sign * (pulls.groupby(keys).pull.sum() ** 2).sum()
        for sign, keys in ((1, ["unit"]), (1, ["day"]), (-1, ["unit", "day"]))
    )
    half = places["use"].gap.high - places["use"].gap.value
    assert half == pytest.approx(1.959964 * np.sqrt(variance), rel=1e-5)


def test_the_demonstrations_journeys_are_found(data, demo):
    """The broken touchpoint, the issue that another follows, and who suffers in silence."""
    start, end = data.quarter.shift(-3).start, data.quarter.end
    found = follow(data, start, end)
    places = hard_places(found, set(TOUCHPOINTS))
    assert [each.name for each in places if each.broken] == [truth.BROKEN_TOUCHPOINT]
    following = next_issues(issue_pairs(data, start, end, 30))
    assert [(each.first, each.then) for each in following if each.detected] == [truth.NEXT_ISSUE]
    rows = found.rows.execute()
    met = rows[rows._hard == 1].customer_id.unique()
    answers = data.frame("surveys")
    answers = answers[(answers.sent_at >= start) & answers.score.notna()]
    made = data.frame("complaints")
    heard = {*answers.customer_id, *made.customer_id[made.opened_at >= start]}
    silent = pd.Series([each not in heard for each in met], met)
    by_persona = silent.groupby(demo.personas.reindex(met)).mean()
    assert by_persona.idxmax() == truth.SILENT_PERSONA
    theirs = found.by("persona", demo.personas.rename_axis("customer_id").reset_index())
    personas = set(demo.personas)
    quiet, gap = quietest(silent_customers(data, theirs, personas))
    assert quiet.name == truth.SILENT_PERSONA
    assert quiet.silent.value == pytest.approx(by_persona.max())
    assert gap.low > 0
    told = stories(theirs, personas).set_index("group")
    assert told.loc["buyer", ["touchpoint", "channel", "reason"]].tolist() == [
        "purchase", "email", "billing"
    ]  # fmt: skip


def test_personas_that_are_silent_alike_are_told_apart_in_at_most_one_case_in_twenty():
    rng, called = np.random.default_rng(1), 0
    for _ in range(1_000):
        met = rng.integers(40, 400, 4)
        heard = rng.binomial(met, 0.5)
        sides = [
            Silent(
                name, m, h, Estimate(1 - h / m, *wilson_interval(1 - h / m, m), m, "share"), None
            )
            for name, m, h in zip("ABCD", met, heard, strict=True)
        ]
        called += quietest(sides) is not None
    # Only more silence counts; nominally 2.5%, and chance adds four standard errors.
    assert called / 1_000 <= 0.025 + 4 * np.sqrt(0.025 * 0.975 / 1_000)
    assert quietest(sides[:1]) is None


def with_places(data, places: pd.Series, worse: str = "", rng=None, share: float = 0.0):
    """The dataset with touchpoints by customer; at one of them, contacts are given up oftener."""
    rows = data.tables["interactions"].execute().drop(columns="touchpoint")
    rows["touchpoint"] = rows.customer_id.map(places)
    if worse:
        given_up = (rows.touchpoint == worse) & (rng.random(len(rows)) < share)
        rows["abandoned"] = rows.abandoned.astype("boolean").fillna(False) | given_up
    kinds = dict.fromkeys(rows.columns[rows.isna().all()], "string")
    rows = rows.astype({"touchpoint": "string"} | kinds)
    table = ibis.memtable(rows, schema=dict(data.tables["interactions"].schema().items()))
    tables = dict(data.tables) | {"interactions": table}
    missing = tuple(
        replace(each, missing=frozenset(each.missing) - {"touchpoint"})
        if each.table == "interactions" else each
        for each in data.intake
    )  # fmt: skip
    return replace(data, tables=tables, contacts=table, intake=missing)


@pytest.mark.parametrize("name", ["it_incidents", "helpdesk"])
def test_issues_dealt_by_lot_among_a_real_customers_contacts_have_no_order(name):
    """At most 5% of deals call a next issue, though issues are common or rare, and customers too."""
    if not SHARED.exists():
        pytest.skip("the real data are not beside the project")
    data = open_dataset(ROOT / "examples" / name, raw_ids=True)
    rows = data.frame("interactions")
    # Issues are those of the twelve most common reasons; all others are one.
    common = rows.reason.value_counts().index[:12]
    rows = rows.assign(reason=rows.reason.where(rows.reason.isin(common), "other"))
    count, called = draws(60, 8), 0
    for seed in range(count):
        rng = np.random.default_rng(seed)
        lot = rows.sample(frac=1, random_state=rng)
        order = rows.sort_values(["customer_id"], kind="stable").index
        dealt = lot.sort_values("customer_id", kind="stable").reason.to_numpy()
        world = rows.assign(reason=pd.Series(dealt, order))
        table = ibis.memtable(world[["customer_id", "reason", "started_at"]])
        there = replace(data, tables=dict(data.tables) | {"interactions": table})
        found = next_issues(issue_pairs(there, there.start, there.end, 30))
        called += any(each.detected for each in found)
    assert called / count <= (0.05 if count >= 60 else 0.05 + 2 * np.sqrt(0.05 * 0.95 / count))


STAGES = np.array(["research", "purchase", "receive", "use", "maintain", "recommend"])


@pytest.mark.parametrize("share", [0.0, 0.4])
def test_touchpoints_dealt_by_lot_to_real_customers_are_alike(share):
    """The bank's real calls: at most 5% of deals name a touchpoint, and a planted one is found."""
    if not SHARED.exists():
        pytest.skip("the real data are not beside the project")
    data = open_dataset(ROOT / "examples" / "anonymous_bank", raw_ids=True)
    customers = data.frame("customers").customer_id
    count = draws(100, 12)
    named = right = 0
    for seed in range(count):
        rng = np.random.default_rng(seed)
        places = pd.Series(rng.choice(STAGES, len(customers)), customers)
        world = with_places(data, places, "use" if share else "", rng, share)
        found = hard_places(follow(world, world.start, world.end), set(STAGES))
        broken = [each.name for each in found if each.broken]
        named += bool(set(broken) - ({"use"} if share else set()))
        right += "use" in broken
    assert named / count <= (0.05 if count >= 100 else 0.05 + 2 * np.sqrt(0.05 * 0.95 / count))
    assert right / count >= (0.8 if share else 0)


def test_a_channel_judged_by_one_customer_alone_is_not_compared():
    rows = [("phone", "all", 3 + number % 3, f"u{number}") for number in range(30)]
    rows += [("chat", "all", 2 + number % 3, f"v{number}") for number in range(30)]
    answers = pd.DataFrame(rows, columns=["channel", "matter", "score", "unit"])
    alone = pd.DataFrame([("email", "all", 1, "one")] * 5, columns=answers.columns)
    shown = {"phone", "chat", "email"}
    judged = judge_channels(pd.concat([answers, alone]), shown)
    assert [each.channel for each in judged] == ["chat", "phone"]
    assert judge_channels(pd.concat([answers[:30], alone]), shown) == ()
