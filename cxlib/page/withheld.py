"""What is not shown of a panel by group, with the reason."""

import pandas as pd

from cxlib.measure import Panel
from cxlib.page.table import Table, make_table
from cxlib.page.wording import capital, listed


def withheld_table(panel: Panel) -> Table | None:
    """The groups that a panel does not show, KPIs with the same reason together; None if none."""
    if panel.withheld.empty:
        return None
    rows = panel.withheld.assign(group=_groups(panel))
    label = {name: kpi.label for name, kpi in panel.kpis.items()}
    records = [
        {
            "Group": group,
            "Why": capital(why),
            "Not shown": listed(label[name] for name in panel.kpis if name in set(each.kpi)),
        }
        for (group, why), each in rows.groupby(["group", "why"], sort=False)
    ]
    return make_table(records, "What is withheld, and why", folded=True)


def _groups(panel: Panel) -> pd.Series:
    columns = [panel.withheld[name].astype("str").fillna(f"no {name}") for name in panel.by]
    return columns[0].str.cat(columns[1:], sep=", ") if columns else "all"
