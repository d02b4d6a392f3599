"""Findings: a conclusion as a sentence, stored with its estimate in the executed notebook."""

import re
from dataclasses import asdict, dataclass
from html import escape

from cxlib.findings import MIME, STATE
from cxlib.measure.estimate import Estimate
from cxlib.page.look import look
from cxlib.page.screen import Part

SENTENCE_END = re.compile(r"(?<=[.?!])\s+(?=\S)")
WORTH_A_CLICK = 8


@dataclass(frozen=True)
class Measure:
    """A number that later reports compare with what they find for the same period.

    Attributes:
        name, label: Of the KPI.
        period: Such as 2026Q3.
        value: Full precision.
        text: As the page writes it.
        low, high, n, unit: The ends of its interval, how much it rests on, and its unit.
    """

    name: str
    label: str
    period: str
    value: float
    text: str
    low: float | None = None
    high: float | None = None
    n: float | None = None
    unit: str = ""


@dataclass(frozen=True)
class Finding:
    """A conclusion; the last expression of a cell shows and stores it.

    Attributes:
        sentence: What was found, computed from results.
        estimate: The number that it rests on, if it rests on one.
        evidence: What it rests on, in words. Its first sentence, such as an interval, stands in
            small print; what follows is for those who ask how we know.
        news: Whether it reports something that stands out; "no detectable change" does not.
        kind: state, change or decision.
        measures: The numbers that it publishes, for later reports to compare with.
        verdict: It judges the data that all pages rest on: each says it at its foot.
        screen: What of it belongs on the first screen.
    """

    sentence: str
    estimate: Estimate | None = None
    evidence: str = ""
    news: bool = True
    kind: str = STATE
    measures: tuple[Measure, ...] = ()
    verdict: bool = False
    screen: tuple[Part, ...] = ()

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        stored = asdict(self)
        if self.estimate and not self.estimate.has_interval:
            # JSON has no NaN.
            stored["estimate"] |= {"low": None, "high": None}
        kind = "finding" if self.news else "finding quiet"
        first, rest = _parted(self.evidence)
        note = f" <small>{escape(first)}</small>" if first else ""
        how = f"<details><summary>How we know</summary>{escape(rest)}</details>" if rest else ""
        return {
            MIME: stored,
            "text/html": f"<div{look(kind)}><strong>{escape(self.sentence)}</strong>"
            f"{note}{how}</div>",
            "text/plain": self.sentence,
        }


def _parted(evidence: str) -> tuple[str, str]:
    """The first sentence, and the others if they are long enough to be worth a click.

    Examples:
        >>> _parted("95% interval 1.5 to 2. Found in 40 answers, of which we know the channel.")
        ('95% interval 1.5 to 2.', 'Found in 40 answers, of which we know the channel.')
        >>> _parted("95% interval 1.5 to 2. It shows no cause.")
        ('95% interval 1.5 to 2. It shows no cause.', '')
    """
    first, _, rest = SENTENCE_END.sub("\n", evidence, count=1).partition("\n")
    return (first, rest) if len(rest.split()) >= WORTH_A_CLICK else (evidence, "")
