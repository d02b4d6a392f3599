-- The log has a row for each change of an incident; an incident is one contact, as its last row has
-- it. '?' is missing, dates are day first. Each incident of an unknown caller is kept, with a
-- customer of its own.
WITH last AS (
    SELECT * FROM incident_event_log
    QUALIFY row_number() OVER (
        PARTITION BY number ORDER BY CAST(sys_mod_count AS INTEGER) DESC,
            strptime(sys_updated_at, '%d/%m/%Y %H:%M') DESC
    ) = 1
)

SELECT
    number AS interaction_id,
    CASE caller_id WHEN '?' THEN 'unknown ' || number ELSE caller_id END AS customer_id,
    strptime(opened_at, '%d/%m/%Y %H:%M') AS started_at,
    contact_type AS channel,
    nullif(category, '?') AS reason,
    nullif(assigned_to, '?') AS agent_id,
    nullif(assignment_group, '?') AS team,
    CAST(reassignment_count AS INTEGER) AS transfers,
    -- Solved at first contact: never passed on, never opened again.
    CAST(reassignment_count AS INTEGER) = 0 AND CAST(reopen_count AS INTEGER) = 0 AS resolved,
    made_sla = 'true' AS made_sla,
    CAST(reopen_count AS INTEGER) AS reopened,
    date_diff(
        'minute', strptime(opened_at, '%d/%m/%Y %H:%M'),
        try_strptime(resolved_at, '%d/%m/%Y %H:%M')
    ) / 60.0 AS hours_to_solve,
    priority
FROM last
