-- Two events of an order are contacts: placing it, and receiving it.
-- CSV columns are text here, so whatever is calculated with is cast first.
WITH orders AS (
    SELECT
        order_id,
        customer_id,
        order_status,
        CAST(order_purchase_timestamp AS TIMESTAMP) AS purchased_at,
        CAST(order_delivered_customer_date AS TIMESTAMP) AS delivered_at,
        CAST(order_estimated_delivery_date AS TIMESTAMP) AS promised_at
    FROM olist_orders_dataset
),

baskets AS (
    SELECT
        order_id,
        count(*) AS items,
        sum(CAST(price AS DOUBLE)) AS price,
        sum(CAST(freight_value AS DOUBLE)) AS freight
    FROM olist_order_items_dataset
    GROUP BY order_id
),

events AS (
    SELECT *, 'purchase' AS touchpoint, purchased_at AS started_at FROM orders
    UNION ALL
    SELECT *, 'receive' AS touchpoint, delivered_at AS started_at FROM orders
    WHERE delivered_at IS NOT NULL
)

SELECT
    events.order_id || '/' || events.touchpoint AS interaction_id,
    people.customer_unique_id AS customer_id,
    events.started_at,
    'web' AS channel,
    events.touchpoint,
    events.order_status,
    events.delivered_at > events.promised_at AS late,
    date_diff('hour', events.promised_at, events.delivered_at) / 24.0 AS days_past_promise,
    date_diff('hour', events.purchased_at, events.delivered_at) / 24.0 AS delivery_days,
    baskets.items,
    baskets.price,
    baskets.freight
FROM events
JOIN olist_customers_dataset AS people USING (customer_id)
LEFT JOIN baskets USING (order_id)
