"""The first screen of an edition: what its notebooks publish for it, put together by kind.

Nothing here knows a subject: tiles, causes, actions and the rest come with findings, and say for
themselves what they are about.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cxlib.batch.summary import Sentence
from cxlib.pictures import sparkline

MOST_ACTIONS, MOST_AMOUNTS = 3, 4
# What a headline is made of, the first that any tile has.
FIRST = (("now", "missed"), ("variation", "worse"), ("variation", "better"),
         ("variation", "changed"))  # fmt: skip


@dataclass(frozen=True)
class Screen:
    """What the first screen shows.

    Attributes:
        headline, rest: Two sentences; the second may be empty.
        tiles, actions, later, amounts, quotes, groups, grids: As published, each with its `link`;
            actions are those to be seen first, `later` the others. A tile has its `line` as well.
    """

    headline: str
    rest: str
    tiles: tuple[Mapping, ...]
    actions: tuple[Mapping, ...]
    later: tuple[Mapping, ...]
    amounts: tuple[Mapping, ...]
    quotes: tuple[Mapping, ...]
    groups: tuple[Mapping, ...]
    grids: tuple[Mapping, ...]


def assemble(found: Iterable[tuple[Mapping, Sentence]]) -> Screen:
    """The first screen of an edition.

    Args:
        found: Its findings with their sentences, of pages that are current.
    """
    found = list(found)
    parts = [
        part | {"link": sentence.link}
        for finding, sentence in found
        for part in finding.get("screen", ())
    ]
    causes = {each["kpi"]: each["text"] for each in reversed(_of(parts, "cause"))}
    tiles = [
        each
        | {"line": _line(each), "cause": causes.get(each["kpi"], "") if _asks_why(each) else ""}
        for each in _of(parts, "tile")
    ]
    actions, amounts = (
        sorted(_of(parts, kind), key=lambda each: -each["urgency"]) for kind in ("action", "amount")
    )
    headline, rest, first = _headline(tiles)
    # What the headline says need not be said again.
    tiles = [each | {"cause": ""} if each is first else each for each in tiles]
    if not tiles:
        news = [sentence.text for finding, sentence in found if finding["news"]]
        headline = next(iter(news), "No KPI was measured in this quarter.")
    return Screen(
        headline,
        rest,
        tuple(tiles),
        tuple(actions[:MOST_ACTIONS]),
        tuple(actions[MOST_ACTIONS:]),
        tuple(amounts[:MOST_AMOUNTS]),
        tuple(_of(parts, "quote")),
        tuple(_of(parts, "group")),
        tuple(_of(parts, "grid")),
    )


def side_by_side(
    several: Sequence[Sequence[Mapping]],
) -> tuple[list[str], list[list[tuple[str, str]]]]:
    """The tiles of several editions as a table: the heads, and a row of cells for each edition.

    The first edition says which KPIs are shown. A cell is a value, and met, missed, better, worse
    or nothing; without a value, the edition has no such tile.

    Args:
        several: The findings of each edition.
    """
    tiles = [
        {part["kpi"]: part for each in findings for part in _of(each.get("screen", ()), "tile")}
        for findings in several
    ]
    heads = {} if not tiles else {name: each["label"] for name, each in tiles[0].items()}
    rows = [
        [(each[name]["value"], _tone(each[name])) if name in each else ("–", "") for name in heads]
        for each in tiles
    ]
    return list(heads.values()), rows


def quarters_before(findings: Iterable[Mapping]) -> list[tuple[str, list[str]]]:
    """What an edition tells of the quarters before it: each with the values of its tiles.

    The newest comes first; a tile without a value in a quarter has a dash.

    Args:
        findings: The edition's.
    """
    tiles = [part for each in findings for part in _of(each.get("screen", ()), "tile")]
    values = [
        {
            name: text
            for (name, *_), text in zip(each["points"], each.get("written", ()), strict=False)
        }
        for each in tiles
    ]
    names = sorted({name for each in values for name in each}, reverse=True)
    return [(name, [each.get(name, "–") for each in values]) for name in names]


def _asks_why(tile: Mapping) -> bool:
    """Whether a tile wants explaining: causes tell what went wrong, and nothing else."""
    return tile["now"] == "missed" or tile["variation"] == "worse"


def _tone(tile: Mapping) -> str:
    """What a cell says of a tile: how it stands to its target, or else how it has moved."""
    if tile["now"] in ("met", "missed"):
        return tile["now"]
    return tile["variation"] if tile["variation"] in ("better", "worse") else ""


def _line(tile: Mapping) -> str:
    """The small line of a tile: its quarters, their intervals, limits and the target."""
    points = tile["points"]
    if tile.get("so_far") and len(points) > 1:
        # Half of a quarter would look like a fall.
        points = points[:-1]
    goal = f"; target {tile['target']}" if tile["target"] else ""
    words = f"{tile['label']}, {points[0][0]} to {points[-1][0]}, now {tile['value']}{goal}"
    return sparkline(points, words, tile["goal"], tile.get("limits"))


def _of(parts: Iterable[Mapping], kind: str) -> list[Mapping]:
    return [each for each in parts if each["part"] == kind]


def _headline(tiles: Sequence[Mapping]) -> tuple[str, str, Mapping | None]:
    """The worst of the tiles with what explains it, what else has moved, and which tile it is."""
    if not tiles:
        return "", "", None
    marked = [each for name, word in FIRST for each in tiles if each[name] == word]
    if not marked:
        compared = any(each["variation"] or len(each["points"]) > 1 for each in tiles)
        said = "No KPI on this screen has clearly changed." if compared else (
            "These are the first levels: there is no earlier quarter to compare with.")  # fmt: skip
        return said, "", None
    first = marked[0]
    because = f": {first['cause']}" if first["cause"] else ""
    rest, told = [], {first["kpi"]}
    for name, word, label in (("now", "missed", "Also missed"), ("variation", "worse", "Worse"),
                              ("variation", "better", "Better"),
                              ("variation", "changed", "Changed")):  # fmt: skip
        more = [each for each in tiles if each[name] == word and each["kpi"] not in told]
        told |= {each["kpi"] for each in more}
        if more:
            rest.append(f"{label}: {_listed([each['short'] for each in more])}.")
    return f"{first['sentence']}{because}.", " ".join(rest), first


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
