"""Tables for other programs, such as a CRM: real ids in place of pseudonyms, in a folder apart."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from cxlib.data import Dataset

APART, NOTICE = "crm", "NOTICE.txt"
WARNING = """The files in this folder name accounts and customers by their real ids, for a CRM.
They are personal data: do not publish them or send them on with the report's pages, which hold
pseudonyms only. Remove this folder where it is not needed.
"""


class RealIds:
    """The ids behind the pseudonyms of a run, read when a table first needs them."""

    def __init__(self, data: "Dataset"):
        self.data = data

    @cached_property
    def by_column(self) -> "Mapping[str, pd.Series]":
        """The real ids by their pseudonyms, for each column that may hold one."""
        from cxlib.data.privacy import real_ids

        return {name: real_ids(self.data, name) for name in ("account_id", "customer_id")}

    def restore(self, tables: Path) -> None:
        """Put what a notebook wrote with pseudonyms into the folder apart, with real ids."""
        for path in [*tables.glob("*.csv"), *tables.glob("*.parquet")]:
            table = _read(path)
            columns = [name for name in ("account_id", "customer_id") if name in table.columns]
            if not columns:
                continue
            for name in columns:
                known = self.by_column[name]
                table[name] = table[name].map(known).fillna(table[name])
            apart = tables / APART
            apart.mkdir(exist_ok=True)
            if path.suffix == ".csv":
                table.to_csv(apart / path.name, index=False)
            else:
                table.to_parquet(apart / path.name, index=False)
            path.unlink()


def give_notice(tables: Path) -> None:
    """Say what the folder apart holds, where there is one."""
    if (tables / APART).is_dir():
        (tables / APART / NOTICE).write_text(WARNING, encoding="utf-8")


def _read(path: Path) -> "pd.DataFrame":
    import pandas as pd

    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    try:
        # As text: numbers are to be written back as they are.
        return pd.read_csv(path, dtype="str", keep_default_na=False)
    except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError):
        return pd.DataFrame()
