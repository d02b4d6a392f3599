"""Findings: a conclusion as a sentence, stored with its estimate in the executed notebook."""

from dataclasses import asdict, dataclass
from html import escape

from cxlib.findings import MIME, STATE
from cxlib.measure.estimate import Estimate
from cxlib.page.look import look
from cxlib.page.screen import Part


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
        evidence: What it was found in, in words.
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
        note = f"<small>{escape(self.evidence)}</small>" if self.evidence else ""
        return {
            MIME: stored,
            "text/html": f"<p{look(kind)}><strong>{escape(self.sentence)}</strong> {note}</p>",
            "text/plain": self.sentence,
        }
