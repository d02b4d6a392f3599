"""The page on journeys: where customers come by, where it is hard, and what follows."""

from cxlib.lazily import offer

__getattr__, __dir__ = offer(
    __name__,
    contacts="cost_of_contact follow issue_pairs matter_of measured moves_between step_of",
    chains="expected_cost removal_effects",
    channels="answers_of judge_channels preferred_and_used question_of",
    explore="explore_places",
    durations="cumulative_incidence mean_cumulative",
    hardship="count_signs hard_places silent_customers stories",
    mix="split_difference standardised",
    next_issue="next_issues",
    page="AT_TOUCHPOINTS hard_figure hard_finding map_figure map_finding map_table persona_finding"
    " persona_table place_frame shown_in sign_table silent_figure silent_finding silent_table",
    paths_page="judgement_figure judgement_finding move_figure move_finding move_table"
    " next_finding next_frame next_table preference_finding",
)
