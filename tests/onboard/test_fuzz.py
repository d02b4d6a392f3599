"""Generated exports: `cx init` never refuses, and no row is lost in silence.

`CX_EXPORTS=10000` makes as many; `make test` makes a few of them. Each has a number, from which it is
made again: `CX_EXPORT=137` runs that one alone.
"""

import gzip
import io
import json
import os
import random
import shutil
import zipfile
from dataclasses import dataclass

import openpyxl
import pandas as pd
import pytest

from cxlib.data import open_dataset
from cxlib.data.marks import marks
from cxlib.errors import DataError
from cxlib.onboard.start import begin

COUNT = int(os.environ.get("CX_EXPORTS", "80"))
ALONE = os.environ.get("CX_EXPORT")
# So many are made by one test, so that tests run side by side.
PART = max(10, COUNT // 40)

DATES = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d", "%d.%m.%Y %H:%M", "%m/%d/%Y %I:%M %p", "%d/%m/%y", "%Y%m%d%H%M%S",
         "%d %B %Y", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S +0200")  # fmt: skip
DURATIONS = ("{s}", "{h}:{m:02}:{r:02}", "{m}:{r:02}", "PT{m}M{r}S", "{m}m {r}s", "{s}.5")
MONEY = (
    "{}.50",
    "{},50",
    "€ {},50",
    "${}.50",
    "({}.50)",
    "{}.50-",
    "1 {}.50",
    "1'{}.50",
    "1,{}.50",
    "{} CHF",
)
IDS = ("C{}", "{}", "000{}", "{}.0", "user{}@example.org", '="{}"', "1.2{}E+15")
ENCODINGS = ("utf-8", "utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le")


@dataclass(frozen=True)
class Export:
    """A generated export.

    Attributes:
        name, content: The file.
        table: The table of the contract that it feeds.
        rows: How many rows it has, sums and broken lines left aside.
        odd: How many lines among them are no rows, and must be set apart.
    """

    name: str
    content: bytes
    table: str
    rows: int
    odd: int


def export(number: int) -> Export:
    """The export of a number."""
    dice = random.Random(number)
    table = dice.choice(("interactions", "surveys", "revenue"))
    count = dice.randrange(25, 90)
    head, rows = table_of(dice, table, count)
    kind = dice.choice(("csv", "csv", "csv", "tsv", "gz", "zip", "xlsx", "jsonl"))
    if kind == "jsonl":
        lines = [json.dumps(dict(zip(head, row, strict=True))) for row in rows]
        odd = dice.choice((0, 0, 1))
        lines[5:5] = ["{not json"] * odd
        return Export("export.jsonl", "\n".join(lines).encode() + b"\n", table, count, odd)
    titles = [
        [title]
        for title in ("Report: all queues", "July to September", "")[: dice.choice((0, 0, 1, 2, 3))]
    ]
    sums = [["Total", *[""] * (len(head) - 1)]] if dice.random() < 0.2 else []
    if kind == "xlsx":
        return Export("export.xlsx", workbook([*titles, head, *rows, *sums]), table, count, 0)
    text, odd = text_of(
        dice, [*titles, head, *rows, *sums], len(titles), "\t" if kind == "tsv" else None
    )
    if kind == "gz":
        return Export("export.csv.gz", gzip.compress(text), table, count, odd)
    if kind == "zip":
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w") as archive:
            archive.writestr("data.csv", text)
        return Export("export.zip", held.getvalue(), table, count, odd)
    name = dice.choice(("export", "my.export", "export 2026", "Übersicht"))
    return Export(f"{name}.{kind}", text, table, count, odd)


def table_of(dice: random.Random, table: str, count: int) -> tuple[list[str], list[list[str]]]:
    """Names of columns and rows of values."""
    form, money, duration, ids = (dice.choice(each) for each in (DATES, MONEY, DURATIONS, IDS))
    days = pd.date_range("2026-03-13 09:00", periods=count, freq=dice.choice(("7h", "31h", "1D")))
    seconds = [dice.randrange(61, 1_000) for _ in range(count)]
    customers = [ids.format(dice.randrange(100, 130)) for _ in range(count)]
    when = [each.strftime(form) for each in days]
    if table == "interactions":
        columns = {
            dice.choice(("ticket_id", "Call ID", "Number")): [f"T{n}" for n in range(count)],
            dice.choice(("customer_id", "Customer", "Kundennummer")): customers,
            dice.choice(("created_at", "Opened", "Date")): when,
            dice.choice(("channel", "Contact type", "Source")): [dice.choice(("phone", "e-mail", "Büro")) for _ in days],
            dice.choice(("handle_time", "Talk duration", "AHT")): [
                duration.format(s=s, h=s // 3600, m=s // 60, r=s % 60) for s in seconds],
            "resolved": [dice.choice(("yes", "no")) for _ in days],
        }  # fmt: skip
    elif table == "surveys":
        columns = {
            "response_id": [f"R{n}" for n in range(count)],
            dice.choice(("customer_id", "User ID")): customers,
            dice.choice(("sent_at", "Date")): when,
            dice.choice(("nps", "NPS score")): [str(dice.randrange(11)) for _ in days],
            "comment": [dice.choice(("", "good", "so, so", 'said "hi"', "Grüße")) for _ in days],
        }  # fmt: skip
    else:
        columns = {
            dice.choice(("account_id", "Customer ID")): customers,
            dice.choice(("invoice_date", "Booking date", "Date")): when,
            dice.choice(("amount", "Net amount", "Betrag")): [money.format(dice.randrange(100, 999)) for _ in days],
            "product": [dice.choice(("a", "b, c", "ä")) for _ in days],
        }  # fmt: skip
    for place, values in enumerate(columns.values()):
        if place and dice.random() < 0.15:
            values[dice.randrange(count)] = dice.choice(("", "N/A", "?", "tbd"))
    return list(columns), [list(row) for row in zip(*columns.values(), strict=True)]


def text_of(
    dice: random.Random, rows: list[list[str]], titles: int, mark: str | None
) -> tuple[bytes, int]:
    """Rows as bytes, with what goes wrong in exports; and how many of their lines are no rows."""
    mark = mark or dice.choice((",", ";", "|"))
    end = dice.choice(("\n", "\n", "\r\n"))
    lines = []
    for place, row in enumerate(rows):
        cells = ['"' + cell.replace('"', '""') + '"' if any(c in cell for c in (mark, '"', "\n")) else cell
                 for cell in row]  # fmt: skip
        lines.append(cells[0] if place < titles else mark.join(cells))
    odd = 0
    if dice.random() < 0.2:
        wide = mark.join(["x"] * (len(rows[-1]) + 3))
        lines.insert(dice.randrange(titles + 3, len(lines) - 8), wide)
        odd = 1
    if dice.random() < 0.2:
        lines += [dice.choice(("Exported by Ann", "3 rows selected", "Confidential"))]
    if dice.random() < 0.2:
        lines.insert(titles + 2, "")
    ends = [end] * len(lines)
    if dice.random() < 0.2:
        ends[-1] = {"\n": "\r\n", "\r\n": "\n"}[end]
    text = "".join(line + each for line, each in zip(lines, ends, strict=True))
    encoding = dice.choice(ENCODINGS)
    raw = text.encode(encoding)
    if encoding == "utf-8" and dice.random() < 0.2:
        raw = raw.replace(b"Report", b"R\xe9port").replace(b"phone", b"ph\xf6ne", 1)
    return raw, odd


def workbook(rows: list[list[str]]) -> bytes:
    """Rows as a workbook."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


def brought_in(made: Export, place) -> tuple[object, str]:
    """Begin a dataset from an export; the folder, and what was said."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    (place / made.name).write_bytes(made.content)
    return place / "mine", "\n".join(begin(place / "mine", [place / made.name]))


def judge(number: int, place) -> str:
    """What is wrong with how an export came in: every row of it must be accounted for."""
    made = export(number)
    folder, told = brought_in(made, place)
    if (folder / "found.txt").read_text().strip() != told.strip():
        return "found.txt says something else"
    try:
        data = open_dataset(folder, raw_ids=True)
    except DataError as error:
        # Then it is said what is asked.
        return "" if marks(folder) and "\n" not in str(error) else str(error)
    found = {each.table: each for each in data.intake}.get(made.table)
    if found is None:
        return "" if marks(folder) else f"nothing is asked, and there is no {made.table}: {told}"
    # What is set apart is named, with its line; so is what stands below the table.
    if found.read != made.rows + made.odd or found.used + found.quarantined != found.read:
        return f"rows are lost: {found}, {told}"
    if made.odd and "is set apart, since it" not in told:
        return f"what stands below the table is not named: {told}"
    return ""


PARTS = [int(ALONE)] if ALONE else range(0, COUNT, PART)


@pytest.mark.parametrize("first", PARTS)
def test_every_row_of_a_generated_export_is_used_or_named(first, tmp_path):
    for number in range(first, first + 1 if ALONE else min(first + PART, COUNT)):
        assert judge(number, tmp_path / "export") == "", number
