"""What the personas page shows of who they are: cards, what sets them apart, how to tell one."""

import pandas as pd
import seaborn as sns

from cxlib.measure import KPIS, Panel
from cxlib.measure.contrast import FALSE_DISCOVERIES
from cxlib.measure.estimate import Estimate
from cxlib.measure.panel import estimate_of
from cxlib.page.figure import Figure, canvas, readable_on, styled
from cxlib.page.finding import Finding
from cxlib.page.table import Table, make_table
from cxlib.page.wording import capital, estimate, interval, number, rows
from cxlib.personas.card import Bar, Card, Cards, Fare
from cxlib.personas.clustering import Personas
from cxlib.personas.encoding import CATEGORY, NUMBER, SHARES
from cxlib.personas.page import (
    PALETTE,
    colour_of,
    made_of,
    nobody_finding,
    size_estimates,
    title_of,
)
from cxlib.personas.profiles import SHARED_BY, Question, Rule
from cxlib.personas.wording import against_others, amount, how_often, plain, shows, trait
from cxlib.pictures import icon_of

# From here on, an effect size stands out (Cohen: 0.2 is small, 0.5 medium, 0.8 large).
NOTABLE = 0.3
MARKS = 4
# A level that more than so many have, or so much of their contacts, is typical.
TYPICAL = 0.5
CARD_KPIS = ("nps", "csat", "ces", "first_contact_resolution", "cost_per_contact")
PROFILED = 6


def make_cards(
    personas: Personas,
    differences: pd.DataFrame,
    profiles: pd.DataFrame,
    channels: pd.DataFrame,
    panel: Panel,
    revenue: pd.DataFrame,
    rule: Rule | None,
    currency: str = "",
) -> Cards | Finding:
    """Everything that is known of each persona, on a card.

    Args:
        personas: The personas.
        differences, profiles, rule: As `profiles.py` gives them.
        channels, revenue: As `groups.py` gives them.
        panel: KPIs by persona.
        currency: For amounts of money.
    """
    if not personas.found:
        return nobody_finding()
    cards = []
    for persona, size in size_estimates(personas).items():
        about = personas.stability.set_index("persona").loc[persona]
        own = differences[differences.persona == persona]
        worth = revenue[revenue.group == persona]
        lines = {
            "Typical": _profile(profiles[profiles.persona == persona], currency),
            "Channels": _channels(channels[channels.group == persona]),
            "Worth": _worth(worth, currency),
            "Recognise one": _recognise(rule, persona, currency),
        }
        stable = about.verdict + ("" if pd.isna(about.jaccard) else f" ({about.jaccard:.2f})")
        called, share = epithet(own), _share(worth)
        brings = f"; {number(share.value, 'share')} of revenue" if share else ""
        cards.append(
            Card(
                title=title_of(personas, persona) + (f": {called}" if called else ""),
                size=f"{estimate(size)} of customers{brings}; {stable}",
                portrait=portrait(own, currency),
                hue=PALETTE.index(colour_of(persona)),
                colour=colour_of(persona),
                icon=icon_of(_usual(own, "channel")),
                bars=_bars(own),
                fares=_fares(panel, personas, persona, currency),
                lines=tuple((label, text) for label, text in lines.items() if text),
            )
        )
    return Cards(tuple(cards))


def portrait(own: pd.DataFrame, currency: str = "") -> str:
    """One sentence about a persona, from what sets it apart."""
    role, age = _usual(own, "role"), _number(own, "age", "about {} years old")
    who = ", ".join(filter(None, (f"typically in the role of {role}" if role else "", age)))
    how = _number(own, "contact_rate", "in contact {}", how_often)
    ways = {"channel": "mostly by {}", "reason": "about {}", "touchpoint": "at the touchpoint “{}”"}
    means = [text.format(found) for key, text in ways.items() if (found := _usual(own, key))]
    does = ", ".join(filter(None, (how, *means)))
    if not who and not means:
        does = "; ".join(filter(None, (does, f"set apart by {listed_marks(own, currency, 2)}")))
    return f"{capital('; '.join(filter(None, (who, does))))}."


def epithet(own: pd.DataFrame) -> str:
    """Two words by which a persona is pictured: its role, and the channel it uses most."""
    role, channel = _usual(own, "role"), _usual(own, "channel")
    return ", ".join(filter(None, (role, f"by {channel}" if channel else "")))


def _usual(own: pd.DataFrame, feature: str) -> str:
    """What most of a persona's customers are, or most of their contacts are by, about or at."""
    levels = own[(own.feature == feature) & (own.kind != NUMBER)].sort_values("inside")
    if levels.empty or levels.inside.iloc[-1] <= TYPICAL:
        return ""
    return plain(levels.level.iloc[-1])


def _number(own: pd.DataFrame, feature: str, text: str, said=None) -> str:
    found = own[own.feature == feature]
    if found.empty:
        return ""
    value = found.inside.iloc[0]
    return text.format(said(value) if said else amount(feature, NUMBER, value))


def _share(worth: pd.DataFrame) -> Estimate | None:
    if worth.empty:
        return None
    each = worth.iloc[0]
    return Estimate(each.share, each.low, each.high, 1, "share")


def listed_marks(own: pd.DataFrame, currency: str = "", count: int = MARKS) -> str:
    """What sets a persona apart most, one mark per feature."""
    said = [f"{_trait(each)} {against_others(each, currency)}" for each in _marks(own)[:count]]
    return "; ".join(said) or "nothing that stands out"


def _trait(row) -> str:
    return trait(row.feature, row.kind, row.level)


def _marks(own: pd.DataFrame) -> list:
    clear = own[(own.effect.abs() >= NOTABLE) & (own.q < FALSE_DISCOVERIES)]
    order = clear.effect.abs().sort_values(ascending=False).index
    # Rates by channel tell what shares by channel tell already.
    clear = clear.loc[order][clear.loc[order].feature != "channel_rate"]
    return [each for each in clear.drop_duplicates("feature").itertuples() if shows(each)]


def _profile(profile: pd.DataFrame, currency: str) -> str:
    shown = profile[profile.feature != "channel_rate"].head(PROFILED)
    if shown.empty:
        return f"not shown: fewer than {SHARED_BY} customers are alike"
    said = "; ".join(_profiled(each, currency) for each in shown.itertuples())
    return f"{said} ({rows(shown.fitting.iloc[-1], 'customer')} fit this)"


def _profiled(each, currency: str) -> str:
    if each.kind != NUMBER:
        name = _trait(each)
        return f"{name} most often" if each.kind == SHARES else name
    low, high = (amount(each.feature, NUMBER, value, currency) for value in (each.low, each.high))
    name = trait(each.feature, NUMBER, "")
    return f"{low} {name}" if low == high else f"{low} to {high} {name}"


def _channels(channels: pd.DataFrame) -> str:
    said = [
        f"{plain(each.touchpoint)}: {plain(each.channel)} {number(each.share, 'share')}"
        if each.clear
        else f"{plain(each.touchpoint)}: no clear preference"
        for each in channels.itertuples()
    ]
    return "; ".join(said)


def _bars(own: pd.DataFrame) -> tuple[Bar, ...]:
    """What sets a persona apart most, as far as it is a share."""
    marks = [each for each in _marks(own) if each.kind != NUMBER]
    return tuple(
        Bar(_trait(each), against_others(each), each.inside, each.rest) for each in marks[:MARKS]
    )


def _fares(panel: Panel, personas: Personas, persona: str, currency: str) -> tuple[Fare, ...]:
    """How a persona fares in the KPIs that it was not made of, beside the other personas."""
    circular, name, fares = made_of(personas), personas.name(persona), []
    for kpi in CARD_KPIS:
        found = panel.of(kpi)
        if kpi in circular or found.empty or not (found.persona == name).any():
            continue
        # Customers without a persona are not one.
        found = found[found.persona.isin([personas.name(e) for e in personas.stability.persona])]
        known = {row.persona: estimate_of(row) for _, row in found.iterrows()}
        text = estimate(known[name], currency)
        ends = {
            who: (each.value, each.low, each.high) if each.has_interval else (each.value,) * 3
            for who, each in known.items()
        }
        lowest, highest = min(map(min, ends.values())), max(map(max, ends.values()))
        reach = (highest - lowest) or 1.0
        value, low, high = ((end - lowest) / reach for end in ends.pop(name))
        others = tuple((each[0] - lowest) / reach for each in ends.values())
        fares.append(Fare(KPIS[kpi].label, text, value, low, high, others))
    return tuple(fares)


def _worth(worth: pd.DataFrame, currency: str) -> str:
    if worth.empty:
        return ""
    each = worth.iloc[0]
    per = Estimate(each.per_customer, each.per_low, each.per_high, 1, "money")
    return (
        f"{number(each.amount, 'money', currency)} a year, {estimate(_share(worth))} of revenue; "
        f"{estimate(per, currency)} per customer"
    )


def _recognise(rule: Rule | None, persona: str, currency: str) -> str:
    if rule is None:
        return ""
    ways = rule.paths[rule.paths.persona == persona]
    if ways.empty:
        return "not by three questions"
    best = ways.iloc[0]
    told = rule.per_persona.set_index("persona").loc[persona]
    return (
        f"{_path(best.questions, currency)} (all its rules together find {told.found:.0%} of them)"
    )


def _path(questions: tuple[Question, ...], currency: str) -> str:
    """Questions with their answers; what a level excludes need not be said."""
    named = {each.feature for each in questions if each.kind == CATEGORY and each.yes}
    said = [each for each in questions if each.yes or each.kind != CATEGORY
            or each.feature not in named]  # fmt: skip
    return "; ".join(_answer(each, currency) for each in said)


def _answer(question: Question, currency: str = "") -> str:
    """A question with its answer, as staff would note it."""
    feature, level, limit = question.feature, question.level, question.limit
    kind = question.kind
    if kind == CATEGORY:
        return f"{feature.replace('_', ' ')} is {'' if question.yes else 'not '}{plain(level)}"
    side = "more than" if question.yes else "at most"
    of = " of" if kind == SHARES and feature != "channel_rate" else ""
    return f"{side} {amount(feature, kind, limit, currency)}{of} {trait(feature, kind, level)}"


def rule_finding(rule: Rule | None, personas: Personas) -> Finding:
    """How well three questions tell personas apart."""
    if rule is None and personas.found:
        return Finding(
            "Questions cannot identify a single persona, or one that few customers have.",
            news=False,
        )
    if rule is None:
        return nobody_finding()
    return Finding(
        "Three questions identify the right persona "
        f"{number(rule.accuracy.value, 'share')} of the time.",
        rule.accuracy,
        evidence=f"{capital(interval(rule.accuracy))}. Tried on customers from whom the questions "
        "were not learnt (five-fold "
        f"cross-validation); naming the largest persona every time is right for "
        f"{number(rule.by_guess, 'share')}.",
    )


def rule_table(rule: Rule | None, personas: Personas, currency: str = "") -> Table | None:
    """The questions, and whom they lead to; None where there are none."""
    if rule is None:
        return None
    records = [
        {
            "If": _path(each.questions, currency),
            "then": title_of(personas, each.persona),
            "Customers": number(each.customers, "count"),
            "Right": estimate(Estimate(each.right, each.low, each.high, each.customers, "share")),
        }
        for each in rule.paths.itertuples()
    ]
    learnt = number(rule.paths.customers.sum(), "count")
    caption = (
        "How to recognise a persona, and how often that is right, of the "
        f"{learnt} customers it was learnt from"
    )
    return make_table(records, caption, folded=True)


@styled
def difference_figure(differences: pd.DataFrame, personas: Personas) -> Figure | None:
    """Effect sizes of what sets personas apart most; None where there are none."""
    if not personas.found or differences.empty:
        return None
    found = differences[differences.feature != "channel_rate"]
    found = found.assign(trait=[_trait(each) for each in found.itertuples()])
    # Two levels that are written alike are one row, of which the stronger effect is shown.
    found = found.sort_values("effect", key=abs).drop_duplicates(["trait", "persona"], keep="last")
    wide = found.sort_index().pivot(index="trait", columns="persona", values="effect")
    wide = wide[list(personas.stability.persona)].rename(columns=personas.name)
    strongest = wide.abs().max(axis=1).sort_values(ascending=False).index[:18]
    shown = wide.loc[[each for each in found.trait.unique() if each in set(strongest)]]
    figure, axis = canvas(0.9 + 0.27 * len(shown))
    sns.heatmap(
        shown, ax=axis, cmap="vlag", center=0, vmin=-2, vmax=2, annot=True, fmt=".1f",
        linewidths=1, cbar_kws={"label": "Effect size (0.2 small, 0.5 medium, 0.8 large)"},
        annot_kws={"size": 8.5},
    )  # fmt: skip
    mesh = axis.collections[0]
    mesh.update_scalarmappable()
    for text, colour in zip(axis.texts, mesh.get_facecolors(), strict=True):
        text.set_color(readable_on(colour))
    axis.set(xlabel="Persona", ylabel="")
    axis.tick_params(length=0)
    axis.tick_params(axis="y", labelrotation=0)
    words = [f"{name}: most above others in {shown[name].idxmax()}" for name in shown]
    return Figure(
        figure, f"Heat map of effect sizes, each persona against the others. {'; '.join(words)}."
    )


def profile_frame(differences: pd.DataFrame, personas: Personas) -> pd.DataFrame:
    """The file of what sets each persona apart."""
    return differences.assign(persona=differences.persona.map(personas.name))
