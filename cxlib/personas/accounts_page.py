"""What the personas page shows of accounts: who buys and who uses, and what they are worth."""

import pandas as pd

from cxlib.measure.contrast import FALSE_DISCOVERIES
from cxlib.measure.estimate import Estimate
from cxlib.page.figure import Figure, canvas, styled, whiskers
from cxlib.page.finding import Finding
from cxlib.page.table import Table, make_table
from cxlib.page.wording import capital, estimate, listed, number, rows
from cxlib.personas.clustering import Personas
from cxlib.personas.page import colour_of, nobody_finding, title_of
from cxlib.personas.wording import plain


def channel_table(channels: pd.DataFrame, personas: Personas) -> Table | Finding:
    """The channel most used at each touchpoint, by persona, or why that is not known."""
    if not personas.found:
        return nobody_finding()
    if channels.empty:
        return Finding(
            "Preferred channels are not known: too few contacts have a touchpoint.",
            news=False,
        )
    cell = [
        f"{plain(each.channel)} {estimate(_estimate(each))}"
        + ("" if each.clear else f"; not clearly ahead of {plain(each.second)}")
        for each in channels.itertuples()
    ]
    wide = channels.assign(cell=cell).pivot(index="touchpoint", columns="group", values="cell")
    order = [name for name in personas.stability.persona if name in wide]
    wide = wide.reindex(_in_order(wide.index))[order].fillna("–")
    records = [
        {"Touchpoint": plain(touchpoint)} | {title_of(personas, name): row[name] for name in order}
        for touchpoint, row in wide.iterrows()
    ]
    return make_table(records, "Preferred channel, and its share of the contacts there")


def _in_order(touchpoints) -> list[str]:
    """Touchpoints as a journey runs; others after them."""
    return sorted(touchpoints, key=lambda each: (JOURNEY.get(each, len(JOURNEY)), each))


JOURNEY = {
    name: place
    for place, name in enumerate(
        ("need", "research", "select", "purchase", "receive", "use", "maintain", "recommend")
    )
}


def _estimate(each) -> Estimate:
    return Estimate(each.share, each.low, each.high, 1, "share")


def buying_finding(buying: pd.DataFrame, personas: Personas) -> Finding:
    """Which personas buy and which use."""
    if not personas.found:
        return nobody_finding()
    if buying.empty:
        return Finding("Contacts before a purchase cannot be recognised in these data.", news=False)
    kinds = {"mostly buying": [], "mostly using": [], "both": []}
    for each in buying.itertuples():
        sides = {"mostly buying": each.low > 0.5, "mostly using": each.high < 0.5, "both": True}
        kind = next(name for name, fits in sides.items() if fits)
        kinds[kind].append(title_of(personas, each.group))
    said = "; ".join(f"{kind}: {listed(names)}" for kind, names in kinds.items() if names)
    shares = [(title_of(personas, each.group), _estimate(each)) for each in buying.itertuples()]
    return Finding(
        f"{capital(said)}.",
        evidence="Share of contacts before a purchase: "
        f"{'; '.join(f'{name} {estimate(share)}' for name, share in shares)}. Need, "
        "research, select and purchase lie on the way to a purchase; receive, use, "
        "maintain and recommend come after it.",
    )


@styled
def revenue_figure(revenue: pd.DataFrame, personas: Personas, currency: str = "") -> Figure | None:
    """Revenue per customer of each persona, with intervals; None where it is not known."""
    if revenue.empty:
        return None
    figure, axis = canvas(0.9 + 0.28 * len(revenue))
    each = [
        Estimate(row.per_customer, row.per_low, row.per_high, 1, "money")
        for row in revenue.itertuples()
    ]
    names = [title_of(personas, group) for group in revenue.group]
    whiskers(axis, each, names, [colour_of(group) for group in revenue.group])
    axis.set_xlabel(f"Revenue of twelve months per customer ({currency or 'money'})")
    axis.xaxis.set_major_formatter("{x:,.0f}")
    words = [f"{name} {estimate(e, currency)}" for name, e in zip(names, each, strict=True)]
    return Figure(figure, f"Revenue per customer with 95% intervals: {listed(words)}.")


def revenue_finding(revenue: pd.DataFrame, personas: Personas) -> Finding | None:
    """What each persona brings; None without personas."""
    if not personas.found:
        return None
    if revenue.empty:
        return Finding("The revenue of these customers' accounts is not known.", news=False)
    shares = [(title_of(personas, each.group), _estimate(each)) for each in revenue.itertuples()]
    short = listed(f"{name} {number(share.value, 'share')}" for name, share in shares)
    return Finding(
        f"Share of revenue: {short}.",
        evidence=f"{'; '.join(f'{name} {estimate(share)}' for name, share in shares)}. Bookings "
        "of twelve months; an account's are divided evenly among its customers "
        "with contacts.",
        news=False,
    )


def accounts_finding(accounts: pd.DataFrame, personas: Personas) -> Finding:
    """How personas come together within accounts."""
    if not personas.found:
        return nobody_finding()
    names = list(personas.stability.persona)
    shared = accounts[accounts.customers > 1]
    if shared.empty:
        return Finding("Every account has a single customer with contacts.", news=False)
    kinds = (shared[names] > 0).sum(axis=1)
    several = (kinds > 1).mean()
    return Finding(
        f"{number(several, 'share')} of accounts with several active customers have more than one "
        "persona.",
        evidence=f"{rows(len(shared), 'account')}, {number(kinds.mean(), 'points')} personas each "
        "on average; counted, not sampled.",
        news=False,
    )


def tier_table(by_tier: pd.DataFrame, personas: Personas) -> Table | None:
    """Which personas the customers of each tier are; None where tiers are not known."""
    if by_tier.empty:
        return None
    records = []
    for tier, part in by_tier.groupby("kind"):
        first = part.iloc[0]
        record = {"Tier": f"{tier} ({rows(first.accounts, 'account')})"}
        for each in part.itertuples():
            record[title_of(personas, each.group)] = (
                f"{estimate(_estimate(each))}; in {each.present:.0%} of accounts"
            )
        records.append(record)
    return make_table(
        records, "Share of the tier's customers, and in how many of its accounts", folded=True
    )


def tier_finding(by_tier: pd.DataFrame, personas: Personas) -> Finding | None:
    """Whether a tier's customers are other personas than those of the others; None without any."""
    if not personas.found:
        return None
    if by_tier.empty:
        return Finding("There are no tiers without accounts and revenue.", news=False)
    apart = by_tier[by_tier.q < FALSE_DISCOVERIES]
    if apart.empty:
        return Finding("No difference in the persona mix was found between tiers.", news=False)
    # Of two personas, one is what the other is not.
    first, *others = apart.itertuples()
    words = [
        f"{title_of(personas, each.group)} in Tier {each.kind} {estimate(_estimate(each))}"
        for each in (first, *others)
    ]
    more = f"; {rows(len(others), 'more difference')} in the table" if others else ""
    return Finding(
        f"The persona mix differs between tiers: {title_of(personas, first.group)} makes up "
        f"{number(first.share, 'share')} in Tier {first.kind}, and "
        f"{number(first.elsewhere, 'share')} elsewhere{more}.",
        evidence=f"{capital('; '.join(words))}. Accounts are compared, since customers of one "
        "account are not independent; allowance is made for the number of comparisons.",
    )
