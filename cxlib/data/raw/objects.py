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
    written = how_written(part)
    lines = enumerate(lines_of(part, written, otherwise, tally), start=1)
    for number, line in lines:
        if not line.strip():
            tally.blank += 1
        elif line.lstrip().startswith("["):
            yield from _of_list("\n".join([line, *(each for _, each in lines)]), part)
        else:
            try:
                found = _read(line)
            except json.JSONDecodeError:
                found = None
            yield (
                _flat(found)
                if isinstance(found, dict)
                else Apart(number, line, "is no JSON object")
            )


def _of_list(text: str, part: Part) -> Iterator[dict[str, str]]:
    try:
        found = _read(text)
    except json.JSONDecodeError as error:
        raise DataError(f"{part.told}, line {error.lineno}: is no JSON: {error.msg}") from None
    for number, each in enumerate(found, start=1):
        yield (
            _flat(each)
            if isinstance(each, dict)
            else Apart(number, json.dumps(each), "is no object")
        )


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
