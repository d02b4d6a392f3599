-- A row is a call. Its number counts per line of the voice response unit, so both make the id.
-- Customer 0 is nobody known: those calls are kept, each with a customer of its own, so that
-- waiting and handling count them and no one seems to call again and again.
SELECT
    "vru+line" || '-' || call_id AS interaction_id,
    CASE customer_id WHEN '0' THEN 'unknown ' || "vru+line" || '-' || call_id
        ELSE customer_id END AS customer_id,
    strptime(date || ' ' || vru_entry, '%y%m%d %H:%M:%S') AS started_at,
    'phone' AS channel,
    CASE type
        WHEN 'PS' THEN 'regular activity'
        WHEN 'PE' THEN 'regular activity in English'
        WHEN 'IN' THEN 'internet support'
        WHEN 'NE' THEN 'stock exchange'
        WHEN 'NW' THEN 'prospective customer'
        WHEN 'TT' THEN 'call back asked for'
    END AS reason,
    nullif(server, 'NO_SERVER') AS agent_id,
    CAST(q_time AS DOUBLE) AS wait_seconds,
    -- The time with an agent is known of those who reached one.
    CASE outcome WHEN 'AGENT' THEN CAST(ser_time AS DOUBLE) END AS handle_seconds,
    outcome = 'HANG' AS abandoned,
    CAST(vru_time AS DOUBLE) AS menu_seconds,
    'priority ' || priority AS priority
FROM calls_1999_02
-- Phantom calls are to be left aside, by the data's own description.
WHERE outcome <> 'PHANTOM'
