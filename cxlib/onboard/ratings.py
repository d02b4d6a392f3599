"""Which columns are ratings, of what, and on which scale."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cxlib.data.config import SCALES
from cxlib.data.engines.sql import quoted
from cxlib.onboard.asked import NUMBER
from cxlib.onboard.expressions import as_value
from cxlib.onboard.questions import Answer, Interview, Question
from cxlib.onboard.sniff import RawColumn, RawFile
from cxlib.onboard.synonyms import Names, plain

TOLD = re.compile(
    r"(?<![a-z])(nps|csat|ces|recommend\w*|satisf\w*|rating|ratings|score|stars?|effort|ease|easy|"
    r"likelihood|zufrieden\w*|bewertung|weiterempfehl\w*)(?![a-z])"
)
NO_RATING = re.compile(
    r"(^|_)(id|ids|no)($|_)|duration|progress|lead|credit|risk|quantity|count|seconds|priority|impact|"
    r"urgency|severity|level|tier|grade|class|installments|sequential|number|months|years|age|qty"
)
METRICS = (
    ("nps", re.compile(r"nps|recommend|weiterempfehl")),
    ("ces", re.compile(r"(?<![a-z])ces|effort|easy|ease")),
    ("csat", re.compile(r"csat|satisf|zufrieden|rating|stars?|bewertung|score")),
)
ENDS = ((1, 5), (1, 7), (1, 10), (0, 10), (0, 100))
# Numbers that stand for no answer, where the scale ends far below.
CODES = (-9, -1, 8, 9, 88, 97, 98, 99, 999)
MOST_VALUES = 12
ALIKE = 3  # so many columns of one scale are ratings, whatever they are called
NOTHING, LOWEST = "nothing", "lowest"


@dataclass(frozen=True)
class Rating:
    """A column of ratings.

    Attributes:
        raw: The column.
        metric: What the contract is to call it.
        low, high: The ends of its scale.
        sql: The score in SQL.
        remarks: What a person has to look at.
    """

    raw: RawColumn
    metric: str
    low: float
    high: float
    sql: str
    remarks: tuple[str, ...] = ()

    @property
    def own(self) -> bool:
        """Whether `dataset.toml` has to declare the metric."""
        return self.metric not in SCALES


def ratings(
    file: RawFile, used: Sequence[RawColumn], names: Names, interview: Interview
) -> list[Rating]:
    """The ratings of a raw table.

    Args:
        file: The table.
        used: The columns that are something else.
        names: How exports call columns.
        interview: Who answers what values do not tell.
    """
    scales = {
        each.name: _scale(each) for each in file.columns if each not in used and _may_rate(each)
    }
    told = [each for each in file.columns if each.name in scales and _is_told(each, names)]
    alike = [scales[each.name] for each in file.columns if each.name in scales]
    alike = [scale for scale in alike if alike.count(scale) >= ALIKE and scale[1] <= 10]
    found: list[Rating] = []
    for each in file.columns:
        if each in told or (each.name in scales and scales[each.name] in alike):
            found.append(
                _rating(file, each, scales[each.name], [one.metric for one in found], interview)
            )
    return found


def _may_rate(raw: RawColumn) -> bool:
    if (
        raw.kind != NUMBER
        or raw.low is None
        or raw.reading.own
        or NO_RATING.search(plain(raw.name))
    ):
        return False
    return raw.distinct <= MOST_VALUES and not raw.unique and _scale(raw) is not None


def _is_told(raw: RawColumn, names: Names) -> bool:
    words = f"{plain(raw.name)} {raw.label.casefold()}".replace("_", " ")
    return bool(TOLD.search(words)) or names.sense("surveys", "score", raw.name) > 0


def _scale(raw: RawColumn) -> tuple[int, int] | None:
    """The smallest usual scale that has all values but those that stand for none."""
    values = raw.values
    if not values or any(value != int(value) for value in values):
        return None
    words = f"{plain(raw.name)} {raw.label.casefold()}"
    if METRICS[0][1].search(words) and values[0] >= 0 and values[-1] <= 10:
        return SCALES["nps"]
    for low, high in ENDS:
        # What comes right after the last score is one.
        within = [value for value in values if low <= value <= high or value == 0
                  or (value in CODES and not low - 1 <= value <= high + 1)]  # fmt: skip
        inside = [value for value in values if low <= value <= high]
        if len(within) == len(values) and len(inside) >= 2 and max(inside) > (high - low) / 2:
            return (low, high)
    return None


def _rating(
    file: RawFile,
    raw: RawColumn,
    scale: tuple[int, int],
    taken: Sequence[str],
    interview: Interview,
) -> Rating:
    low, high = scale
    words = f"{plain(raw.name)} {raw.label.casefold()}"
    metric, remarks = plain(raw.name), []
    for name, pattern in METRICS:
        if pattern.search(words) and name not in taken and scale == tuple(SCALES[name]):
            metric = name
            exact = re.search(rf"(?<![a-z]){name}(?![a-z])", words) or name == "nps"
            if not exact:
                remarks.append(f"UNSURE: is {raw.name} the {name} ({low} to {high})?")
            break
    if metric not in SCALES:
        remarks.append(
            f"UNSURE: {raw.name} is taken as a score of {low} to {high}; is that its scale?"
        )
    sql = as_value(raw)
    if raw.reading.remark:
        remarks.append(raw.reading.remark)
    beyond = sorted(value for value in raw.values if not low <= value <= high)
    if beyond:
        said = _beyond(file, raw, beyond, scale, interview)
        remarks.append(said.remark)
        if said.value == NOTHING:
            for value in beyond:
                sql = f"nullif({sql}, {quoted(f'{value:g}')})"
        else:
            low = min(low, int(beyond[0]))
            metric = plain(raw.name) if metric in SCALES else metric
    return Rating(raw, metric, low, high, sql, tuple(remarks))


def _beyond(
    file: RawFile,
    raw: RawColumn,
    beyond: Sequence[float],
    scale: tuple[int, int],
    interview: Interview,
) -> Answer:
    """Ask what a value means that lies beside a scale, such as 0 beside 1 to 5."""
    told = ", ".join(f"{value:g}" for value in beyond)
    what = "zero" if list(beyond) == [0] else "code"
    options = {NOTHING: "no answer, or not applicable"}
    if list(beyond) == [0]:
        options[LOWEST] = f"the lowest score of 0 to {scale[1]}"
    text = (
        f"{told} {'stands' if len(beyond) == 1 else 'stand'} beside scores of {scale[0]} "
        f"to {scale[1]} in {raw.name}."
    )
    return interview.put(Question(f"{file.table}.{raw.name}.{what}", text, options, NOTHING))


def scales_of(found: Sequence[Rating]) -> Mapping[str, tuple[float, float]]:
    """The scales that `dataset.toml` has to declare."""
    return {each.metric: (each.low, each.high) for each in found if each.own}
