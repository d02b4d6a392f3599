"""What the account-tiers page shows of how much hangs on the largest accounts."""

import numpy as np

from cxlib.account_tiers.concentration import TOP, Concentration
from cxlib.page.figure import BLUE, FAINT, GREY, Figure, canvas, conclude, styled
from cxlib.page.finding import Finding
from cxlib.page.wording import capital, interval, number


def concentration_finding(found: Concentration) -> Finding:
    """How much hangs on the largest accounts."""
    if found.problem:
        return Finding(f"Concentration of revenue is not known: {found.problem}.", news=False)
    tenth = max(round(found.accounts * TOP), 1)
    reach = (
        f"{capital(interval(found.top_share))}. Gini {number(found.gini.value)} "
        f"({number(found.gini.low)} to {number(found.gini.high)}). Intervals are those of another "
        "draw of accounts like these."
        if found.gini.has_interval
        else f"Gini {number(found.gini.value)}. Without intervals: of fewer than "
        f"{found.needed} accounts as uneven as these, they would be too narrow."
    )
    return Finding(
        f"The largest tenth of accounts ({number(tenth, 'count')}) brings "
        f"{number(found.top_share.value, 'share')} of revenue, the largest one "
        f"{number(found.largest, 'share')}.",
        estimate=found.top_share,
        evidence=f"{reach} An account with more refunds than sales counts as one without revenue. "
        "Gini is 0 where all bring the same, and near 1 where one brings all.",
    )


@styled
def lorenz_figure(found: Concentration) -> Figure | None:
    """The Lorenz curve; None where there is nothing to say."""
    if found.problem:
        return None
    figure, axis = canvas(3.6, width=4.6)
    axis.plot([0, 100], [0, 100], color=GREY, lw=1, ls="--")
    axis.plot(100 * found.lorenz.accounts, 100 * found.lorenz.revenue, color=BLUE, lw=2)
    axis.set(xlim=(0, 100), ylim=(0, 100), xlabel="Accounts, the smallest first (%)",
             ylabel="Revenue that they bring (%)")  # fmt: skip
    axis.grid(color=FAINT, lw=0.6)
    conclude(axis, f"The largest tenth brings {number(found.top_share.value, 'share')} of revenue")
    half = float(np.interp(0.5, found.lorenz.accounts, found.lorenz.revenue))
    return Figure(
        figure,
        f"Lorenz curve of revenue: the smaller half of accounts brings {number(half, 'share')}, "
        f"the largest tenth {number(found.top_share.value, 'share')}; "
        f"Gini {number(found.gini.value)}. The dashed line is where all bring the same.",
    )
