"""The page on PDCA cycles: did the improvements work?"""

from cxlib.lazily import offer

__getattr__, __dir__ = offer(
    __name__,
    review="review_cycles",
    log="confounded reach read_cycles",
    page="board_finding board_table cycle_finding cycle_frame decision_findings gap_table",
    charts="control_chart impact_figure timeline_figure",
    plan_page="edits_table frozen_finding frozen_plans overlap_finding plan_finding power_table "
    "quick_finding save_frozen smart_table",
    decisions_page="decide_finding decide_table",
    portfolio_page="chain_table control_finding control_table milestone_findings portfolio_finding "
    "target_gap_table",
    portfolio="chain_cycles count_cycles",
    explore="explore_cycles",
    form="cycle_form",
)
