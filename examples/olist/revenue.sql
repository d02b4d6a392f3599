-- What a seller sold; orders that were cancelled, or could not be filled, brought nothing.
SELECT
    items.seller_id AS account_id,
    orders.order_purchase_timestamp AS booked_at,
    items.price AS amount,
    products.product_category_name AS product
FROM olist_order_items_dataset AS items
JOIN olist_orders_dataset AS orders USING (order_id)
LEFT JOIN olist_products_dataset AS products USING (product_id)
WHERE orders.order_status NOT IN ('canceled', 'unavailable')
