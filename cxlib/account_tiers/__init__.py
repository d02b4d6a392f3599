"""The page on account tiers: which accounts deserve which care?"""

from cxlib.lazily import offer

__getattr__, __dir__ = offer(
    __name__,
    assignment="sensitivity standings tier_of",
    accounts="quarter_books year_unspanned",
    page="account_table evidence_frame map_figure tier_figure tier_finding tier_frame",
    rules_page="capacity_finding growth_finding lifetime_finding likely_finding override_finding "
    "override_table sensitivity_finding sensitivity_table threshold_table unknown_finding "
    "window_finding",
    whatif="WhatIf",
    migration="moved_since",
    migration_page="bridge_figure flow_table moved_finding moved_table",
    concentration="revenue_concentration",
    concentration_page="concentration_finding lorenz_figure",
    prospects="quiet_partners shiny_prospects",
    prospects_page="quiet_finding quiet_table shiny_finding shiny_table",
    care_page="CARE_KPIS baseline_finding care_figure care_panel difference_finding hours_finding "
    "hours_table served_finding served_table",
    service_allocation="differences_between weigh_care",
    service="account_revenue account_service account_signs accounts_heard left_since",
    risk="find_signals foretold revenue_at_risk",
    risk_page="risk_account_table foretold_finding risk_finding risk_table signal_table",
    explore="explore_tiers",
)
