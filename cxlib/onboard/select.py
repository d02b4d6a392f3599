"""The columns of a proposed SELECT, each with what a person has to look at."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """One column of a proposed SELECT.

    Attributes:
        expression: Its SQL.
        name: What the contract calls it.
        remarks: What a person has to look at.
    """

    expression: str
    name: str
    remarks: tuple[str, ...] = ()


def select(lines: Sequence[Line]) -> str:
    """The columns of a SELECT, what a person has to look at beside or above each."""
    texts = []
    for place, line in enumerate(lines):
        name = (
            line.expression if line.expression == line.name else f"{line.expression} AS {line.name}"
        )
        comma = "," if place < len(lines) - 1 else ""
        # A name with a line break in it would end the remark.
        remarks = [" ".join(each.split()) for each in line.remarks if each]
        texts += [f"    -- {each}" for each in remarks[:-1]]
        texts.append(f"    {name}{comma}" + (f"  -- {remarks[-1]}" if remarks else ""))
    return "SELECT\n" + "\n".join(texts)
