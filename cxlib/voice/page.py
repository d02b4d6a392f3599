"""What the page on the voice of the customer shows of texts: themes, what is new, words, quotes."""

from collections.abc import Sequence

import pandas as pd

from cxlib.page.figure import BLUE, GREY, RED, Figure, canvas, conclude, styled, whiskers
from cxlib.page.finding import Finding
from cxlib.page.screen import Action
from cxlib.page.table import Table, make_table
from cxlib.page.wording import (
    capital,
    estimate,
    interval,
    listed,
    looked_at,
    month,
    number,
    percent,
    probability,
    rows,
)  # fmt: skip
from cxlib.voice.discovered import Discovered
from cxlib.voice.effects import Joint
from cxlib.voice.emerging import Emerging
from cxlib.voice.quotes import Quoted
from cxlib.voice.spoken import Spoken, called
from cxlib.voice.tone import Tone
from cxlib.voice.words import Telling

MOST_THEMES, MOST_WORDS = 12, 10
# A tone that is right in fewer pairs is chance; of fewer comments, none is said.
READABLE, FEWEST_UNSCORED = 0.6, 20
NEW = 25  # how far up on the first screen


def theme_finding(joint: Joint | None, spoken: Spoken, label: str, why: str) -> Finding:
    """What customers speak of, and what costs most points.

    Args:
        joint: All themes in one model; None without texts.
        spoken: Which text speaks of which.
        label: Of the survey question.
        why: Why texts may not be read; empty where they may.
    """
    if why or joint is None:
        reason = why or "there are too few comments with a score"
        return Finding(f"What customers write could not be read: {reason}.", news=False)
    if not joint.effects:
        return Finding(
            "Too little text to name a theme: no words come together more than by chance.",
            evidence="Themes that you know can be named in themes.toml beside dataset.toml.",
            news=False,
        )
    often = max(joint.effects, key=lambda each: each.share.value)
    clear = [each for each in joint.effects if each.detected and each.points < 0]
    costs = ""
    if clear:
        worst = clear[0]
        costs = (
            f" {capital(worst.theme)} costs most: {label} is {number(worst.effect.value)} lower "
            "where it is spoken of."
        ).replace("−", "")
    how = (
        "Themes are those of themes.toml. "
        if spoken.named
        else "Themes were found in one half of the comments and measured in the other. "
    )
    return Finding(
        f"Customers speak most of {often.theme} ({percent(often.share.value, True)} of "
        f"comments).{costs}",
        estimate=clear[0].effect if clear else often.share,
        evidence=f"{capital(interval(clear[0].effect if clear else often.share))}. {how}"
        f"{rows(joint.uncovered.n, 'comment')}; {percent(joint.uncovered.value, True)} speak of no "
        "theme. All themes are in one model, so that no point counts twice; what else makes "
        "scores low is not allowed for.",
        news=bool(clear),
    )


@styled
def theme_figure(joint: Joint | None, label: str) -> Figure | None:
    """Points of the score that go with each theme; None without any."""
    known = [each for each in joint.effects if each.effect] if joint else []
    if not known:
        return None
    known = known[:MOST_THEMES]
    figure, axes = canvas(0.8 + 0.32 * len(known))
    names = [f"{each.theme} ({percent(each.share.value, True)})" for each in known]
    colours = [(RED if each.effect.value < 0 else BLUE) if each.detected else GREY
               for each in known]  # fmt: skip
    whiskers(axes, [each.effect for each in known], names, colours)
    axes.axvline(0, color=GREY, lw=0.8)
    axes.set_xlabel(f"{label}, points more where it is spoken of")
    conclude(axes, "What goes with each theme, and its share of comments")
    words = "; ".join(f"{each.theme} {estimate(each.effect, sign=True)}" for each in known)
    return Figure(figure, f"Points of {label} by theme: {words}.")


def theme_table(joint: Joint | None, money: pd.Series, currency: str) -> Table | None:
    """Every theme: share, effect, points, and the revenue of accounts that speak of it.

    Args:
        joint: All themes in one model.
        money: Revenue of twelve months of accounts that speak of each theme; empty if not known.
        currency: Of money.
    """
    records = [
        {
            "Theme": each.theme,
            "Of comments": estimate(each.share),
            "Points where it is spoken of": estimate(each.effect, sign=True),
            "Points in all": number(each.points, sign=True),
            "Revenue of these accounts": number(money.get(each.theme), "money", currency),
        }
        for each in (joint.effects if joint else ())
    ]
    return make_table(records, "Themes, what goes with them, and whose revenue it is")


def more_finding(more: Sequence[Discovered]) -> Finding | None:
    """Themes that nobody named, among the comments that speak of none; None without any."""
    if not more:
        return None
    return Finding(
        f"Not in themes.toml yet: {listed(called(each) for each in more[:3])}.",
        evidence="These words come together more than by chance in comments that speak of no "
        "theme.",
        news=False,
    )


def emerging_finding(found: Sequence[Emerging], months: Sequence[str]) -> Finding:
    """Which themes are spoken of more than before.

    Args:
        found: As `emerging.find_emerging` gives them.
        months: All months, the latest last.
    """
    if not found:
        return Finding(
            "Whether a theme is new is not known: it takes a theme and seven months.", news=False
        )
    last = month(months[-1])
    new = [each for each in found if each.detected]
    seen = sorted(each.visible for each in found)[len(found) // 2]
    how = (
        f"{looked_at(len(found), 'theme')}, allowing for how much months differ. A typical theme "
        f"would be seen if it came {seen:.1f} times as often as usual."
    )
    if not new:
        return Finding(f"No theme is new in {last}.", evidence=how, news=False)
    first = new[0]
    words = [f"{each.theme} ({percent(each.now, True)}, usually {percent(each.usual, True)})"
             for each in new[:3]]  # fmt: skip
    return Finding(
        f"Spoken of more than before in {last}: {listed(words)}.",
        evidence=how,
        screen=(
            Action(
                f"Look into what customers say of {first.theme}",
                f"{percent(first.now, True)} of comments in {last}, usually "
                f"{percent(first.usual, True)}.",
                "",
                NEW,
            ),
        ),
    )


@styled
def emerging_figure(
    months: pd.DataFrame, texts: pd.Series, found: Sequence[Emerging]
) -> Figure | None:
    """The share of each theme by month, the clearest change first; None without any."""
    shown = [each.theme for each in found[:6]]
    if not shown:
        return None
    shares = months[shown].div(texts, axis=0)
    lines = (len(shown) + 2) // 3
    figure, panels = canvas(0.4 + 1.5 * lines, rows=lines, columns=min(len(shown), 3),
                            squeeze=False, sharey=True)  # fmt: skip
    for axes, name in zip(panels.flat, shown, strict=False):
        axes.plot(range(len(shares)), 100 * shares[name], color=BLUE, lw=1.4)
        new = any(each.theme == name and each.detected for each in found)
        axes.plot(len(shares) - 1, 100 * shares[name].iloc[-1], "o", ms=4,
                  color=RED if new else BLUE)  # fmt: skip
        axes.set_title(name, fontsize=9, fontweight="normal")
        axes.set_xticks([0, len(shares) - 1], [shares.index[0], shares.index[-1]], fontsize=8)
    for axes in list(panels.flat)[len(shown) :]:
        axes.set_axis_off()
    panels[0, 0].set_ylim(0, 110 * float(shares.to_numpy().max()))
    panels[0, 0].set_ylabel("% of comments")
    words = "; ".join(f"{name} {percent(shares[name].iloc[-1])}" for name in shown)
    return Figure(figure, f"Share of comments by theme and month; the latest: {words}.")


def word_finding(found: Sequence[Telling]) -> Finding:
    """Which words content and dissatisfied customers use."""
    clear = [each for each in found if each.detected]
    if not clear:
        return Finding(
            "No words were shown to tell satisfied from dissatisfied customers.", news=False
        )
    low = [each.word for each in clear if each.z < 0][:4]
    high = [each.word for each in clear if each.z > 0][:4]
    sides = [f"{listed(f'“{word}”' for word in words)} from {who} customers"
             for words, who in ((high, "satisfied"), (low, "dissatisfied")) if words]  # fmt: skip
    return Finding(
        f"Words that tell them apart: {listed(sides)}.",
        evidence=f"{looked_at(len(found), 'word')}; each customer counts once. Words of praise and "
        "blame tell how they feel, and not why.",
        news=False,
    )


def word_table(found: Sequence[Telling], smallest: int) -> Table | None:
    """The words that tell most, of either side; None without any.

    Args:
        found: As `words.telling_words` gives them.
        smallest: Fewer customers are not counted out.
    """

    def count(customers: int) -> str:
        few = 0 < customers < smallest
        return f"under {smallest}" if few else number(customers, "count")

    clear = [each for each in found if each.detected][: 2 * MOST_WORDS]
    records = [
        {"Word": each.word, "Satisfied customers": count(each.one),
         "Dissatisfied customers": count(each.other), "By chance": probability(each.q)}
        for each in clear
    ]  # fmt: skip
    return make_table(records, "Customers who use a word, by what they scored", folded=True)


def tone_finding(tone: Tone | None, judged: pd.Series) -> Finding:
    """How comments without a score sound.

    Args:
        tone: What scored comments teach.
        judged: The probability that each comment without a score is one of dissatisfaction.
    """
    if tone is None:
        return Finding(
            "The tone of comments without a score is not judged: too few have one.", news=False
        )
    known = judged.dropna()
    if tone.auc < READABLE:
        return Finding("The tone of comments cannot be read from their text.", news=False)
    said = f"Tone can be read from text: right in {percent(tone.auc, True)} of pairs"
    if len(known) >= FEWEST_UNSCORED:
        share = percent(known.mean(), True)
        said += f"; of {rows(len(known), 'comment')} without a score, {share} sound dissatisfied"
    return Finding(
        f"{said}.",
        evidence=f"Learnt from {tone.texts:,} comments with a score, and tested on those it had "
        f"not seen; its probabilities are off by {percent(tone.off)}.{_strange(judged)}",
        news=False,
    )


def _strange(judged: pd.Series) -> str:
    unknown = int(judged.isna().sum())
    return f" {rows(unknown, 'comment')} in a language that it has not learnt." if unknown else ""


def quote_finding(found: Sequence[Quoted]) -> Finding:
    """Of what the quoted comments are."""
    if not found:
        return Finding("No comments are quoted: no theme has enough of them.", news=False)
    return Finding(
        f"In their own words, on {listed(each.theme for each in found[:3])}: the table quotes "
        "comments drawn by lot.",
        evidence="Names that could be recognised are masked.",
        news=False,
    )


def quote_table(found: Sequence[Quoted]) -> Table | None:
    """Texts of each theme with their scores; None without any."""
    records = [
        {"Theme": each.theme, "In their own words": f"“{text}”", "Score": about,
         "Drawn from": number(each.of, "count")}
        for each in found
        for text, about in each.texts
    ]  # fmt: skip
    return make_table(records, "Comments drawn by lot, low to high scores as often as they are")


def theme_frame(joint: Joint | None) -> pd.DataFrame:
    """The file of themes: shares, effects and points, with intervals."""
    records = [
        (each.theme, each.share.value, each.share.low, each.share.high,
         *((each.effect.value, each.effect.low, each.effect.high) if each.effect else (None,) * 3),
         each.points, each.q)
        for each in (joint.effects if joint else ())
    ]  # fmt: skip
    columns = ["theme", "share", "share_low", "share_high", "effect", "low", "high", "points", "q"]
    return pd.DataFrame(records, columns=columns)
