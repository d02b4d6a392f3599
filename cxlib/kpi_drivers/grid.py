"""KPIs by unit or region: which differ from the others beyond chance?"""

from collections.abc import Sequence
from dataclasses import dataclass

from cxlib.measure.contrast import Judged, adjusted_probabilities, against_rest
from cxlib.measure.estimate import Estimate
from cxlib.measure.kpis import COUNT, TOTAL
from cxlib.measure.panel import Panel, estimate_of

# Of fewer accounts or customers, an interval says too little to judge a group by.
FEWEST_CLUSTERS = 20


@dataclass(frozen=True)
class Cell(Judged):
    """A KPI of one group, against the other groups.

    Attributes:
        kpi, group: Which.
        value: The group's estimate.
        gap: Less that of the others together; None where there is nothing to compare.
        q: Probability of so large a gap where there is none, adjusted for the number of cells.
    """

    kpi: str
    group: str
    value: Estimate
    gap: Estimate | None
    q: float


def against_others(panel: Panel, kpis: Sequence[str], apart: bool = True) -> tuple[Cell, ...]:
    """Each group's KPIs against those of all other groups together.

    The others count by their numbers. Sums, such as revenue, are as large as a group is, and are
    compared with nothing; nor is a group of few accounts or customers.

    Args:
        panel: KPIs of one period by one column.
        kpis: Which of them.
        apart: Whether the groups share no accounts, as regions do and channels do not: where an
            account is in several, none is judged.

    Returns:
        Of each KPI, the largest group first.
    """
    cells = []
    for name in kpis:
        rows = panel.of(name).dropna(subset=[*panel.by, "value"])
        rows = rows.sort_values("clusters", ascending=False, kind="stable")
        groups = {row[panel.by[0]]: estimate_of(row) for _, row in rows.iterrows()}
        few = set(rows[panel.by[0]][rows.clusters < FEWEST_CLUSTERS])
        for group, each in groups.items():
            others = [other for key, other in groups.items() if key not in few | {group}]
            sums = panel.kpis[name].kind in (TOTAL, COUNT)
            compared = apart and not sums and group not in few
            gap = against_rest(each, others) if compared else None
            cells.append(Cell(name, str(group), each, gap, 1.0))
    tested = [each for each in cells if each.gap]
    q = iter(adjusted_probabilities([each.gap for each in tested]))
    return tuple(
        Cell(each.kpi, each.group, each.value, each.gap, float(next(q)) if each.gap else 1.0)
        for each in cells
    )
