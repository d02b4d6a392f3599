"""Demonstration data: a software company with its customers, contacts, surveys and projects.

Everything is drawn from one seeded generator; what is planted stands in `truth.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from cxlib.data.quarter import Quarter
from cxlib.demo import truth
from cxlib.demo.beyond import THEMES, draw_complaints, draw_events, draw_followups, told
from cxlib.demo.contacts import bond_in, draw_interactions, draw_surveys, pick
from cxlib.demo.names import account_names

REGIONS = {"EMEA": 0.45, "AMER": 0.33, "APAC": 0.22}
LANGUAGES = {
    "EMEA": {"en": 0.40, "de": 0.35, "fr": 0.25},
    "AMER": {"en": 0.85, "fr": 0.15},
    "APAC": {"en": 1.0},
}
INDUSTRIES = {
    "manufacturing": 0.24,
    "retail": 0.18,
    "logistics": 0.17,
    "healthcare": 0.15,
    "public sector": 0.14,
    "finance": 0.12,
}
PRICE_RISE_PER_YEAR = 1.03
NEVER = np.datetime64("2200-01-01")
MONTHLY_CHURN = 0.0046


@dataclass(frozen=True)
class Demo:
    """Demonstration data with what is known of it.

    Attributes:
        tables: A frame per table of the contract.
        personas: The planted persona of each `customer_id`.
        tiers: The planted tier of each `account_id`, and whether its inputs are complete.
        effort: The planted shock to customers' effort in each month.
        themes: What the comment of each `response_id` is about: a key of `verbatims.THEMES`.
    """

    tables: Mapping[str, pd.DataFrame]
    personas: pd.Series
    tiers: pd.DataFrame
    effort: pd.Series
    themes: pd.Series


def make_demo(
    accounts: int = truth.ACCOUNTS,
    interactions: int = truth.INTERACTIONS,
    quarters: int = truth.QUARTERS,
    seed: int = truth.SEED,
) -> Demo:
    """Draw demonstration data, ending with the quarter 2026Q3.

    Args:
        accounts: How many accounts; each has about three customers.
        interactions: How many contacts; a third are followed by a survey.
        quarters: How many quarters of history.
        seed: The same seed gives the same data.
    """
    rng = np.random.default_rng(seed)
    last = Quarter.parse(truth.LAST_QUARTER)
    base, people, months, effort = draw_company(rng, accounts, quarters)
    contacts = draw_interactions(rng, base, people, months, interactions)
    surveys = draw_surveys(rng, base, people, contacts, effort, last.end)
    tables = {
        "accounts": base.drop(
            columns=["planted", "mrr", "bond", "late_bond", "resized_at", "resized_to"]
        ),
        "customers": people.drop(columns=["persona", "leaning", "account", "language"]),
        "interactions": contacts.drop(columns=["person", "patience"]),
        "surveys": surveys.drop(columns="theme"),
        "revenue": _revenue(rng, base, months),
        "cycles": _cycles(),
        "targets": _targets(last, quarters),
        "events": draw_events(contacts),
        "complaints": draw_complaints(contacts),
        "experience_map": told(),
        "followups": draw_followups(surveys, last.end),
    }
    known = base.growth_potential.notna() & base.strategic_value.notna() & (base.resized_to == 1)
    known &= ~np.array([truth.TIERS[i].borderline for i in base.planted])
    tiers = base[["account_id"]].assign(
        tier=[truth.TIERS[i].tier for i in base.planted],
        driver=[truth.TIERS[i].driver for i in base.planted],
        certain=known & (base.signup_date < last.shift(-3).start) & base.churn_date.isna(),
    )
    names = np.array([persona.name for persona in truth.PERSONAS])
    personas = pd.Series(names[people.persona], people.customer_id, name="persona")
    themes = surveys.set_index("response_id").theme.dropna()
    return Demo(_with_faults(tables), personas, tiers, effort, themes)


def draw_company(
    rng, accounts: int, quarters: int
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DatetimeIndex, pd.Series]:
    """Accounts, their customers, the months, and the shock to effort in each."""
    last = Quarter.parse(truth.LAST_QUARTER)
    months = pd.date_range(last.shift(1 - quarters).start, last.end, freq="MS")[:-1]
    effort = pd.Series(rng.standard_normal(len(months)), months)
    effort[effort.index.isin(truth.HARD_MONTHS)] = truth.HARDER_BY
    base = _accounts(rng, accounts, months, effort)
    return base, _customers(rng, base), months, effort


def write_demo(folder: Path, demo: Demo) -> None:
    """Write demonstration data as a dataset: `dataset.toml` and a file per table."""
    folder.mkdir(parents=True, exist_ok=True)
    thresholds = "\n".join(f"{name} = {value}" for name, value in truth.TIER_THRESHOLDS.items())
    names = "\n".join(f'{letter} = "{name}"' for letter, name in truth.PERSONA_NAMES.items())
    (folder / "dataset.toml").write_text(
        'name = "Demonstration"\n'
        'description = "An invented business-to-business software and support company"\n'
        'currency = "EUR"\n\n'
        "[thresholds]\nservice_level_seconds = 60\nrepeat_days = 7\n\n"
        "[thresholds.service_level_by_channel]\nemail = 3600\nweb = 3600\n\n"
        f"[tiers]\n{thresholds}\n\n"
        # Companies are invented, and so is what their people write; persons stay pseudonyms.
        '[privacy]\npublic = ["accounts.name", "surveys.verbatim"]\n\n'
        f"[personas.names]\n{names}\n\n"
        f'[leadership]\ntiles = {_list(truth.TILES)}\nby = "region"\ngrid = {_list(truth.GRID)}\n'
        f"{_inventory()}",
        encoding="utf-8",
    )
    # What people write down themselves is a file that they can open.
    own = demo.tables["experience_map"]
    own.to_csv(folder / "experience_map.csv", index=False, lineterminator="\n")
    sections = [
        f"[{name}]\nwords = {_list(words)}\n" + (f'expectation = "{each}"\n' if each else "")
        for name, (words, each) in THEMES.items()
    ]
    (folder / "themes.toml").write_text("\n".join(sections), encoding="utf-8")
    for name, frame in demo.tables.items():
        if frame is own:
            continue
        frame.to_parquet(folder / f"{name}.parquet", index=False, compression="zstd")


def _list(names: Sequence[str]) -> str:
    """Names as TOML has a list of texts."""
    quoted = (f'"{each}"' for each in names)
    return f"[{', '.join(quoted)}]"


def _inventory() -> str:
    heads = ("what", "form", "source", "producer", "needed", "delivery", "report")
    sections = [
        "\n[[inventory]]\n"
        + "".join(f'{head} = "{each}"\n' for head, each in zip(heads, row, strict=True))
        for row in truth.INVENTORY
    ]
    return "".join(sections)


# One function a table ---------------------------------------------------------------------------


def _accounts(rng, count: int, months: pd.DatetimeIndex, effort: pd.Series) -> pd.DataFrame:
    planted = rng.choice(len(truth.TIERS), count, p=[tier.share for tier in truth.TIERS])
    kinds = [truth.TIERS[i] for i in planted]
    revenue = np.array([kind.monthly_revenue for kind in kinds])
    mrr = np.clip(revenue[:, 0] * rng.lognormal(0, 0.45, count), revenue[:, 1], revenue[:, 2])
    growth = rng.uniform(*np.array([kind.growth_potential for kind in kinds]).T)
    strategic = np.array([rng.choice(kind.strategic_values) for kind in kinds], dtype=float)
    bond, late_bond = rng.standard_normal((2, count))  # how well the relationship stands
    first, days = months[0], (months[-1] - months[0]).days
    # Half the accounts were there before the data begins; a few joined in its last months.
    signup = first + pd.to_timedelta(
        np.where(
            rng.random(count) < 0.62, rng.integers(-2_500, -30, count), rng.integers(0, days, count)
        ),
        unit="D",
    )
    unknown = rng.random((2, count)) < truth.SHARE_WITHOUT_CRM_INPUT / 2
    resized_to, resized_at = _resizing(rng, mrr, months)
    return pd.DataFrame(
        {
            "account_id": [f"A{i:05d}" for i in range(1, count + 1)],
            "name": account_names(rng, count),
            "industry": pick(rng, INDUSTRIES, count),
            "region": pick(rng, REGIONS, count),
            "service_level": np.where(
                rng.random(count) < np.where(mrr > 5_000, 0.85, 0.22), "premium", "standard"
            ),
            "employees": np.round(mrr / 14 * rng.lognormal(0, 0.5, count) + 5),
            "signup_date": signup,
            "churn_date": _churn_dates(
                rng,
                signup,
                bond_in(months, bond[:, None], late_bond[:, None]),
                mrr,
                np.where(resized_to < 1, resized_at, NEVER),
                months,
                effort,
            ),
            "growth_potential": np.where(unknown[0], np.nan, growth.round(-2)),
            "strategic_value": np.where(unknown[1], np.nan, strategic),
            "account_manager": [f"KAM {i:02d}" for i in rng.integers(1, 13, count)],
            "planted": planted,
            "mrr": mrr.round(0),
            "bond": bond,
            "late_bond": late_bond,
            "resized_at": resized_at,
            "resized_to": resized_to,
        }
    )


def _resizing(rng, mrr: np.ndarray, months: pd.DatetimeIndex) -> tuple[np.ndarray, np.ndarray]:
    """To what share of itself each account's contract changed (1: not at all), and when."""
    lot = rng.random(len(mrr))
    cut = lot < np.where(mrr > 4_500, truth.CUT_SHARE_OF_LARGE, truth.CUT_SHARE)
    enlarged = lot > 1 - truth.ENLARGED_SHARE
    late = months[::3][-truth.RESIZING_QUARTERS :].to_numpy()
    size = np.select([cut, enlarged], [truth.CUT_TO, truth.ENLARGED_TO], 1.0)
    return size, late[rng.integers(0, len(late), len(mrr))]


def _churn_dates(rng, signup, bond, mrr, cut_at, months, effort) -> pd.Series:
    """A month's risk of churn rises with the effort of customers two months before."""
    lag = truth.CES_LEADS_CHURN_BY_MONTHS
    felt = effort.shift(lag).fillna(0).to_numpy()
    calm = np.exp(truth.EFFORT_SHOCK_ON_LOG_CHURN**2 / 2)  # keeps the average risk as stated
    by_month = MONTHLY_CHURN / calm * np.exp(truth.EFFORT_SHOCK_ON_LOG_CHURN * felt)
    by_account = np.exp(truth.BOND_ON_LOG_CHURN * bond) * np.where(mrr > 5_000, 0.5, 1.0)[:, None]
    after_cut = np.where(months.to_numpy() > cut_at[:, None], truth.CUT_CHURN_FACTOR, 1.0)
    risk = np.clip(by_account * by_month * after_cut, 0, 0.5)
    there = signup.to_numpy()[:, None] < months.to_numpy()
    leaves = there & (rng.random(risk.shape) < risk)
    day = rng.integers(1, 28, len(signup))
    date = months.to_numpy()[leaves.argmax(axis=1)] + day.astype("timedelta64[D]")
    return pd.Series(date).where(leaves.any(axis=1))


def _customers(rng, base: pd.DataFrame) -> pd.DataFrame:
    extra = (truth.CUSTOMERS_PER_ACCOUNT - 1) * len(base)
    weight = np.sqrt(base.employees.to_numpy())
    size = 1 + rng.multinomial(extra, weight / weight.sum())
    account = np.repeat(np.arange(len(base)), size)
    count = len(account)
    persona = rng.choice(len(truth.PERSONAS), count, p=[each.share for each in truth.PERSONAS])
    # Now and then a customer looks like another persona in one respect.
    look = [
        np.where(rng.random(count) < truth.TRUE_TO_TYPE, persona, rng.permutation(persona))
        for _ in range(2)
    ]
    born = np.array([each.birth_year for each in truth.PERSONAS])[persona]
    return pd.DataFrame(
        {
            "customer_id": [f"C{i:06d}" for i in range(1, count + 1)],
            "account_id": base.account_id.to_numpy()[account],
            "role": np.array([each.role for each in truth.PERSONAS])[look[0]],
            "birth_year": np.round(born + rng.normal(0, 5, count)),
            "location": base.region.to_numpy()[account] + rng.choice([" north", " south"], count),
            "preferred_channel": np.array([each.channel for each in truth.PERSONAS])[look[1]],
            "persona": persona,
            "leaning": rng.normal(0, 0.4, count),
            "account": account,
            "language": _languages(rng, base.region.to_numpy()[account]),
        }
    )


def _languages(rng, region: np.ndarray) -> np.ndarray:
    spoken = np.empty(len(region), dtype=object)
    for name, shares in LANGUAGES.items():
        spoken[region == name] = pick(rng, shares, (region == name).sum())
    return spoken


def _revenue(rng, base: pd.DataFrame, months: pd.DatetimeIndex) -> pd.DataFrame:
    account, month = np.meshgrid(np.arange(len(base)), np.arange(len(months)), indexing="ij")
    joined = base.signup_date.to_numpy()[:, None]
    left = base.churn_date.fillna(pd.Timestamp(NEVER)).to_numpy()[:, None]
    there = (joined <= months.to_numpy()) & (left > months.to_numpy())
    account, month = account[there], month[there]
    booked = months.to_numpy()[month]
    price = base.mrr.to_numpy()[account] * PRICE_RISE_PER_YEAR ** (month // 12)
    resized = booked >= base.resized_at.to_numpy()[account]
    price = price * np.where(resized, base.resized_to.to_numpy()[account], 1.0)
    first = np.r_[True, account[1:] != account[:-1]] & (
        base.signup_date.to_numpy()[account] >= months[0]
    )
    fees = _booked(base, account, booked, price.round(0), np.where(first, "new", "recurring"))
    grows = np.where(base.planted == 2, 0.022, 0.010)[account]
    eager = np.exp(0.3 * base.bond.to_numpy()[account])
    sold = rng.random(len(account)) < grows * eager
    kind = rng.choice(["upsell", "cross_sell"], sold.sum())
    day = rng.integers(1, 27, sold.sum()).astype("timedelta64[D]")
    amount = (price[sold] * rng.uniform(0.4, 1.4, sold.sum())).round(0)
    extras = _booked(base, account[sold], booked[sold] + day, amount, kind)
    wrong = rng.random(len(account)) < 0.006
    day = rng.integers(1, 27, wrong.sum()).astype("timedelta64[D]")
    amount = -(price[wrong] * rng.uniform(0.1, 0.9, wrong.sum())).round(0)
    refunds = _booked(base, account[wrong], booked[wrong] + day, amount, "refund")
    bookings = pd.concat([fees, extras, refunds])
    return bookings.sort_values(["booked_at", "account_id", "kind"], ignore_index=True)


def _booked(base, account, when, amount, kind) -> pd.DataFrame:
    product = np.where(base.planted.to_numpy()[account] < 2, "Suite", "Desk")
    return pd.DataFrame(
        {
            "account_id": base.account_id.to_numpy()[account],
            "booked_at": when,
            "amount": amount,
            "kind": kind,
            "product": product,
        }
    )


def _cycles() -> pd.DataFrame:
    planned = pd.DataFrame([asdict(cycle) for cycle in truth.CYCLES])
    planned["plan_date"] = planned.do_date - pd.Timedelta(days=35)
    planned["owner"] = [f"CX lead {1 + i % 3}" for i in range(len(planned))]
    planned["control_scope"] = planned.control_scope.where(planned.control_scope != "")
    return planned.drop(columns=["verdict", "because", "effect"])


def _targets(last: Quarter, quarters: int) -> pd.DataFrame:
    recent = [str(last.shift(-back)) for back in reversed(range(min(quarters, 4)))]
    targets = [(kpi, quarter, goal) for quarter in recent for kpi, goal in truth.TARGETS.items()]
    frame = pd.DataFrame(targets, columns=["kpi", "quarter", "target"])
    return frame.assign(objective="Loyal customers", owner="CX lead 1")


def _with_faults(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Add rows that break the contract, as real data has them."""
    spoil = {
        ("customers", "account_id"): {"customer_id": "X{}", "account_id": "A99999"},
        ("interactions", "customer_id"): {"interaction_id": "X{}", "customer_id": "C999999"},
        ("interactions", "wait_seconds"): {"interaction_id": "W{}", "wait_seconds": -1.0},
        ("surveys", "response_id"): {},
        ("surveys", "score"): {"response_id": "S{}", "metric": "nps", "score": 11.0},
    }
    for table, column, count in truth.FAULTS:
        rows = tables[table]
        bad = rows.iloc[: count * 7 : 7].copy()
        for name, value in spoil[table, column].items():
            new_id = isinstance(value, str) and "{}" in value
            bad[name] = bad[name].map(value.format) if new_id else value
        tables[table] = pd.concat([rows, bad], ignore_index=True)
    return tables
