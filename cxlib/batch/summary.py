"""What a quarter's index says: what changed and what did not, and which numbers were restated."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cxlib.batch.edition import Published

# Two computations of one number agree to this share of it.
SAME = 1e-9


@dataclass(frozen=True)
class Sentence:
    """A finding with the way to its evidence.

    Attributes:
        text: The sentence.
        link: The page, and the place on it.
        news: Whether it stands out.
    """

    text: str
    link: str
    news: bool


@dataclass(frozen=True)
class Restatement:
    """A number that was published for a period and is another now.

    Attributes:
        label: The KPI.
        period: The period that both are about.
        then, now: As written on the pages.
    """

    label: str
    period: str
    then: str
    now: str


@dataclass(frozen=True)
class Restatements:
    """All that differs from an earlier edition's numbers.

    Attributes:
        against: The quarter of the earlier edition.
        compared: How many numbers both editions have.
        numbers: Those that differ.
        why: What has changed between the two.
    """

    against: str
    compared: int
    numbers: tuple[Restatement, ...]
    why: str


def sentences(findings: Iterable[Mapping]) -> list[tuple[Mapping, Sentence]]:
    """Each finding with its sentence, linked to its place on the page of its notebook."""
    found, counts = [], {}
    for each in findings:
        name = each["notebook"]
        counts[name] = counts.get(name, 0) + 1
        link = f"{name}.html#finding-{counts[name]}"
        found.append((each, Sentence(each["sentence"], link, each["news"])))
    return found


def restatements(now: Published, before: Published) -> Restatements:
    """Which numbers of an earlier edition are different now, for the same KPI and period."""
    then, new = _numbers(before), _numbers(now)
    both = [key for key in then if key in new]
    changed = [key for key in both if not _same(then[key], new[key])]
    return Restatements(
        against=before.run["quarter"],
        compared=len(both),
        numbers=tuple(
            Restatement(new[key]["label"], key[1], then[key]["text"], new[key]["text"])
            for key in changed
        ),
        why=_why(now.run, before.run),
    )


def _numbers(published: Published) -> dict[tuple[str, str], Mapping]:
    """The numbers of an edition's own pages; those of a page kept from earlier are not its own."""
    return {
        (each["name"], each["period"]): each
        for finding in published.findings
        if published.entries[finding["notebook"]].is_current
        for each in finding["measures"]
    }


def _same(then: Mapping, now: Mapping) -> bool:
    return math.isclose(then["value"], now["value"], rel_tol=SAME, abs_tol=SAME)


def _why(now: Mapping, before: Mapping) -> str:
    reasons = [
        words
        for words, name in (
            ("the data have changed", "fingerprint"),
            ("parameters have changed", "parameters"),
            ("the dataset or the filter is another", "dataset"),
            ("the dataset or the filter is another", "where"),
            ("the programs have changed", "code"),
        )
        if now[name] != before[name]
    ]
    late = f"some facts of {before['quarter']} became known only after it had ended"
    # With other data or programs, nobody can tell what part facts that came late have in it.
    return "; ".join(dict.fromkeys(reasons)) or late
