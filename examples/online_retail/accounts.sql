-- A customer number is an account. A few have ordered for more than one country; the last counts.
WITH orders AS (
    SELECT "Customer ID" AS customer, CAST(InvoiceDate AS TIMESTAMP) AS ordered_at, Country
    FROM year_2009_2010
    UNION ALL
    SELECT CustomerID, CAST(InvoiceDate AS TIMESTAMP), Country FROM year_2010_2011
)

SELECT
    CAST(CAST(customer AS BIGINT) AS VARCHAR) AS account_id,
    arg_max(Country, ordered_at) AS region
FROM orders
WHERE customer IS NOT NULL
GROUP BY customer
