"""The page on KPIs and their drivers: what changed, and what moves satisfaction?"""

from cxlib.lazily import offer

__getattr__, __dir__ = offer(
    __name__,
    page="change_findings change_table driver_figure driver_finding driver_frame driver_table "
    "meaning_table published_measures",
    correlation="correlate lead",
    correlations_page="across_finding correlation_figure correlation_finding "
    "correlation_frame correlation_table lead_finding reversal_figure reversal_finding",
    account_correlation="correlate_accounts",
    lines_page="kpi_lines",
    tiles_page="choose_kpis tiles_figure tiles_finding",
    grid="against_others",
    grid_page="grid_column grid_finding grid_table",
    outcomes="answers_with_contact drivers_of_outcome worked_on",
    drivers="find_drivers",
    priorities="make_map",
    priorities_page="priority_figure priority_finding priority_frame priority_table",
    explore="explore_drivers",
)
