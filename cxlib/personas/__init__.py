"""The page on personas: which kinds of customers are served, and are they still the same?"""

from cxlib.lazily import offer

__getattr__, __dir__ = offer(
    __name__,
    features="contacts_of_strangers customer_features earlier_customers",
    clustering="find_personas",
    passport="load_passport names_for quarter_before save_passport",
    tracking="identify issue",
    page="assignment_frame dropped_table features_finding found_finding kpi_figure kpi_finding "
    "member_frame stranger_finding tried_figure",
    migration_page="fate_finding migration_figure movement_finding share_table unnamed_finding "
    "withheld_finding",
    migration="moves",
    profiles="against_elsewhere differences find_rule typical_profiles",
    groups="accounts_of buying_shares contact_counts preferred_channels revenue_shares shares_by",
    cards="difference_figure make_cards profile_frame rule_finding rule_table",
    accounts_page="accounts_finding buying_finding channel_table revenue_figure revenue_finding "
    "tier_finding tier_table",
    strip_page="strip_finding",
    explore="explore_kpi_by_persona explore_personas with_personas",
)
