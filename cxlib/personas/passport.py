"""The passport of personas as a file: where one is looked for, and where it is left."""

from collections.abc import Mapping
from pathlib import Path

from cxlib.data import Dataset, Quarter
from cxlib.data.files import PERSONAS
from cxlib.errors import DataError
from cxlib.page.carry import find, leave
from cxlib.personas.tracking import Passport, from_json, to_json

FILE = "personas_passport.json"


def load_passport(data: Dataset, before: str = "") -> Passport | None:
    """The passport to go on with; None if there is none.

    Args:
        data: The dataset; a file `personas.json` in its folder is a passport that was kept on
            purpose, and comes first.
        before: The folder of an earlier report.

    Raises:
        ArgumentError: There is no folder `before`.
        DataError: The passport cannot be read, or is that of another dataset.
    """
    path, text = data.folder / PERSONAS, data.passport
    if text is None:
        if (found := find(before, FILE, "passport of personas")) is None:
            return None
        path, text = found
    passport = from_json(text, str(path))
    if passport.dataset != data.config.name:
        raise DataError(
            f"{path}: is the passport of the dataset {passport.dataset!r}, not of "
            f"{data.config.name!r}; remove it to start anew"
        )
    return passport


def names_for(data: Dataset) -> Mapping[str, str]:
    """The names in dataset.toml, where their letters can be trusted.

    A part of the customers has letters of its own, unless a passport is kept with the dataset.
    """
    kept = data.passport is not None
    return data.config.personas.names if kept or not data.where else {}


def quarter_before(data: Dataset, earlier: Passport | None) -> Quarter:
    """The quarter to compare with: that of the passport, or else the one before."""
    if earlier:
        quarter = Quarter.parse(earlier.quarter, data.config.fiscal_year_start)
        if quarter < data.quarter:
            return quarter
    return data.quarter.previous


def save_passport(passport: Passport | None) -> Path | None:
    """Leave a passport in `tables/` for the next quarter; nothing, if there is none."""
    if passport is None:
        return None
    return leave(FILE, to_json(passport))
