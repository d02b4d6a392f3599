SELECT DISTINCT customer AS customer_id, customer AS account_id FROM helpdesk
