-- Every order line is a booking. The first nine days of December 2010 stand in both files, line for
-- line; they are taken from the second. Lines without a customer are read and set apart, so that
-- the totals of the files remain. Cancellations are negative quantities.
WITH lines AS (
    SELECT
        "Customer ID" AS customer,
        CAST(InvoiceDate AS TIMESTAMP) AS booked_at,
        Quantity * Price AS amount,
        Description AS product
    FROM year_2009_2010
    WHERE InvoiceDate < '2010-12-01'
    UNION ALL
    SELECT CustomerID, CAST(InvoiceDate AS TIMESTAMP), Quantity * UnitPrice, Description
    FROM year_2010_2011
)

SELECT
    CAST(CAST(customer AS BIGINT) AS VARCHAR) AS account_id,
    booked_at,
    amount,
    CASE WHEN amount < 0 THEN 'refund' END AS kind,
    product
FROM lines
