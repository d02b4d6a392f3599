"""The page on journeys: where customers come by, where it is hard, and what follows."""

from cxlib.lazily import offer

__getattr__, __dir__ = offer(
    __name__,
    contacts="cost_of_contact follow matter_of measured step_of",
    chains="expected_cost removal_effects",
    channels="answers_of containment judge_channels preferred_and_used question_of use_of",
    channels_page="containment_finding four_answers judgement_finding judgement_figure"
    " preference_finding",
    explore="edit_sheet explore_places",
    durations="cumulative_incidence mean_cumulative",
    hardship="count_signs hard_places silent_customers stories",
    mix="split_difference standardised",
    next_issue="next_issues",
    outcomes="escalation resolution since_purchase",
    outcomes_page="ladder_finding ladder_table purchase_figure purchase_finding resolution_figure"
    " resolution_finding",
    page="AT_TOUCHPOINTS OF_PERSONAS hard_figure hard_finding map_figure map_finding map_table"
    " persona_finding persona_table place_frame shown_in sign_table silent_figure silent_finding"
    " silent_table",
    paths="in_order issue_pairs moves_between steps_of turns_at variants ways_of",
    paths_page="move_figure move_finding next_finding next_frame next_table turn_table"
    " variant_table",
    sheet="save_told sheet_finding sheets_of",
)
