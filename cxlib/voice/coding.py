"""Coding by people: a sheet of comments drawn by lot, and what two readers made of it."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from cxlib.data import Dataset
from cxlib.data.formulas import harmless
from cxlib.errors import DataError
from cxlib.measure.estimate import CONFIDENCE, Estimate
from cxlib.voice.rows import unreadable
from cxlib.voice.themes import Theme, mentions, read_themes

# Below this two readers agree too little for their reading to count.
AGREED = 0.6
SEVERAL = ";"
COLUMNS = ("text_id", "text", "themes")


def coding_sheet(texts: Sequence[str], count: int) -> pd.DataFrame:
    """Comments drawn by lot for people to read: `text_id`, `text`, and `themes` to be filled.

    The lot falls by the text's hash, so that two readers get the same sheet.

    Args:
        texts: Comments, masked.
        count: How many.
    """
    frame = pd.DataFrame({"text": list(dict.fromkeys(texts))}, dtype="str")
    frame["text_id"] = [sha256(each.encode()).hexdigest()[:10] for each in frame.text]
    drawn = frame.sort_values("text_id").head(count)
    drawn = drawn.assign(text=drawn.text.map(harmless), themes="")[list(COLUMNS)]
    return drawn.reset_index(drop=True)


def write_sheets(sheet: pd.DataFrame, folder: Path, themes: Sequence[Theme]) -> tuple[Path, ...]:
    """Write a sheet as CSV and as a workbook, whose second leaf names the themes.

    Raises:
        DataError: One is there already, and may be filled.
    """
    paths = folder / "coding.csv", folder / "coding.xlsx"
    for path in paths:
        if path.exists():
            raise DataError(f"{path}: is there already; move it away for a new one")
    sheet.to_csv(paths[0], index=False, lineterminator="\n")
    names = pd.DataFrame({"theme": [each.name for each in themes],
                          "words": [", ".join(each.words) for each in themes]})  # fmt: skip
    with pd.ExcelWriter(paths[1], engine="xlsxwriter") as book:
        sheet.to_excel(book, sheet_name="comments", index=False)
        names.to_excel(book, sheet_name="themes", index=False)
    return paths


def read_sheet(path: Path, themes: Sequence[Theme]) -> pd.DataFrame:
    """A filled sheet: by `text_id`, a column of true and false for each theme.

    Raises:
        DataError: It is no such sheet, or names a theme that `themes.toml` does not.
    """
    try:
        how = {"dtype": "str", "keep_default_na": False}
        if path.suffix == ".xlsx":
            frame = pd.read_excel(path, engine="calamine", **how)
        else:
            frame = pd.read_csv(path, **how)
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: not readable as a sheet: {str(error).splitlines()[0]}") from None
    if missing := [name for name in COLUMNS if name not in frame]:
        raise DataError(f"{path}: the column {missing[0]} is missing; it has: {', '.join(frame)}")
    names = [each.name for each in themes]
    said = [{part.strip() for part in each.split(SEVERAL)} - {""} for each in frame.themes]
    for line, (found, _) in enumerate(zip(said, frame.text_id, strict=True), start=2):
        if strange := sorted(found - {*names}):
            raise DataError(
                f"{path}, line {line}: theme {strange[0]!r} is not in themes.toml: "
                f"{', '.join(names)}"
            )
    return pd.DataFrame({name: [name in each for each in said] for name in names},
                        index=pd.Index(frame.text_id, name="text_id"))  # fmt: skip


def kappa(one: Sequence[bool], other: Sequence[bool]) -> float:
    """How far two readers agree beyond chance (Cohen 1960, *Educational and Psychological
    Measurement* 20); NaN where both say the same of all.

    Examples:
        >>> round(kappa([1, 1, 1, 0, 0, 0, 0, 0, 0, 0], [1, 1, 0, 0, 0, 0, 0, 0, 0, 1]), 3)
        0.524
    """
    one, other = np.asarray(one, dtype=bool), np.asarray(other, dtype=bool)
    same = (one == other).mean()
    chance = one.mean() * other.mean() + (1 - one.mean()) * (1 - other.mean())
    return float((same - chance) / (1 - chance)) if chance < 1 else np.nan


@dataclass(frozen=True)
class Coded:
    """A theme as people read it.

    Attributes:
        theme: Its name.
        counted: The share of all comments by its words.
        corrected: The share, corrected by what people read.
        kappa: How far two readers agree; NaN with one reader.
    """

    theme: str
    counted: float
    corrected: Estimate
    kappa: float


def corrected_shares(
    texts: Mapping[str, str], themes: Sequence[Theme], sheets: Sequence[pd.DataFrame]
) -> tuple[Coded, ...]:
    """The share of each theme, corrected for what its words miss or take wrongly.

    The share by words, plus the mean difference in the comments that people read
    (prediction-powered inference: Angelopoulos, Bates, Fannjiang, Jordan and Zrnic 2023, *Science*
    382).

    Args:
        texts: All comments by their `text_id`.
        themes: Those of `themes.toml`.
        sheets: One or two filled sheets; the first counts, the second is held against it.
    """
    keys = list(texts)
    found = pd.DataFrame(mentions(list(texts.values()), themes), keys,
                         [each.name for each in themes]).astype(float)  # fmt: skip
    first = sheets[0][sheets[0].index.isin(keys)]
    both = first.index.intersection(sheets[1].index) if len(sheets) > 1 else first.index[:0]
    reach, coded = stats.norm.ppf(0.5 + CONFIDENCE / 2), []
    for name in found:
        off = first[name].astype(float) - found.loc[first.index, name]
        value = found[name].mean() + off.mean()
        # A difference that was not seen in n comments may still be in 3 of n.
        spread = max(off.var(ddof=1), 1 / len(off)) / len(off) + found[name].var() / len(found)
        ends = np.clip([value - reach * np.sqrt(spread), value + reach * np.sqrt(spread)], 0, 1)
        agree = kappa(first.loc[both, name], sheets[1].loc[both, name]) if len(both) else np.nan
        coded.append(
            Coded(
                name,
                float(found[name].mean()),
                Estimate(
                    float(np.clip(value, 0, 1)), *(float(each) for each in ends), len(off), "share"
                ),
                agree,
            )
        )
    return tuple(coded)


def sheet_of(data: Dataset, count: int) -> tuple[pd.DataFrame, Path, tuple[Theme, ...]]:
    """A sheet of a dataset's comments, where to write it, and the themes.

    Raises:
        DataError: Comments may not be read, or there is no `themes.toml`.
    """
    texts, themes = _read(data)
    return coding_sheet(list(texts.values()), count), data.folder, themes


def coded_of(data: Dataset, paths: Sequence[Path]) -> tuple[Coded, ...]:
    """What people made of a dataset's comments.

    Args:
        data: The dataset.
        paths: One or two filled sheets.

    Raises:
        DataError: As for `sheet_of` and `read_sheet`; or a sheet is of other comments.
    """
    texts, themes = _read(data)
    sheets = [read_sheet(path, themes) for path in paths]
    for path, sheet in zip(paths, sheets, strict=True):
        if not sheet.index.isin(list(texts)).sum() > 1:
            raise DataError(f"{path}: is of other comments than those of {data.folder}")
    return corrected_shares(texts, themes, sheets)


def _read(data: Dataset) -> tuple[dict[str, str], tuple[Theme, ...]]:
    """The comments by `text_id`, each once, and the themes."""
    if why := unreadable(data):
        raise DataError(f"{data.folder}: comments cannot be read: {why}")
    themes = read_themes(data.folder)
    if not themes:
        raise DataError(f"{data.folder}: there is no themes.toml; cx themes proposes one")
    sheet = coding_sheet(list(data.frame("surveys").verbatim.dropna()), sys.maxsize)
    return dict(zip(sheet.text_id, sheet.text, strict=True)), themes
