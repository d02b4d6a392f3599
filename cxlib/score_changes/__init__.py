"""The page on score changes: why did a score change, and who did not answer?"""

from cxlib.lazily import offer

__getattr__, __dir__ = offer(
    __name__,
    invitations="ATTRIBUTES asked_and_answered ends_of invited scored_by split_column untold",
    nonresponse="response_rates weigh",
    nonresponse_page="rate_figure rate_finding weighed_finding",
    decomposition="keep_ledger",
    page="ledger_figure ledger_finding ledger_frame ledger_table",
    activity="account_activity",
    silence="gone_silent",
    silence_page="silent_finding silent_table",
    verbatims="draw_verbatims",
    verbatims_page="verbatim_finding",
    explore="explore_ledger",
)
