"""What the account-tiers page shows of shiny prospects and quiet partners."""

import pandas as pd

from cxlib.page.finding import Finding
from cxlib.page.table import Table, make_table
from cxlib.page.wording import Written, number, rows

MOST_ROWS = 10
# Below this probability, a promise is called weak.
WEAK = 0.5


def shiny_finding(shiny: pd.DataFrame, accounts: pd.DataFrame, currency: str = "") -> Finding:
    """How many accounts stand high by a promise alone, and how many of these are weak.

    Args:
        shiny: As `prospects.shiny_prospects` gives it.
        accounts: All accounts, with their inputs.
        currency: Of amounts.
    """
    if accounts.growth_potential.isna().all():
        return Finding(
            "No growth is forecast for any account, so none rests on a forecast alone.",
            news=False,
        )
    if shiny.empty:
        return Finding("No account rests on forecast growth alone.", news=False)
    promised = number(float(shiny.growth_potential.sum()), "money", currency)
    known = shiny.evidence.dropna()
    weak = int((known < WEAK).sum())
    rest = "rests" if len(shiny) == 1 else "rest"
    text = f"{rows(len(shiny), 'account')} {rest} on forecast growth alone ({promised} a year)"
    if known.empty:
        return Finding(f"{text}. The data do not show whether such growth is likely.")
    which = "all" if weak == len(shiny) > 1 else f"{weak:,}"
    verb = "is" if weak == 1 else "are"
    return Finding(
        f"{text}; judging by similar accounts, {which} {verb} unlikely to achieve it.",
        evidence="Unlikely: more likely than not to stay below the threshold. The probability "
        "rests on the growth of peers, and on the account's own as far as "
        "growth has lasted. Account managers may know more.",
    )


def shiny_table(shiny: pd.DataFrame, currency: str = "") -> Table | None:
    """Shiny prospects, those with the weakest evidence first; None without any."""
    shown = shiny.head(MOST_ROWS)
    return make_table(
        [
            {
                "Account": row["name"],
                "Promise, per year": number(row.growth_potential, "money", currency),
                "Source": row.growth_source,
                "Times its revenue": number(row.times),
                "Bought for": f"{row.years:.1f} years" if pd.notna(row.years) else "never",
                "Likely to be achieved": _chance(row.evidence),
            }
            for _, row in shown.iterrows()
        ],
        f"Unproven growth accounts: the {len(shown):,} with the weakest evidence, of "
        f"{len(shiny):,}",
    )


def quiet_finding(quiet: pd.DataFrame, accounts: pd.DataFrame, currency: str = "") -> Finding:
    """How many accounts of strategic value bring little.

    Args:
        quiet: As `prospects.quiet_partners` gives it.
        accounts: All accounts, with their inputs.
        currency: Of amounts.
    """
    if accounts.strategic_value.isna().all():
        return Finding(
            "Strategic value is not entered for any account.",
            news=False,
        )
    if quiet.empty:
        return Finding("No account of high strategic value has modest revenue.", news=False)
    revenue = number(float(quiet.revenue_12m.sum()), "money", currency)
    stayed = quiet.tenure.median()
    lasted = f"; half have stayed {stayed:.1f} years or more" if stayed > 0 else ""
    said = f"{rows(len(quiet), 'small strategic account')} bring {revenue} a year in all{lasted}"
    if len(quiet) == 1:
        said = f"1 small strategic account brings {revenue} a year"
    return Finding(
        f"{said}.",
        evidence="High strategic value, modest revenue. By revenue alone they would be overlooked.",
    )


def quiet_table(quiet: pd.DataFrame, currency: str = "") -> Table | None:
    """Quiet partners, the oldest first; None without any."""
    shown = quiet.head(MOST_ROWS)
    return make_table(
        [
            {
                "Account": row["name"],
                "Strategic value": Written(f"{row.strategic_value:g}", row.strategic_value),
                "Revenue, 12 months": number(row.revenue_12m, "money", currency),
                "Relationship": f"{row.tenure:.1f} years" if pd.notna(row.tenure) else "–",
            }
            for _, row in shown.iterrows()
        ],
        f"Small strategic accounts: the {len(shown):,} with the longest relationship, of "
        f"{len(quiet):,}",
        folded=True,
    )


def _chance(value: float) -> Written:
    return Written("under 1%", value) if value < 0.01 else number(value, "share")
