-- Every seller is an account. Orders that no seller filled have one of their own: their buyers
-- are the least satisfied of all, and would otherwise be missed.
SELECT
    seller_id AS account_id,
    'Seller ' || left(seller_id, 8) AS name,
    seller_state AS region
FROM olist_sellers_dataset
UNION ALL
SELECT 'no-seller', 'No seller filled the order', NULL
