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
        left_out: The titles of pages that are not of this run, and so not in here.
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
    left_out: Sequence[str] = ()

    @property
    def lacks(self) -> str:
        """What is not in here, as a sentence; empty if nothing is missing."""
        return (
            f"Not in here, since not of this run: {', '.join(self.left_out)}."
            if self.left_out
            else ""
        )


def quarters_of(tile: Mapping) -> list[str]:
    """The quarters of a tile's points; the latest may not be over."""
    names = [quarter for quarter, *_ in tile["points"]]
    return [*names[:-1], f"{names[-1]} so far"] if tile.get("so_far") else names
