"""Findings: a conclusion as a sentence, stored with its estimate in the executed notebook."""

from dataclasses import asdict, dataclass
from html import escape

from cxlib.measure.estimate import Estimate

MIME = "application/vnd.cxlib.finding+json"


@dataclass(frozen=True)
class Finding:
    """A conclusion; the last expression of a cell shows and stores it.

    Attributes:
        sentence: What was found, computed from results.
        estimate: The number that it rests on, if it rests on one.
        evidence: What it was found in, in words.
        news: Whether it reports something that stands out; "no detectable change" does not.
    """

    sentence: str
    estimate: Estimate | None = None
    evidence: str = ""
    news: bool = True

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        stored = asdict(self)
        if self.estimate and not self.estimate.has_interval:
            # JSON has no NaN.
            stored["estimate"] |= {"low": None, "high": None}
        kind = "finding" if self.news else "finding quiet"
        note = f"<small>{escape(self.evidence)}</small>" if self.evidence else ""
        return {
            MIME: stored,
            "text/html": f'<p class="{kind}"><strong>{escape(self.sentence)}</strong> {note}</p>',
            "text/plain": self.sentence,
        }
