"""Rows that come as objects: JSON, a line each or in a list, and event logs in XES."""

import json
from collections.abc import Iterator
from xml.etree import ElementTree

from cxlib.data.raw.parts import Part
from cxlib.data.raw.text import Apart, Tally, how_written, lines_of, opened
from cxlib.errors import DataError


def json_rows(part: Part, otherwise: str, tally: Tally) -> Iterator[dict[str, str] | Apart]:
    """The objects of a JSON file, what is in them as texts under names such as `user.id`.

    Numbers are as the file writes them: an id of twenty digits keeps them all.
    """
    lines = list(lines_of(part, how_written(part), otherwise, tally))
    first = [line for line in lines if line.strip()][:2]
    if not any(map(_object, first)):
        # Not a line for each object, but one text for all.
        yield from _of_text("\n".join(lines), part)
        return
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            tally.blank += 1
        elif found := _object(line):
            yield _flat(found)
        else:
            yield Apart(number, line, "is no JSON object")


def _object(line: str) -> dict | None:
    """The object that a line is; None if it is none."""
    try:
        found = _read(line)
    except json.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


def _of_text(text: str, part: Part) -> Iterator[dict[str, str] | Apart]:
    """The objects of a list, or of the one list that an object holds."""
    try:
        found = _read(text)
    except json.JSONDecodeError as error:
        raise DataError(f"{part.told}, line {error.lineno}: is no JSON: {error.msg}") from None
    if isinstance(found, dict):
        lists = [each for each in found.values() if isinstance(each, list)]
        found = max(lists, key=len) if lists else [found]
    for number, each in enumerate(found if isinstance(found, list) else [], start=1):
        if isinstance(each, dict):
            yield _flat(each)
        else:
            yield Apart(number, json.dumps(each), "is no object")


def _read(text: str) -> object:
    return json.loads(text, parse_float=str, parse_int=str, parse_constant=str)


def _flat(found: dict, above: str = "") -> dict[str, str]:
    flat = {}
    for key, value in found.items():
        name = f"{above}{key}"
        match value:
            case dict():
                flat |= _flat(value, f"{name}.")
            case None:
                flat[name] = ""
            case bool():
                flat[name] = str(value).lower()
            case str():
                flat[name] = value
            case _:
                flat[name] = json.dumps(value, ensure_ascii=False)
    return flat


def xes_rows(part: Part) -> Iterator[dict[str, str]]:
    """The events of a log, each with what the log says of its case, as `case:…`."""
    case: dict[str, str] = {}
    within: list[str] = []
    try:
        with opened(part) as file:
            for when, node in ElementTree.iterparse(file, events=("start", "end")):
                tag = node.tag.rpartition("}")[2]
                if when == "start":
                    within.append(tag)
                    if tag == "trace":
                        case = {}
                    continue
                within.pop()
                if tag == "event":
                    yield case | {each.get("key", ""): each.get("value", "") for each in node}
                    node.clear()
                elif within[-1:] == ["trace"]:
                    case[f"case:{node.get('key', '')}"] = node.get("value", "")
                elif tag == "trace":
                    node.clear()
    except ElementTree.ParseError as error:
        raise DataError(f"{part.told}: is no event log in XES: {error}") from None
