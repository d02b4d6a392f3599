"""What is taken along: the parts of a published edition, as they stand in `findings.json`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Book:
    """An edition to be taken along.

    Attributes:
        about, quarter: Whom it is about, and when.
        finished: When it was made.
        headline, rest: What its first screen says first.
        verdict: Whether its data can be used.
        tiles, actions, amounts, quotes, groups, grids: Of its first screen.
        findings: All of them, each with the title of its page (`page`).
    """

    about: str
    quarter: str
    finished: datetime
    headline: str
    rest: str
    verdict: str
    tiles: Sequence[Mapping]
    actions: Sequence[Mapping]
    amounts: Sequence[Mapping]
    quotes: Sequence[Mapping]
    groups: Sequence[Mapping]
    grids: Sequence[Mapping]
    findings: Sequence[Mapping]
