"""What the page on score changes shows of customers' own words."""

from cxlib.page.finding import Finding
from cxlib.page.screen import Quote
from cxlib.page.wording import rows
from cxlib.score_changes.verbatims import LONGEST, SHORTEST, Verbatims


def verbatim_finding(found: Verbatims) -> Finding:
    """A few customers in their own words."""
    if found.problem or found.drawn.empty:
        lengths = f"of {SHORTEST} to {LONGEST} letters"
        why = found.problem or f"there is none {lengths} with a score in this quarter"
        return Finding(f"No comments are quoted: {why}.", news=False)
    quotes = tuple(
        Quote(each.text, ", ".join(filter(None, (_score(each), each.channel))))
        for each in found.drawn.itertuples()
    )
    said = " ".join(f"“{each.text}” ({each.about})." for each in quotes)
    return Finding(
        said,
        evidence=f"Drawn by lot from {rows(found.of, 'comment')} of the quarter with a score, of "
        f"{SHORTEST} to {LONGEST} letters; what names persons is left out.",
        news=False,
        screen=quotes,
    )


def _score(each) -> str:
    return f"{each.metric.upper()} {each.score:g}"
