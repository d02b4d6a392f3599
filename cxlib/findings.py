"""What an executed notebook holds of a finding: pages store it there, and the batch reads it."""

MIME = "application/vnd.cxlib.finding+json"
PARTS = ("sentence", "estimate", "evidence", "news", "kind", "measures", "screen")
# What a finding is about, for the summary of the quarter: the state of things, a comparison with
# an earlier quarter, or what somebody decided.
STATE, CHANGE, DECISION = "state", "change", "decision"
