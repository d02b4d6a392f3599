"""Text files as people have them: in any encoding, with any line ends, with quotes gone astray."""

import codecs
import csv
import gzip
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import BinaryIO

from cxlib.data.raw.layout import WINDOW, Layout, extent_of, find_layout
from cxlib.data.raw.parts import ARCHIVE, PACKED, Part, kind_of
from cxlib.errors import DataError

DELIMITERS = (",", ";", "\t", "|")
BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
# Where neither a mark nor UTF-8 tells: what Windows programs write in western languages.
OTHERWISE = "cp1252"
CHUNK = 1 << 20
# A value in quotes runs over so many lines at most; then its quote was left open.
LONGEST = 500
# So many lines of a text may look like rows of words.
SENTENCES = 3
# Lines from which is learnt how rows begin.
LEARNT = 2_000
# Lines below the last row that are no rows: "Total: 60", "Exported by …".
FOOT = 5
# Bytes that are not UTF-8, as Python holds them in a text.
STRAY = re.compile("[\udc80-\udcff]+")
SEPARATOR = re.compile(r"(?i)sep=(.)\s*$")


@dataclass(frozen=True)
class Apart:
    """A line that is no row.

    Attributes:
        line: Its number in the file.
        text: What it says.
        why: Why it is none.
        below: It stands below the last row, as sums and signatures do.
    """

    line: int
    text: str
    why: str
    below: bool = False


@dataclass
class Tally:
    """What became of a file's lines, beside those that are rows or set apart.

    Attributes:
        blank: How many are empty.
        short: How many rows lack values at their end.
        astray: The lines in which a quote was opened or closed that belongs to no other.
        odd: The lines that are in another encoding than the others.
    """

    blank: int = 0
    short: int = 0
    astray: list[int] = field(default_factory=list)
    odd: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Written:
    """How a text file is written.

    Attributes:
        encoding: `utf-8`, or another that its first bytes tell; single lines may be otherwise.
        sound: Whether all is UTF-8 with one kind of line end, as any reader expects.
        lines: How many there are.
        zeros: Whether it has bytes of zero that no encoding explains.
    """

    encoding: str
    sound: bool
    lines: int
    zeros: bool


@dataclass(frozen=True)
class Text:
    """A text file's table.

    Attributes:
        part: The file.
        written: How it is written.
        delimiter: Between values.
        layout: Where its names and rows stand.
        otherwise: The encoding of lines that are not UTF-8.
    """

    part: Part
    written: Written
    delimiter: str
    layout: Layout
    otherwise: str

    @property
    def plain(self) -> bool:
        """Whether its first line has the names of all columns, and all else below is rows."""
        return self.written.sound and not (
            self.layout.head or self.layout.body != 1 or self.layout.unnamed or self.layout.notes
        )


@contextmanager
def opened(part: Part) -> Iterator[BinaryIO]:
    """The bytes of a text, unpacked.

    Raises:
        DataError: It cannot be unpacked.
    """
    try:
        if kind_of(part.file) == ARCHIVE:
            with zipfile.ZipFile(part.file) as archive, archive.open(part.inner) as file:
                yield gzip.GzipFile(fileobj=file) if part.inner.endswith(PACKED) else file
        elif part.file.name.casefold().endswith(PACKED):
            with gzip.open(part.file) as file:
                yield file
        else:
            with part.file.open("rb") as file:
                yield file
    except (
        gzip.BadGzipFile,
        EOFError,
        zipfile.BadZipFile,
        NotImplementedError,  # an archive packed in a way that Python does not know
        RuntimeError,  # one with a password
    ) as error:
        raise DataError(f"{part.file}: cannot be unpacked: {error}") from None


def how_written(part: Part) -> Written:
    """Look at all bytes of a text."""
    decoder = io.IncrementalNewlineDecoder(None, translate=False)
    fits, sound, lines, zeros, last = _utf8(), True, 0, 0, b""
    with opened(part) as file:
        head = file.read(CHUNK)
        marked = [encoding for mark, encoding in BOMS if head.startswith(mark)]
        encoding = marked[0] if marked else _without_mark(head)
        chunk = head
        while chunk:
            lines += chunk.count(b"\n")
            zeros += chunk.count(b"\x00")
            sound = sound and fits(chunk)
            decoder.decode(chunk.decode("latin-1"))
            last, chunk = chunk[-1:], file.read(CHUNK)
    ends = decoder.newlines
    if isinstance(ends, tuple) or ends == "\r":
        sound = False
    if encoding in ("utf-16", "utf-16-le", "utf-16-be"):
        return Written(encoding, False, lines, False)
    return Written(encoding, sound and not zeros, lines + (last not in (b"", b"\n")), zeros > 0)


def _utf8():
    """Whether chunk after chunk of bytes is UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()

    def sound(chunk: bytes) -> bool:
        try:
            decoder.decode(chunk)
        except UnicodeDecodeError:
            return False
        return True

    return sound


def _without_mark(head: bytes) -> str:
    """UTF-16 may come without a mark; then every second byte of plain letters is zero."""
    for encoding, at in (("utf-16-le", 1), ("utf-16-be", 0)):
        some = head[at : 2 * WINDOW : 2]
        if len(some) > 1 and some.count(0) > 0.8 * len(some):
            return encoding
    return "utf-8"


def look_at_text(part: Part, otherwise: str = "") -> Text | None:
    """How a text is written, and where its table stands.

    Args:
        part: The text.
        otherwise: The encoding of what is not UTF-8; cp1252 if empty.

    Returns:
        None if nothing stands in it.

    Raises:
        DataError: It is no text, or cannot be unpacked; or there is no such encoding.
    """
    written = how_written(part)
    if written.zeros:
        raise DataError(f"{part.told}: has bytes of zero, as no text has; export it anew")
    otherwise = otherwise or OTHERWISE
    try:
        "".encode(otherwise)
    except LookupError:
        raise DataError(f"encoding {otherwise!r}: there is no such encoding") from None
    first = _first_lines(part, written, otherwise)
    told = SEPARATOR.fullmatch(first[0]) if first else None
    delimiter = told[1] if told else delimiter_of(first)
    window = [
        [""] if told and number == 1 else record
        for number, record in islice(_records(enumerate(first, start=1), delimiter), WINDOW)
    ]
    found = find_layout(window)
    return found and Text(part, written, delimiter, found, otherwise)


def _first_lines(part: Part, written: Written, otherwise: str) -> list[str]:
    with closing(lines_of(part, written, otherwise)) as lines:
        return list(islice(lines, LEARNT))


def lines_of(
    part: Part, written: Written, otherwise: str, tally: Tally | None = None
) -> Iterator[str]:
    """A text's lines without their ends, whatever these are.

    A line that is not UTF-8 is read in the other encoding: such files were put together of several.
    """
    # Letter for byte, so that all kinds of line ends are known and no byte is lost.
    whole = written.encoding if written.encoding.startswith("utf-16") else ""
    with opened(part) as file, io.TextIOWrapper(file, whole or "latin-1") as lines:
        for number, line in enumerate(lines, start=1):
            line = line.rstrip("\n")
            if whole:
                yield line
                continue
            raw = line.encode("latin-1")
            text, sound = decoded(raw.removeprefix(BOMS[0][0]) if number == 1 else raw, otherwise)
            if tally is not None and not sound:
                tally.odd.append(number)
            yield text


def decoded(raw: bytes, otherwise: str) -> tuple[str, bool]:
    """A line as text, and whether all of it is UTF-8; what is not, is in the other encoding."""
    try:
        return raw.decode("utf-8"), True
    except UnicodeDecodeError:
        text = raw.decode("utf-8", errors="surrogateescape")
    return STRAY.sub(
        lambda found: _bytes(found[0]).decode(otherwise, errors="replace"), text
    ), False


def _bytes(stray: str) -> bytes:
    return stray.encode("utf-8", errors="surrogateescape")


def delimiter_of(lines: Sequence[str]) -> str:
    """The mark between values: the one that stands equally often in most lines.

    Where none does, a comma: a single column has no mark.

    Examples:
        >>> delimiter_of(["Report, all queues", "call;wait", "1;0,5", "2;1"])
        ';'
    """
    best, most = DELIMITERS[0], (0.0, 0)
    lines = [line for line in lines[:WINDOW] if line.strip()]
    for mark in DELIMITERS:
        counts = [_unquoted(line).count(mark) for line in lines]
        usual = max(set(counts) - {0}, key=counts.count, default=0)
        steady = (counts.count(usual), usual) if usual else (0, 0)
        if steady > most:
            best, most = mark, steady
    return best


def _unquoted(line: str) -> str:
    return "".join(line.split('"')[::2])


def rows_of(text: Text, tally: Tally) -> Iterator[tuple[int, list[str]] | Apart]:
    """A text's rows with the number of their first line, and the lines that are none."""
    width, waiting = len(text.layout.names), []
    lines = lines_of(text.part, text.written, text.otherwise, tally)
    numbered = enumerate(lines, start=1)
    records = _records(numbered, text.delimiter, width, _beginnings(text), tally.astray)
    for number, record in islice(records, text.layout.body, None):
        if not any(cell.strip() for cell in record):
            tally.blank += 1
        elif why := _no_row(record, width):
            waiting.append(Apart(number, text.delimiter.join(record), why))
        else:
            yield from waiting
            waiting = []
            tally.short += len(record) < width
            yield number, record[:width] + [""] * (width - len(record))
    for each in waiting:
        few = len(waiting) <= FOOT and each.text.count(text.delimiter) + 1 < width
        yield replace(each, below=few)


def _no_row(record: Sequence[str], width: int) -> str:
    """Why a record is no row; empty if it is one."""
    if extent_of(record) > width or len(record) <= width // 2:
        values = f"{len(record)} value{'' if len(record) == 1 else 's'}"
        return f"has {values}, and there are {width} columns"
    return ""


def _beginnings(text: Text) -> frozenset[tuple[str, str]]:
    """What the first two values of rows look like, of lines without quotes."""
    lines = _first_lines(text.part, text.written, text.otherwise)
    cells = (line.split(text.delimiter) for line in lines if '"' not in line)
    width = len(text.layout.names)
    return frozenset(_beginning(each) for each in cells if len(each) == width)


def _beginning(cells: Sequence[str]) -> tuple[str, ...]:
    """How the first two values are made: of letters, of digits, or with marks between.

    Examples:
        >>> _beginning(["T104", "2026-07-01", "phone"])
        ('a9', '9-9-9')
    """
    return tuple(
        re.sub(r"\d+", "9", re.sub(r"[^\W\d_]+", "a", cell.strip().strip('"')))
        for cell in cells[:2]
    )


def _records(
    lines: Iterable[tuple[int, str]],
    delimiter: str,
    width: int = 0,
    known: frozenset[tuple[str, str]] = frozenset(),
    astray: list[int] | None = None,
) -> Iterator[tuple[int, list[str]]]:
    """Values of each record, with the number of its first line.

    A value in quotes may run over several lines. Where most of these are rows of their own, or no
    quote closes it, the quote was astray, and each line is a record.
    """
    lines, held = iter(lines), []
    while True:
        number, line = held.pop(0) if held else next(lines, (0, None))
        if line is None:
            return
        if '"' not in line:
            yield number, line.split(delimiter)
            continue
        group = [(number, line)]
        while _is_open(group) and len(group) < LONGEST:
            following = held.pop(0) if held else next(lines, None)
            if following is None:
                break
            group.append(following)
        if _is_open(group) or _swallows(group, delimiter, width, known):
            if astray is not None:
                astray.append(number)
            yield number, _without_quotes(line, delimiter)
            held = [*group[1:], *held]
        else:
            yield number, _split("\n".join(each for _, each in group), delimiter)


def _is_open(group: Sequence[tuple[int, str]]) -> bool:
    return sum(line.count('"') for _, line in group) % 2 == 1


def _swallows(group: Sequence, delimiter: str, width: int, known: frozenset) -> bool:
    """Whether most of a value's lines, but for the first, are rows of their own."""
    if len(group) < 2 or width < 2:
        return False
    cells = [line.split(delimiter) for _, line in group[1:]]
    begun = [_beginning(each) for each in cells if width // 2 < len(each) <= width]
    begun = [each for each in begun if each in known]
    # Rows that begin with words look like sentences; several in one value are none.
    telling = any("9" in part for each in begun for part in each) or len(begun) > SENTENCES
    return telling and len(begun) > len(cells) / 2


def _without_quotes(line: str, delimiter: str) -> list[str]:
    return [cell.strip('"') if cell.count('"') == 1 else cell for cell in line.split(delimiter)]


def _split(text: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [""])
    except csv.Error:
        # A value longer than the library takes.
        return text.split(delimiter)
