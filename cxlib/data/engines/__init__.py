"""The engines that rows live in: DuckDB, PostgreSQL and Spark."""
