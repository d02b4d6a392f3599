SELECT 'staff' AS account_id, 'The company itself' AS name
