"""The demonstration: an invented company, and what is true of it."""
