"""From raw exports to a first mapping: `cx init` and `cx sql`; nothing else uses it."""
