"""KPIs as figures: by group side by side, or over time."""

from collections.abc import Mapping, Sequence
from itertools import cycle

from cxlib.errors import ArgumentError
from cxlib.measure.estimate import Estimate
from cxlib.measure.kpis import Kpi
from cxlib.measure.panel import Panel, estimate_of
from cxlib.page.figure import BLUE, FAINT, PALETTE, Figure, canvas, dated, styled, whiskers
from cxlib.page.wording import axis_label, estimate, listed, scale

MOST_SHOWN = 8


@styled
def by_group(
    found: Sequence[tuple[Kpi, Mapping[str, Estimate]]],
    colours: Mapping[str, str],
    what: str,
    currency: str = "",
) -> Figure | None:
    """KPIs by group with their intervals, in two columns; None without any.

    Args:
        found: Each KPI with the estimates of its groups, by their labels.
        colours: Of the groups, by label.
        what: What the groups are, as in `KPIs by tier`.
        currency: For amounts of money.
    """
    if not found:
        return None
    lines = -(-len(found) // 2)
    height = 0.75 + 0.2 * max(len(groups) for _, groups in found)
    figure, axes = canvas(height * lines, lines, min(len(found), 2), squeeze=False)
    words = []
    for axis in axes.flat[len(found) :]:
        axis.set_axis_off()
    for axis, (kpi, groups) in zip(axes.flat, found, strict=False):
        hues = [colours.get(label, BLUE) for label in groups]
        whiskers(axis, groups.values(), list(groups), hues, scale(kpi.unit))
        _name(axis, kpi, currency, "x")
        values = [f"{label} {estimate(each, currency)}" for label, each in groups.items()]
        words.append(f"{kpi.label}: {listed(values)}")
    return Figure(figure, f"KPIs by {what} with 95% intervals. {'; '.join(words)}.")


@styled
def plot(panel: Panel, currency: str = "") -> Figure:
    """A panel's KPIs: over time where it has several periods, and by group otherwise.

    Args:
        panel: As `measure` gives it.
        currency: For amounts of money.

    Raises:
        ArgumentError: It is empty, or has more KPIs than fit into a figure.
    """
    names = list(dict.fromkeys(panel.frame.kpi))
    if not 0 < len(names) <= MOST_SHOWN:
        raise ArgumentError(
            f"a figure shows 1 to {MOST_SHOWN} KPIs, and this panel has {len(names)}; name those "
            'to be shown, such as cx.measure(data, ["csat"], period="month")'
        )
    if panel.frame.period.nunique() == 1:
        groups = [
            (panel.kpis[name], {_label(row, panel.by): estimate_of(row) for _, row in
                                panel.of(name).iterrows()})
            for name in names
        ]  # fmt: skip
        return by_group(groups, {}, listed(panel.by) or "period", currency)
    figure, axes = canvas(2.4 * len(names), len(names), squeeze=False)
    for axis, name in zip(axes.flat, names, strict=True):
        _over_time(axis, panel, panel.kpis[name], currency)
    labels = listed(panel.kpis[name].label for name in names)
    first, last = panel.frame.period.min(), panel.frame.period.max()
    split = f" by {listed(panel.by)}" if panel.by else ""
    return Figure(
        figure, f"{labels}{split} from {first:%B %Y} to {last:%B %Y}, with 95% intervals."
    )


def _over_time(axis, panel: Panel, kpi: Kpi, currency: str) -> None:
    rows, factor = panel.of(kpi.name), scale(kpi.unit)
    groups = rows.groupby(list(panel.by), sort=False) if panel.by else [("", rows)]
    for colour, (_, part) in zip(cycle(PALETTE), groups, strict=False):
        part = part.sort_values("period")
        axis.fill_between(
            part.period, part.low * factor, part.high * factor, color=colour, alpha=0.15, lw=0
        )
        label = _label(part.iloc[0], panel.by)
        axis.plot(part.period, part.value * factor, "o-", color=colour, ms=3, lw=1.5, label=label)
    _name(axis, kpi, currency, "y")
    dated(axis)
    axis.grid(axis="y", color=FAINT, lw=0.6)
    if panel.by:
        axis.legend(frameon=False, ncols=4, fontsize="small")


def _label(row, by: Sequence[str]) -> str:
    return ", ".join(str(row[name]) for name in by) or "all"


def _name(axis, kpi: Kpi, currency: str, side: str) -> None:
    """The KPI as the title, and its unit beside the axis."""
    axis.set_title(kpi.label)
    axis.set(**{f"{side}label": axis_label(kpi, currency).split("(")[-1].rstrip(")")})
