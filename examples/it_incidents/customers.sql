-- The callers are the company's own people: one account, and a customer for each. Of a caller with
-- several places, the one named last in order counts.
WITH callers AS (
    SELECT
        CASE caller_id WHEN '?' THEN 'unknown ' || number ELSE caller_id END AS caller,
        location
    FROM incident_event_log
)

SELECT caller AS customer_id, 'staff' AS account_id, nullif(max(location), '?') AS location
FROM callers
GROUP BY caller
