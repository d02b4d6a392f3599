-- A review is an answer from 1 to 5. A few orders have two reviews, and one review stands under
-- two orders, so that only both ids together name an answer.
SELECT
    reviews.review_id || '/' || reviews.order_id AS response_id,
    people.customer_unique_id AS customer_id,
    reviews.order_id || CASE
        WHEN orders.order_delivered_customer_date IS NULL THEN '/purchase'
        ELSE '/receive'
    END AS interaction_id,
    reviews.review_creation_date AS sent_at,
    reviews.review_answer_timestamp AS responded_at,
    'csat' AS metric,
    reviews.review_score AS score,
    reviews.review_comment_message AS verbatim
FROM olist_order_reviews_dataset AS reviews
LEFT JOIN olist_orders_dataset AS orders USING (order_id)
LEFT JOIN olist_customers_dataset AS people USING (customer_id)
