-- A person who orders may have several customer_ids, one per order; customer_unique_id is the
-- person. The person belongs to the seller of their first item.
WITH items AS (
    SELECT
        people.customer_unique_id,
        people.customer_state,
        coalesce(items.seller_id, 'no-seller') AS seller_id,
        row_number() OVER (
            PARTITION BY people.customer_unique_id
            ORDER BY orders.order_purchase_timestamp, orders.order_id, items.order_item_id
        ) AS nth
    FROM olist_customers_dataset AS people
    JOIN olist_orders_dataset AS orders USING (customer_id)
    LEFT JOIN olist_order_items_dataset AS items USING (order_id)
)

SELECT
    customer_unique_id AS customer_id,
    seller_id AS account_id,
    customer_state AS location
FROM items
WHERE nth = 1
