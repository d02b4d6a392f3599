"""The demonstration data's contacts and surveys: what customers meet, and what they say of it."""

from collections.abc import Mapping
from datetime import datetime

import numpy as np
import pandas as pd

from cxlib.demo import truth
from cxlib.demo.verbatims import THEME_OF_REASON, write_comment

CHANNELS = ("phone", "chat", "email", "web")
USUAL_WAIT = {"phone": 95.0, "chat": 48.0, "email": 3_600.0, "web": 2_400.0}
USUAL_HANDLING = {"phone": 400.0, "chat": 560.0, "email": 470.0, "web": 380.0}
FIXED_COST = {"phone": 4.0, "chat": 2.5, "email": 3.0, "web": 1.5}
USUAL_ABANDONMENT = {"phone": 0.075, "chat": 0.05, "email": 0.0, "web": 0.0}
USUAL_RESOLUTION = {
    "how_to": 0.66,
    "access": 0.84,
    "billing": 0.62,
    "contract": 0.72,
    "bug": 0.58,
    "integration": 0.60,
}
USUAL_TRANSFER = 0.17
AGENT_COST_PER_HOUR = 72.0
COST_OF_A_TRANSFER = 9.0
VOLUME_SEASON = {11: 1.10, 12: 1.15, 1: 1.15, 7: 0.92, 8: 0.88}
SHARE_OF_REPEATS = 0.12
METRICS = {"csat": 0.40, "nps": 0.35, "ces": 0.25}


def draw_interactions(rng, base, people, months, count: int) -> pd.DataFrame:
    """Contacts in order of time, some of them repeats of one that was not resolved."""
    repeats = int(count * SHARE_OF_REPEATS)
    person, started = _when(rng, base, people, months, count - repeats)
    persona = people.persona.to_numpy()[person]
    channel, reason, touchpoint = (
        _pick_by_persona(rng, persona, field) for field in ("channels", "reasons", "touchpoints")
    )
    first = _served(rng, base, people, person, started, channel, reason, touchpoint)
    # Those whose matter was not resolved come back within the week, mostly by the same channel.
    unresolved = np.flatnonzero(~first.resolved.fillna(True).to_numpy(dtype=bool))
    again = rng.choice(unresolved, min(repeats, len(unresolved)), replace=False)
    later = started[again] + pd.to_timedelta(
        rng.uniform(0.3, 6.5, len(again)) * 86_400 // 1, unit="s"
    )
    inside = later < months[-1] + pd.offsets.MonthBegin()
    again, later = again[inside], later[inside]
    second = _served(
        rng, base, people, person[again], later, channel[again], reason[again], touchpoint[again]
    )
    contacts = pd.concat([first, second]).sort_values(
        ["started_at", "customer_id"], ignore_index=True
    )
    contacts["reason"] = _with_next_issue(contacts)
    contacts.insert(0, "interaction_id", [f"I{i:08d}" for i in range(1, len(contacts) + 1)])
    return contacts


def _with_next_issue(contacts: pd.DataFrame) -> pd.Series:
    """The reasons, with some of one issue turned into the one that it brings.

    Only contacts that are no repeats and that no repeat follows, so that nothing else changes;
    drawn apart from all else.
    """
    first, then = truth.NEXT_ISSUE
    rows = contacts.sort_values(["customer_id", "started_at"], kind="stable")
    whose = rows.groupby("customer_id")
    before, after = (whose.started_at.diff(step).abs() for step in (1, -1))
    same_after = whose.reason.shift(-1) == rows.reason
    week = pd.Timedelta(days=7)
    turns = (rows.reason == first) & (whose.reason.shift(1) == first)
    turns &= (before > week) & (before <= pd.Timedelta(days=30)) & ~(same_after & (after <= week))
    rng = np.random.default_rng(truth.SEED_OF_NEXT_ISSUE)
    turns &= rng.random(len(rows)) < truth.NEXT_ISSUE_SHARE
    return rows.reason.mask(turns, then).sort_index()


def _when(rng, base, people, months, count: int) -> tuple[np.ndarray, pd.DatetimeIndex]:
    """Who makes contact, and when: more often in the season, on weekdays, in working hours."""
    rate = np.array([each.contacts for each in truth.PERSONAS])[people.persona]
    rate = rate * rng.gamma(4, 0.25, len(people))
    season = np.array([VOLUME_SEASON.get(month.month, 1.0) for month in months])
    ends = months + pd.offsets.MonthBegin()
    joined = base.signup_date.to_numpy()[people.account][:, None]
    left = base.churn_date.fillna(ends[-1]).to_numpy()[people.account][:, None]
    there = (joined <= months.to_numpy()) & (left >= ends.to_numpy())
    weight = rate[:, None] * season * there
    cells = rng.multinomial(count, (weight / weight.sum()).ravel())
    person, month = np.divmod(np.repeat(np.arange(cells.size), cells), len(months))
    length = (ends - months).days.to_numpy()[month]
    day = (rng.random(count) * length).astype(int)
    date = months.to_numpy()[month] + day.astype("timedelta64[D]")
    weekend = pd.DatetimeIndex(date).day_of_week.to_numpy() >= 5
    # Two thirds of what falls on a weekend waits for a weekday of the same month.
    moved = weekend & (rng.random(count) < 0.67)
    date = date + np.where(moved, np.where(day >= 3, -2, 2), 0).astype("timedelta64[D]")
    hour = rng.triangular(7, 11, 20, count)
    return person, pd.DatetimeIndex(date + (hour * 3_600).astype("timedelta64[s]"))


def _served(rng, base, people, person, started, channel, reason, touchpoint) -> pd.DataFrame:
    """How contacts go: wait, handling, transfers, resolution, cost, with the cycles' effects."""
    count = len(person)
    region = base.region.to_numpy()[people.account.to_numpy()[person]]
    patience = rng.normal(0, 0.8, count)  # this contact's wait against the channel's usual
    wait = _lookup(USUAL_WAIT, channel) * _wait_factor(channel, started) * np.exp(patience)
    gives_up = _lookup(USUAL_ABANDONMENT, channel) * np.exp(0.5 * patience - 0.08)
    bad = (channel == "phone") & (region == "EMEA") & _in_month(started, truth.BAD_MONTH)
    abandoned = rng.random(count) < gives_up * np.where(bad, truth.BAD_MONTH_FACTOR, 1.0)
    handling = _lookup(USUAL_HANDLING, channel) * _handling_factor(channel, started)
    handling = handling * rng.lognormal(-0.1, 0.45, count)
    passed_on = USUAL_TRANSFER + _effect("P03") * ((region == "APAC") & _since(started, "P03"))
    transfers = (rng.random(count) < passed_on) * (1 + (rng.random(count) < 0.15))
    chance = _lookup(USUAL_RESOLUTION, reason) + _resolution_shift(reason, started)
    resolved = rng.random(count) < chance + 0.03 - 0.15 * (transfers > 0)
    cost = _lookup(FIXED_COST, channel) + handling / 3_600 * AGENT_COST_PER_HOUR
    cost = cost + COST_OF_A_TRANSFER * transfers
    team = region + pd.Series(channel).isin(["phone", "chat"]).map({True: " live", False: " desk"})
    return pd.DataFrame(
        {
            "customer_id": people.customer_id.to_numpy()[person],
            "started_at": started,
            "channel": channel,
            "touchpoint": touchpoint,
            "reason": reason,
            "agent_id": team.to_numpy()
            + " "
            + rng.integers(1, 13, count).astype(str).astype(object),
            "team": team.to_numpy(),
            "wait_seconds": wait.round(),
            "handle_seconds": np.where(abandoned, np.nan, handling.round()),
            "transfers": np.where(abandoned, np.nan, transfers),
            "abandoned": abandoned,
            "resolved": pd.Series(resolved, dtype="boolean").mask(abandoned),
            "cost": np.where(abandoned, _lookup(FIXED_COST, channel), cost.round(2)),
            "root_cause": pick(rng, {"company": 0.55, "customer": 0.26, "employee": 0.19}, count),
            "person": person,
            "patience": patience,
        }
    )


def draw_surveys(rng, base, people, contacts, effort, end: datetime) -> pd.DataFrame:
    """Survey invitations after contacts, and the answers of those who answer."""
    answered = np.flatnonzero(~contacts.abandoned.to_numpy())
    count = len(contacts) // truth.INTERACTIONS_PER_SURVEY
    asked = np.sort(rng.choice(answered, min(count, len(answered)), replace=False))
    about = contacts.iloc[asked].reset_index(drop=True)
    person = people.iloc[about.person].reset_index(drop=True)
    bond = bond_in(about.started_at, *base[["bond", "late_bond"]].to_numpy()[person.account].T)
    effects = {driver.name: driver.effect for driver in truth.DRIVERS}
    moved = (
        effects["resolved"] * (1 - about.resolved.astype(float))
        + effects["transfers"] * about.transfers
        + effects["wait_seconds"] * about.patience
    ).to_numpy()
    mood = np.array([each.mood for each in truth.PERSONAS])[person.persona]
    feeling = (
        moved
        + mood
        + person.leaning.to_numpy()
        + truth.BOND_ON_CSAT * bond
        + rng.normal(0, 0.7, count)
    )
    shock = effort.reindex(about.started_at.dt.to_period("M").dt.to_timestamp()).to_numpy()
    metric = pick(rng, METRICS, count)
    score = np.select(
        [metric == "csat", metric == "nps"],
        [
            np.clip(np.round(4.6 + feeling), 1, 5),
            np.clip(np.round(9.2 + truth.NPS_PER_CSAT * feeling), 0, 10),
        ],
        np.clip(np.round(5.6 + feeling + truth.EFFORT_SHOCK_ON_CES * shock), 1, 7),
    )
    willing = np.array([each.answers for each in truth.PERSONAS])[person.persona]
    answers = rng.random(count) < np.clip(willing * (1 + 0.12 * bond), 0, 0.95)
    sent = about.started_at + pd.to_timedelta(rng.integers(1, 12, count) * 600, unit="s")
    responded = sent + pd.to_timedelta((rng.exponential(0.8, count) * 86_400).astype(int), unit="s")
    answers &= (responded < end).to_numpy()
    comment = _comments(rng, about, person.language, feeling, answers)
    return pd.DataFrame(
        {
            "response_id": [f"R{i:08d}" for i in range(1, count + 1)],
            "customer_id": about.customer_id,
            "interaction_id": about.interaction_id,
            "sent_at": sent,
            "responded_at": responded.where(answers),
            "metric": metric,
            "score": np.where(answers, score, np.nan),
            "verbatim": comment.comment,
            "theme": comment.theme,
        }
    )


def _comments(rng, about: pd.DataFrame, language, feeling, answers) -> pd.DataFrame:
    """What those write who answer and write: `theme` and `comment`, missing for all others."""
    theme = np.select(
        [
            (about.transfers > 0) & (rng.random(len(about)) < 0.7),
            ~about.resolved.astype(bool) & (rng.random(len(about)) < 0.7),
            (about.patience.abs() > 1) & (rng.random(len(about)) < 0.7),
            rng.random(len(about)) < 0.25,
        ],
        ["handover", "resolution", "waiting", "staff"],
        about.reason.map(THEME_OF_REASON),
    )
    good = feeling > -0.3
    writes = answers & (rng.random(len(about)) < 0.35)
    lots = rng.integers(0, 2**32, len(about))
    comment = [
        write_comment(each, pleased, spoken, int(lot))
        for each, pleased, spoken, lot in zip(theme, good, language, lots, strict=True)
    ]
    said = pd.DataFrame({"theme": theme, "comment": comment}, dtype="str")
    return said.where(pd.Series(writes))


def bond_in(when: pd.DatetimeIndex | pd.Series, early: np.ndarray, late: np.ndarray) -> np.ndarray:
    """How well relationships stand at a time: as they did `early`, or as they do since `late`."""
    return np.where(np.asarray(when) >= np.datetime64(truth.BONDS_SETTLE), late, early)


# What the cycles did ------------------------------------------------------------------------------


def _cycle(cycle_id: str) -> truth.Cycle:
    return next(cycle for cycle in truth.CYCLES if cycle.cycle_id == cycle_id)


def _effect(cycle_id: str) -> float:
    return _cycle(cycle_id).effect


def _since(started: pd.DatetimeIndex, cycle_id: str) -> np.ndarray:
    return np.asarray(started >= _cycle(cycle_id).do_date)


def _in_month(started: pd.DatetimeIndex, month: datetime) -> np.ndarray:
    return np.asarray((started.year == month.year) & (started.month == month.month))


def _wait_factor(channel, started: pd.DatetimeIndex) -> np.ndarray:
    called_back = (channel == "phone") & _since(started, "P01")
    season = np.array([truth.CHAT_SEASON.get(month, 1.0) for month in range(13)])[started.month]
    return np.where(called_back, _effect("P01"), 1.0) * np.where(channel == "chat", season, 1.0)


def _handling_factor(channel, started: pd.DatetimeIndex) -> np.ndarray:
    start, end = truth.SLIP_BACK
    lost = np.clip((started - start) / (end - start), 0, 1)
    factor = _effect("P04") + (1 - _effect("P04")) * np.asarray(lost)
    return np.where((channel == "email") & _since(started, "P04"), factor, 1.0)


def _resolution_shift(reason, started: pd.DatetimeIndex) -> np.ndarray:
    since = truth.TREND_SINCE
    months = np.clip((started.year - since.year) * 12 + started.month - since.month, 0, None)
    billing = (reason == "billing") & _since(started, "P02")
    trend = (reason == "how_to") * truth.TREND_PER_MONTH * np.asarray(months)
    return _effect("P02") * billing + trend


# Drawing ------------------------------------------------------------------------------------------


def pick(rng, shares: Mapping[str, float], count: int) -> np.ndarray:
    """Draw so many of the keys, each as often as its share says."""
    return rng.choice(np.array(list(shares), dtype=object), count, p=list(shares.values()))


def _pick_by_persona(rng, persona: np.ndarray, field: str) -> np.ndarray:
    drawn = np.empty(len(persona), dtype=object)
    for index, each in enumerate(truth.PERSONAS):
        mine = persona == index
        drawn[mine] = pick(rng, getattr(each, field), mine.sum())
    return drawn


def _lookup(values: Mapping[str, float], keys: np.ndarray) -> np.ndarray:
    return pd.Series(keys).map(values).to_numpy(dtype=float)
