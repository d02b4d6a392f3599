-- Of a customer with several service levels, the one of the most steps counts.
SELECT customer AS account_id, mode(service_level) AS service_level
FROM helpdesk
GROUP BY customer
