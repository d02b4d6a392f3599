"""What is true of the demonstration data: planted by `dataset.py`, recovered by the tests.

An analysis is right on this data when it finds what stands here, and nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

SEED = 2026
ACCOUNTS = 2_000
CUSTOMERS_PER_ACCOUNT = 3
INTERACTIONS = 60_000
INTERACTIONS_PER_SURVEY = 3
QUARTERS = 12
LAST_QUARTER = "2026Q3"


@dataclass(frozen=True)
class Persona:
    """A group of customers alike in who they are and how they behave.

    `channels`, `reasons` and `touchpoints` map to relative frequencies; `contacts` is the rate
    relative to the other personas; `mood` shifts satisfaction (in CSAT points).
    """

    name: str
    share: float
    role: str
    birth_year: float
    channel: str
    channels: Mapping[str, float]
    reasons: Mapping[str, float]
    touchpoints: Mapping[str, float]
    contacts: float
    answers: float
    mood: float


PERSONAS = (
    Persona(
        name="administrator",
        share=0.30,
        role="administrator",
        birth_year=1988,
        channel="chat",
        channels={"chat": 0.74, "phone": 0.10, "email": 0.08, "web": 0.08},
        reasons={"access": 0.60, "bug": 0.15, "how_to": 0.10, "integration": 0.10, "billing": 0.05},
        touchpoints={"maintain": 0.75, "use": 0.20, "receive": 0.05},
        contacts=1.5,
        answers=0.45,
        mood=0.0,
    ),
    Persona(
        name="everyday user",
        share=0.35,
        role="end user",
        birth_year=1981,
        channel="phone",
        channels={"phone": 0.76, "chat": 0.12, "email": 0.08, "web": 0.04},
        reasons={"how_to": 0.70, "access": 0.14, "bug": 0.10, "billing": 0.06},
        touchpoints={"use": 0.80, "maintain": 0.08, "receive": 0.12},
        contacts=1.0,
        answers=0.42,
        mood=0.1,
    ),
    Persona(
        name="developer",
        share=0.17,
        role="developer",
        birth_year=1995,
        channel="web",
        channels={"web": 0.76, "email": 0.12, "chat": 0.10, "phone": 0.02},
        reasons={"integration": 0.66, "bug": 0.26, "access": 0.08},
        touchpoints={"use": 0.45, "receive": 0.15, "research": 0.40},
        contacts=1.0,
        answers=0.30,
        mood=-0.2,
    ),
    Persona(
        name="buyer",
        share=0.18,
        role="finance",
        birth_year=1973,
        channel="email",
        channels={"email": 0.78, "phone": 0.16, "web": 0.04, "chat": 0.02},
        reasons={"billing": 0.68, "contract": 0.28, "access": 0.04},
        touchpoints={"purchase": 0.64, "select": 0.20, "need": 0.08, "recommend": 0.08},
        contacts=0.9,
        answers=0.38,
        mood=0.0,
    ),
)

# How true to type a customer is in role and in stated preferred channel.
TRUE_TO_TYPE = 0.94


@dataclass(frozen=True)
class Driver:
    """The planted effect of one step of a driver on the latent CSAT, in CSAT points.

    NPS moves by `NPS_PER_CSAT` times as much.
    """

    name: str
    step: str
    effect: float


# In order of importance, the greatest share of explained variance first.
DRIVERS = (
    Driver("resolved", "not resolved at first contact", -1.1),
    Driver("transfers", "one transfer more", -0.8),
    Driver("wait_seconds", "e times the channel's usual wait", -0.25),
)
NPS_PER_CSAT = 1.9

CES_LEADS_CHURN_BY_MONTHS = 2
EFFORT_SHOCK_ON_CES = -0.55
EFFORT_SHOCK_ON_LOG_CHURN = 0.55
# In these months everything took customers more effort, by so many standard deviations.
HARD_MONTHS, HARDER_BY = (datetime(2026, 5, 1), datetime(2026, 6, 1), datetime(2026, 7, 1)), 1.3


@dataclass(frozen=True)
class Tier:
    """A planted class of accounts and what drives it.

    `monthly_revenue` is (median, lowest, highest); `growth_potential` is (lowest, highest) in
    money per year; `strategic_values` are the scores that occur. Accounts that are `borderline`
    lie on both sides of a threshold: their tier is not planted.
    """

    tier: str
    driver: str
    share: float
    monthly_revenue: tuple[float, float, float]
    growth_potential: tuple[float, float]
    strategic_values: tuple[int, ...]
    borderline: bool = False


TIERS = (
    Tier("I", "revenue", 0.045, (9_000, 6_500, 40_000), (0, 12_000), (2, 3, 4)),
    Tier("I", "strategic value", 0.020, (1_200, 300, 3_500), (0, 12_000), (5,)),
    Tier("II", "growth", 0.115, (1_500, 300, 3_500), (18_000, 60_000), (1, 2, 3)),
    Tier("III", "", 0.740, (1_000, 200, 3_300), (0, 12_000), (1, 2, 3, 4)),
    Tier("II", "lifetime value", 0.025, (4_250, 4_000, 4_500), (0, 12_000), (1, 2, 3)),
    Tier("I", "revenue", 0.025, (5_100, 4_700, 5_500), (0, 12_000), (2, 3, 4), borderline=True),
    Tier("II", "growth", 0.030, (1_500, 300, 3_300), (12_000, 18_000), (1, 2), borderline=True),
)
# Between the planted classes lie gaps; these thresholds stand in the gaps.
TIER_THRESHOLDS = MappingProxyType(
    {"revenue": 65_000, "strategic_value": 5, "growth": 15_000, "lifetime_value": 165_000}
)
SHARE_WITHOUT_CRM_INPUT = 0.08

# With one of the last six quarters, some accounts cut their contract down and others enlarge it;
# those that cut it down are more likely to churn afterwards.
RESIZING_QUARTERS = 6
CUT_SHARE, CUT_SHARE_OF_LARGE, CUT_TO, CUT_CHURN_FACTOR = 0.06, 0.18, 0.30, 4.0
ENLARGED_SHARE, ENLARGED_TO = 0.03, 1.7
# Relationships are worse or better, and settle anew with this month; one that stands a standard
# deviation better makes churn this much less likely, and answers this much better (in CSAT points).
BONDS_SETTLE = datetime(2025, 4, 1)
BOND_ON_CSAT = 0.7
BOND_ON_LOG_CHURN = -1.3


@dataclass(frozen=True)
class Cycle:
    """A planted improvement cycle.

    Attributes:
        verdict: What a sound analysis says of it: improved, worsened, or no detectable change.
        because: The trap that it sets.
        effect: What the change did to the KPI, in the KPI's unit, or as a factor (`x 0.7`).
    """

    cycle_id: str
    title: str
    kpi: str
    objective: str
    scope: str
    control_scope: str
    do_date: datetime
    check_date: datetime
    closed_at: datetime
    decision: str
    target: float
    expected_effect: float
    impact: int
    effort: int
    cost: float
    verdict: str
    because: str
    effect: float


IMPROVED, WORSENED, NO_CHANGE = "improved", "worsened", "no detectable change"

CYCLES = (
    Cycle(
        "P01", "Offer a call-back instead of a queue", "average_speed_of_answer",
        "Shorter waits", "channel = 'phone'", "",
        datetime(2025, 7, 1), datetime(2025, 10, 1), datetime(2025, 10, 20), "adopt",
        95, -30, 5, 3, 42_000, IMPROVED, "real improvement", 0.70,
    ),
    Cycle(
        "P02", "Let billing agents correct an invoice themselves", "first_contact_resolution",
        "Solved the first time", "reason = 'billing'", "reason = 'contract'",
        datetime(2025, 10, 1), datetime(2026, 1, 1), datetime(2026, 1, 19), "adopt",
        0.70, 0.10, 4, 2, 18_000, IMPROVED, "real improvement", 0.22,
    ),
    Cycle(
        "P03", "Route contacts through a new menu", "transfer_rate",
        "Solved the first time", "region = 'APAC'", "region = 'AMER'",
        datetime(2026, 1, 1), datetime(2026, 4, 1), datetime(2026, 4, 15), "abandon",
        0.15, -0.04, 3, 4, 65_000, WORSENED, "real worsening", 0.14,
    ),
    Cycle(
        "P04", "Reply to e-mails from a library of answers", "average_handle_time",
        "Lower cost to serve", "channel = 'email'", "channel = 'web'",
        datetime(2025, 2, 1), datetime(2025, 5, 1), datetime(2025, 5, 20), "adopt",
        420, -100, 3, 2, 5_000, IMPROVED, "a real gain that slips back after adoption", 0.72,
    ),
    Cycle(
        "P05", "Coach the team after a bad month", "abandonment_rate",
        "Shorter waits", "channel = 'phone' AND region = 'EMEA'",
        "channel = 'phone' AND region = 'AMER'",
        datetime(2026, 3, 1), datetime(2026, 6, 1), datetime(2026, 7, 6), "adopt",
        0.07, -0.05, 3, 1, 4_000, NO_CHANGE, "regression to the mean", 0.0,
    ),
    Cycle(
        "P06", "Add chat agents for the new year", "average_speed_of_answer",
        "Shorter waits", "channel = 'chat'", "",
        datetime(2026, 2, 1), datetime(2026, 5, 1), datetime(2026, 5, 12), "adopt",
        60, -25, 4, 4, 88_000, NO_CHANGE, "seasonality", 0.0,
    ),
    Cycle(
        "P07", "Publish how-to videos", "first_contact_resolution",
        "Solved the first time", "reason = 'how_to'", "",
        datetime(2025, 11, 1), datetime(2026, 2, 1), datetime(2026, 2, 16), "adopt",
        0.82, 0.05, 4, 3, 30_000, NO_CHANGE, "a trend that began before the cycle", 0.0,
    ),
    Cycle(
        "P08", "Show agents the customer's last chat", "average_handle_time",
        "Lower cost to serve", "channel = 'chat'", "channel = 'web'",
        datetime(2025, 9, 1), datetime(2025, 12, 1), datetime(2025, 12, 11), "adapt",
        500, -60, 3, 3, 25_000, NO_CHANGE, "no effect", 0.0,
    ),
)  # fmt: skip

# Where contacts are harder than elsewhere: developers come there with integrations and bugs, which
# are seldom solved the first time. They also answer least, so that they suffer in silence.
BROKEN_TOUCHPOINT, SILENT_PERSONA = "research", "developer"
# So many who ask about an integration come again about a bug; with the other issues, customers only
# look as if one brought another, since some kinds of customers have both.
NEXT_ISSUE, NEXT_ISSUE_SHARE = ("integration", "bug"), 0.8
SEED_OF_NEXT_ISSUE = 2027
# After so many visits to self-service no contact follows.
CONTAINED = MappingProxyType({"help pages": 0.75, "password page": 0.45})
SEED_BEYOND = 2028
# So many low scores are followed up, which helps nobody.
FOLLOWED_UP = 0.6

# P04's gain is lost, evenly, between these two dates; the others' effects last.
SLIP_BACK = (datetime(2025, 12, 1), datetime(2026, 4, 1))
# P05 follows one month in which abandonment was so many times the usual.
BAD_MONTH, BAD_MONTH_FACTOR = datetime(2026, 2, 1), 2.6
# P06 follows the yearly peak of waits on chat, by month.
CHAT_SEASON = MappingProxyType({11: 1.2, 12: 1.6, 1: 1.6})
# P07 falls into a rise of first-contact resolution per month since this date.
TREND_SINCE, TREND_PER_MONTH = datetime(2023, 10, 1), 0.006

# Faulty rows among the good ones: (table, column, how many).
FAULTS = (
    ("customers", "account_id", 2),
    ("interactions", "customer_id", 5),
    ("interactions", "wait_seconds", 4),
    ("surveys", "response_id", 3),
    ("surveys", "score", 3),
)

# What the personas are called on the pages, the largest first.
PERSONA_NAMES = MappingProxyType(
    {"A": "End users", "B": "Administrators", "C": "Finance", "D": "Developers"}
)
# What is to be reached in a quarter.
TARGETS = MappingProxyType(
    {
        "nps": 35.0,
        "csat_top2": 0.80,
        "first_contact_resolution": 0.72,
        "retention_rate": 0.975,
        "transfer_rate": 0.16,
        "average_handle_time": 480.0,
    }
)
# What leaders look at first.
TILES = (
    "retention_rate", "csat_top2", "first_contact_resolution", "nps", "transfer_rate",
    "average_handle_time",
)  # fmt: skip
GRID = (
    "nps", "csat_top2", "first_contact_resolution", "transfer_rate", "average_handle_time",
    "retention_rate",
)  # fmt: skip

# What it is, its form, its source, who produces it, when it is needed, how it comes, for what.
INVENTORY = (
    ("Contacts", "table, a row per contact", "contact-centre platform", "customer service",
     "first working day after the quarter", "pushed nightly", "all pages but tiers"),
    ("Survey answers", "table, a row per invitation", "survey tool", "CX team",
     "fifth working day after the quarter", "pulled", "drivers, score changes, worth"),
    ("Bookings", "table, a row per booking", "ERP", "finance", "after the books are closed",
     "pulled", "worth, tiers, cycles"),
    ("Accounts and customers", "tables, a row each", "CRM", "sales",
     "first working day after the quarter", "pulled", "all pages"),
    ("Improvement cycles and targets", "log of cycles", "CX team", "CX team",
     "when a cycle is planned or closed", "entered on page 07", "cycles, worth"),
)  # fmt: skip
