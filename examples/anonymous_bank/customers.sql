SELECT DISTINCT
    CASE customer_id WHEN '0' THEN 'unknown ' || "vru+line" || '-' || call_id
        ELSE customer_id END AS customer_id,
    CASE customer_id WHEN '0' THEN 'unknown' ELSE customer_id END AS account_id,
    customer_id <> '0' AS known
FROM calls_1999_02
