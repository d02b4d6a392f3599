-- The log has a row for each step of a ticket; a ticket is one contact, opened at its first step.
-- By which channel it came is not told. Waiting ends when somebody takes it in charge.
WITH steps AS (
    SELECT *, CAST("time:timestamp" AS TIMESTAMP) AS done_at FROM helpdesk
),

tickets AS (
    SELECT
        "case:concept:name" AS ticket,
        arg_max(customer, done_at) AS customer,
        min(done_at) AS opened_at,
        min(done_at) FILTER (WHERE "concept:name" = 'Take in charge ticket') AS taken_at,
        max(done_at) FILTER (WHERE "concept:name" = 'Resolve ticket') AS solved_at,
        count(DISTINCT "org:resource") - 1 AS transfers,
        count(*) FILTER (WHERE "concept:name" = 'Resolve ticket') AS times_solved,
        arg_max("org:resource", done_at) AS agent,
        arg_max(workgroup, done_at) AS team,
        arg_max(service_type, done_at) AS service_type,
        arg_max(seriousness_2, done_at) AS seriousness,
        arg_max(product, done_at) AS product
    FROM steps
    GROUP BY ticket
)

SELECT
    ticket AS interaction_id,
    customer AS customer_id,
    opened_at AS started_at,
    'help desk' AS channel,
    service_type AS reason,
    agent AS agent_id,
    team,
    date_diff('second', opened_at, taken_at) AS wait_seconds,
    transfers,
    -- Solved at first contact: solved once, by the first who had it.
    times_solved = 1 AND transfers = 0 AS resolved,
    date_diff('second', opened_at, solved_at) / 86400.0 AS days_to_solve,
    seriousness,
    product
FROM tickets
