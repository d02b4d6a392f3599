"""Exports as people have them, brought in by `cx init` alone."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from cxlib.data import Dataset, open_dataset
from cxlib.data.marks import marks
from cxlib.onboard.start import begin


@dataclass(frozen=True)
class Begun:
    """A dataset that was begun from raw files: its folder, and what was said."""

    folder: Path
    told: str

    def sql(self, table: str) -> str:
        """A table's SQL."""
        return (self.folder / f"{table}.sql").read_text()

    def asked(self) -> str:
        """What is marked in the SQL, in lines."""
        return "\n".join(each.text for each in marks(self.folder))

    def data(self) -> Dataset:
        """The dataset, opened."""
        return open_dataset(self.folder, raw_ids=True)

    def rows(self, table: str) -> pd.DataFrame:
        """A table's rows."""
        return self.data().tables[table].execute()

    def counts(self, table: str) -> tuple[int, int]:
        """How many rows of a table were read, and used."""
        found = next(each for each in self.data().intake if each.table == table)
        return found.read, found.used


@pytest.fixture
def init(tmp_path):
    """Begin a dataset from raw files, given as bytes or text by their names, or as a path."""

    def run(files: dict[str, bytes | str | Path], **answers: str) -> Begun:
        place, folder = tmp_path / "exports", tmp_path / "mine"
        shutil.rmtree(place, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)
        place.mkdir()
        for name, content in files.items():
            if isinstance(content, Path):
                shutil.copy(content, place / name)
            else:
                raw = content.encode() if isinstance(content, str) else content
                (place / name).write_bytes(raw)
        given = {key.replace("__", "."): value for key, value in answers.items()}
        lines = begin(folder, [place / name for name in files], given)
        return Begun(folder, "\n".join(lines))

    return run


def tickets(count: int = 40, **columns) -> list[list[str]]:
    """Rows of contacts; a further column is a function of the row's number."""
    rows = [
        [f"T{n}", f"C{n % 10}", f"2026-07-{n % 28 + 1:02} 09:{n % 60:02}:00", "phone",
         *(str(make(n)) for make in columns.values())]
        for n in range(count)
    ]  # fmt: skip
    return [["ticket_id", "customer_id", "created_at", "channel", *columns], *rows]


def lines(rows: list[list[str]], mark: str = ",", end: str = "\n") -> str:
    """Rows as text."""
    return "".join(mark.join(row) + end for row in rows)
