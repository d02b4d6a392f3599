-- Whoever orders is the customer.
WITH orders AS (
    SELECT "Customer ID" AS customer FROM year_2009_2010
    UNION
    SELECT CustomerID FROM year_2010_2011
)

SELECT
    CAST(CAST(customer AS BIGINT) AS VARCHAR) AS customer_id,
    CAST(CAST(customer AS BIGINT) AS VARCHAR) AS account_id
FROM orders
WHERE customer IS NOT NULL
