"""The page on the voice of the customer: what they write, whose cause it is, and what is done."""

from cxlib.lazily import offer

__getattr__, __dir__ = offer(
    __name__,
    causes="easy_index root_causes",
    discovered="discover speaks_of",
    effects="joint_effects",
    emerging="find_emerging",
    ends="ends_of",
    explore="explore_themes",
    expectations="find_expectations",
    followups="answers_of cases_of loop_of recovery_of work_list",
    loop="recovery time_to_contact",
    loop_page="cause_finding cause_table ease_figure ease_finding expectation_finding"
    " expectation_table loop_figure loop_finding loop_table recovery_finding",
    page="emerging_figure emerging_finding more_finding quote_finding quote_table theme_figure"
    " theme_finding theme_frame theme_table tone_finding word_finding word_table",
    quotes="draw_quotes",
    rows="label_of main_question revenue_of texts_of unreadable year_of",
    spoken="effects_in monthly themes_in",
    themes="read_themes",
    tone="judge_tone learn_tone tone_of_unscored",
    words="telling_words",
)
