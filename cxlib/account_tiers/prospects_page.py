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
            "Who stands high by predicted growth alone is not known: it is foretold of no account.",
            news=False,
        )
    if shiny.empty:
        return Finding("No account stands high by predicted growth alone.", news=False)
    promised = number(float(shiny.growth_potential.sum()), "money", currency)
    known = shiny.evidence.dropna()
    weak = int((known < WEAK).sum())
    stand = "stands" if len(shiny) == 1 else "stand"
    text = (
        f"{rows(len(shiny), 'account')} {stand} high by predicted growth alone: {promised} a year"
    )
    if known.empty:
        return Finding(f"{text}. Whether such growth is likely cannot be told from the data.")
    which = "all" if weak == len(shiny) > 1 else f"{weak:,}"
    verb = "is" if weak == 1 else "are"
    return Finding(
        f"{text}. By what accounts like them have grown, {which} of these {verb} more likely than "
        "not to stay below the threshold.",
        evidence="The probability rests on the growth of peers, and on the account's own as far as "
        "growth has lasted. Whoever entered the promise may know more.",
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
                "Probability": _chance(row.evidence),
            }
            for _, row in shown.iterrows()
        ],
        f"Shiny prospects: the {len(shown):,} with the weakest evidence, of {len(shiny):,}",
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
            "Which accounts are of high strategic value is not known: nobody has judged any.",
            news=False,
        )
    if quiet.empty:
        return Finding("No account of high strategic value has modest revenue.", news=False)
    revenue = number(float(quiet.revenue_12m.sum()), "money", currency)
    stayed = quiet.tenure.median()
    lasted = f"; half of them have stayed for {stayed:.1f} years or more" if stayed > 0 else ""
    return Finding(
        f"{rows(len(quiet), 'quiet partner')}: of high strategic value, but {revenue} a year in "
        f"all{lasted}.",
        evidence="By revenue alone they would be overlooked.",
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
        f"Quiet partners: the {len(shown):,} with the longest relationship, of {len(quiet):,}",
    )


def _chance(value: float) -> Written:
    return Written("under 1%", value) if value < 0.01 else number(value, "share")
