-- A private customer is an account; those who were not known share one.
SELECT DISTINCT CASE customer_id WHEN '0' THEN 'unknown' ELSE customer_id END AS account_id
FROM calls_1999_02
