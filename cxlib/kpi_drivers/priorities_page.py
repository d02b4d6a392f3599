"""What the KPI and drivers page shows of what to work on."""

from collections.abc import Collection

import pandas as pd

from cxlib.kpi_drivers.drivers import Driver
from cxlib.kpi_drivers.priorities import FIX_FIRST, KEEP_UP, OVER_SERVED, WATCH, PriorityMap
from cxlib.measure.kpis import KPIS
from cxlib.page.figure import BLUE, FAINT, GREY, RED, Figure, canvas, styled
from cxlib.page.finding import Finding
from cxlib.page.screen import Action
from cxlib.page.table import Table, make_table
from cxlib.page.wording import estimate, in_sentence, listed, number

# Drivers as what is good for the score, where there is a word for it.
GOOD = {
    ("not resolved", -1): "solving at first contact", ("transfers", -1): "few transfers",
    ("wait", -1): "short waits", ("handling", -1): "short handling", ("late", -1): "punctuality",
}  # fmt: skip
# The KPI in which a driver shows, and one step of it in words.
KPI_OF = {
    "not resolved": "first_contact_resolution", "transfers": "transfer_rate",
    "wait": "average_speed_of_answer", "handling": "average_handle_time",
}  # fmt: skip
EACH = {
    "not resolved": "A contact left unsolved", "transfers": "Each transfer",
    "wait": "A wait 2.7 times the usual", "handling": "Handling 2.7 times the usual",
}  # fmt: skip
QUADRANTS = {
    FIX_FIRST: "Fix first", KEEP_UP: "Keep up", WATCH: "Watch", OVER_SERVED: "Over-served",
}  # fmt: skip


def aim(driver: Driver) -> str:
    """A driver as what is good for the score: to keep up transfers is not what is meant."""
    known = GOOD.get((driver.name, driver.sign))
    return known or f"{'more' if driver.sign > 0 else 'less'} {driver.name}"


def priority_finding(found: PriorityMap, worked_on: Collection[str] = ()) -> Finding:
    """What to fix first, and what to keep up.

    Args:
        found: The map.
        worked_on: The KPIs on which improvement cycles work.
    """
    if not found.placements:
        return Finding(
            "There are too few drivers with a direction to say what to fix first.",
            evidence=_left_out(found).strip(),
            news=False,
        )
    words = []
    for quadrant, label in QUADRANTS.items():
        names = [each for each in found.placements if each.quadrant == quadrant]
        if names:
            said = listed(
                f"{aim(each.driver)}{'' if each.certain else ' (perhaps)'}" for each in names
            )
            words.append(f"{label}: {said}")
    unsure = any(not each.certain for each in found.placements)
    note = " Perhaps: too close to a line to be sure." * unsure
    return Finding(
        f"{'. '.join(words)}.",
        estimate=found.placements[0].performance,
        evidence="Against the average driver: what matters more, and what goes worse."
        f"{note}{_left_out(found)}",
        news=False,
        screen=_neglected(found, worked_on),
    )


def _neglected(found: PriorityMap, worked_on: Collection[str]) -> tuple[Action, ...]:
    """The most important driver on which no cycle works, as something to begin."""
    for each in found.placements:
        driver = each.driver
        kpi = KPI_OF.get(driver.name)
        main = driver.detected and driver.share.value >= found.importance
        # Only what costs satisfaction can be lowered.
        if kpi and main and driver.sign < 0 and kpi not in worked_on:
            score, per = found.outcome.upper(), abs(driver.per_step.value)
            return (
                Action(
                    f"Start a cycle on {in_sentence(KPIS[kpi].label)}",
                    f"{EACH[driver.name]} goes with {per:.2f} less {score}; no cycle works on it.",
                    owner="",
                    urgency=20,
                ),
            )
    return ()


def _left_out(found: PriorityMap) -> str:
    words = [f"{name} ({why})" for name, why in found.left_out.items()]
    return f" Not on the map: {listed(words)}." if words else ""


@styled
def priority_figure(found: PriorityMap) -> Figure | None:
    """The map; None where too few drivers have a direction."""
    if not found.placements:
        return None
    figure, axis = canvas(3.8)
    for each in found.placements:
        colour = RED if each.quadrant == FIX_FIRST else BLUE
        share, performance = each.driver.share, each.performance
        axis.plot([100 * performance.low, 100 * performance.high], [100 * share.value] * 2,
                  color=colour, lw=2)  # fmt: skip
        axis.plot([100 * performance.value] * 2, [100 * share.low, 100 * share.high],
                  color=colour, lw=2)  # fmt: skip
        axis.plot(100 * performance.value, 100 * share.value, "o", color=colour, ms=6)
        axis.annotate(aim(each.driver), (100 * performance.value, 100 * share.value),
                      (7, 7), textcoords="offset points")  # fmt: skip
    axis.axvline(100 * found.performance, color=GREY, lw=1, ls="--")
    axis.axhline(100 * found.importance, color=GREY, lw=1, ls="--")
    axis.set_xlim(-2, 102)
    axis.set_ylim(bottom=0, top=1.18 * axis.get_ylim()[1])
    corners = {FIX_FIRST: (0.01, 0.97), KEEP_UP: (0.99, 0.97), WATCH: (0.01, 0.02),
               OVER_SERVED: (0.99, 0.02)}  # fmt: skip
    for quadrant, (x, y) in corners.items():
        axis.text(x, y, QUADRANTS[quadrant], transform=axis.transAxes, color=GREY, weight="bold",
                  ha="left" if x < 0.5 else "right", va="top" if y > 0.5 else "bottom")  # fmt: skip
    axis.grid(color=FAINT, lw=0.6)
    axis.set_axisbelow(True)
    axis.set(
        xlabel="How well it goes: from the worst (0) to the best twentieth of contacts (100)",
        ylabel="How much it matters: share of variation (%)",
    )
    words = [
        f"{aim(each.driver)}: matters {number(each.driver.share.value, 'share')}, goes "
        f"{number(each.performance.value, 'share')}, {each.quadrant}"
        for each in found.placements
    ]
    return Figure(figure, f"Map of drivers by importance and performance. {'; '.join(words)}.")


def priority_table(found: PriorityMap) -> Table | None:
    """The map in numbers; None where too few drivers have a direction."""
    return make_table(
        [
            {
                "Driver": aim(each.driver),
                "Matters": estimate(each.driver.share),
                "Goes": estimate(each.performance),
                "Reading": QUADRANTS[each.quadrant].lower()
                + ("" if each.certain else ", not certain"),
            }
            for each in found.placements
        ],
        "How much drivers matter (share of variation), and how well they go (0%: the worst, 100%: "
        "the best twentieth ever seen), with 95% intervals",
    )


def priority_frame(*several: PriorityMap) -> pd.DataFrame:
    """The file of priorities: a row per outcome and driver on the map."""
    records = [
        (found.outcome, each.driver.name, each.driver.share.value, each.performance.value,
         each.performance.low, each.performance.high, each.quadrant, each.certain)
        for found in several
        for each in found.placements
    ]  # fmt: skip
    columns = [
        "outcome", "driver", "share", "performance", "low", "high", "quadrant", "certain",
    ]  # fmt: skip
    return pd.DataFrame(records, columns=columns)
