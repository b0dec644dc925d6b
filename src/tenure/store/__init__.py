"""PostgreSQL, and the only folder with SQL in it."""
