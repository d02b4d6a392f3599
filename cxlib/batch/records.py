"""Whether a record of an earlier run is what it seems: nobody can tell who has had a hand in it."""

from collections.abc import Mapping
from pathlib import PurePosixPath
from types import NoneType

NUMBER = (int, float)
# What each part of a record must be: a type, or several; [of a list]; {of a mapping}.
ENTRY = {
    "file": str, "title": str, "question": str, "status": str, "message": str, "seconds": NUMBER,
    "key": str, "finished": str, "page": str, "reused": bool, "outdated": bool, "tables": [str],
}  # fmt: skip
RUN = {
    "quarter": str, "dataset": str, "where": str, "part": [str], "parameters": dict,
    "fingerprint": str, "code": str, "rows": {"": {"": int}}, "finished": str,
    "notebooks": {"": ENTRY},
}  # fmt: skip
MAYBE = {"slices": [str], "files": [str], "crm": [str], "request": str, "versions": dict}
MEASURE = {"name": str, "label": str, "period": str, "value": NUMBER, "text": str}
# What belongs on the first screen, by its kind.
SCREEN = {
    "tile": {
        "kpi": str, "label": str, "short": str, "value": str, "interval": str, "unit": str,
        "variation": str, "change": str, "target": str, "goal": (*NUMBER, NoneType), "now": str,
        "assurance": str, "sentence": str, "points": [list],
    },
    "cause": {"kpi": str, "text": str},
    "action": {"title": str, "evidence": str, "owner": str, "urgency": int},
    "amount": {"value": str, "label": str, "urgency": int},
    "quote": {"text": str, "about": str},
    "group": {"name": str, "icon": str, "facts": [str], "worse": bool},
    "grid": {"by": str, "columns": [str], "rows": [list]},
}  # fmt: skip
POINT = (str, NUMBER, (*NUMBER, NoneType), (*NUMBER, NoneType))
FINDING = {"notebook": str, "sentence": str, "news": bool, "kind": str, "measures": [MEASURE]}


def is_record(run: object) -> bool:
    """Whether this is what `run.json` holds, naming no file outside its folder."""
    if not fits(run, RUN):
        return False
    if not all(name not in run or fits(run[name], shape) for name, shape in MAYBE.items()):
        return False
    entries = run["notebooks"]
    names = [*entries, *(each["file"] for each in entries.values())]
    paths = [*run.get("slices", ()), *run.get("files", ()), *run.get("crm", ()), run["quarter"]]
    paths += [f"tables/{table}" for each in entries.values() for table in each["tables"]]
    return len(run["part"]) in (0, 2) and all(
        is_inside(each) and "/" not in each for each in names
    ) and all(map(is_inside, paths))  # fmt: skip


def are_findings(findings: object, notebooks: Mapping) -> bool:
    """Whether this is what `findings.json` holds, of notebooks that the run tells of."""
    return fits(findings, [FINDING]) and all(
        each["notebook"] in notebooks
        # Reports of before had no first screen.
        and fits(each.get("screen", []), [dict])
        and all(map(is_part, each.get("screen", [])))
        for each in findings
    )


def is_part(part: Mapping) -> bool:
    """Whether this is a part of the first screen, with values where it has values."""
    shape = SCREEN.get(part["part"]) if isinstance(part.get("part"), str) else None
    if shape is None or not fits(part, shape):
        return False
    match part["part"]:
        case "tile":
            drawn = all(
                len(row) == len(POINT) and all(map(fits, row, POINT)) for row in part["points"]
            )
            # Reports of before had no limits.
            limits = part.get("limits")
            known = limits is None or (fits(limits, [NUMBER]) and len(limits) == 2)
            written = fits(part.get("written", []), [str]) and fits(part.get("so_far", False), bool)
            return bool(part["points"]) and drawn and known and written
        case "grid":
            return all(
                len(row) == 2 and isinstance(row[0], str) and fits(row[1], [[str]])
                and all(len(cell) == 2 for cell in row[1])
                for row in part["rows"]
            )  # fmt: skip
    return True


def is_inside(place: str) -> bool:
    """Whether a path leads to something below the folder that it is relative to.

    Examples:
        >>> is_inside("by-region/EMEA"), is_inside("../secret"), is_inside("/etc/passwd")
        (True, False, False)
    """
    path = PurePosixPath(place)
    return bool(path.parts) and not (
        path.is_absolute() or ".." in path.parts or "\\" in place or "\0" in place
    )


def fits(value: object, shape: object) -> bool:
    """Whether a value has a shape: a type or several, `[shape]`, or `{name: shape}`.

    The name "" stands for any. A flag is no number.
    """
    match shape:
        case [each]:
            return isinstance(value, list) and all(fits(item, each) for item in value)
        case {"": each}:
            return isinstance(value, dict) and all(fits(item, each) for item in value.values())
        case dict():
            return isinstance(value, dict) and all(
                name in value and fits(value[name], each) for name, each in shape.items()
            )
    return isinstance(value, shape) and (shape is bool or not isinstance(value, bool))
