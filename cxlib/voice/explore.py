"""Widgets for JupyterLab, each with a twin without widgets, which the widget calls."""

import ipywidgets as widgets
import pandas as pd

from cxlib.data import Dataset
from cxlib.page.chooser import chooser
from cxlib.page.figure import BLUE, Figure, canvas, conclude, styled, whiskers
from cxlib.page.finding import Finding
from cxlib.page.wording import estimate
from cxlib.voice.rows import GROUPS
from cxlib.voice.spoken import Spoken, shares_by


def explore_themes(data: Dataset, texts: pd.DataFrame, spoken: Spoken) -> widgets.Widget:
    """Choose a theme and by what comments are parted; see who speaks of it."""
    known = [name for name in GROUPS if name in texts] or [""]
    return chooser(
        lambda theme, by: theme_by(data, texts, spoken, theme, by),
        theme=list(spoken.names) or [""],
        by=known,
    )


@styled
def theme_by(
    data: Dataset, texts: pd.DataFrame, spoken: Spoken, theme: str, by: str
) -> Figure | Finding:
    """The share of comments that speak of a theme, by a column; or why it cannot be shown."""
    smallest = data.smallest_group
    shares = shares_by(texts, spoken, theme, by, smallest)
    if not shares:
        return Finding("No group has enough customers who write.", news=False)
    figure, axes = canvas(0.8 + 0.32 * len(shares))
    names = [f"{name} ({each.n:,.0f})" for name, each in shares]
    whiskers(axes, [each for _, each in shares], names, [BLUE] * len(shares), 100)
    axes.set_xlabel(f"% of comments that speak of {theme}")
    conclude(axes, f"Who speaks of {theme}")
    words = "; ".join(f"{name} {estimate(each)}" for name, each in shares)
    return Figure(figure, f"Share of comments on {theme} by {by}: {words}.")
