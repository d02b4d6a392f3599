"""The page on data readiness: can the other pages be believed?"""

from cxlib.lazily import offer

__getattr__, __dir__ = offer(
    __name__,
    coverage="cover",
    evidence="gather_evidence",
    drift="find_drift",
    quarterly="quarterly_measures",
    schema="save_schema schema_changes",
    verdict="weigh",
    verdict_page="dimension_table drift_finding inventory_table issue_table verdict_finding",
    page="fault_table filled_figure filled_finding gaps_finding intake_finding intake_table "
    "left_out_table months_figure span_finding",
    explore="explore_months",
)
