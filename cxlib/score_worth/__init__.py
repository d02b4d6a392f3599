"""The page on what a better score is worth."""

from cxlib.lazily import offer

__getattr__, __dir__ = offer(
    __name__,
    results="later_business leaking",
    groups_page="group_figure group_finding group_frame group_table leak_finding",
    groups="bands_of compare_groups",
    page="bend_finding cycles_link evidence_finding step_finding worth_figure worth_finding "
    "worth_frame worth_table",
    points="savings_of_points worth_of_points",
    projects_page="cycle_projects points_of project_finding project_table projects_finding "
    "typed_project",
    explore="explore_groups",
)
