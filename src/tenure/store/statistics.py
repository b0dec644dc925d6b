"""Keeps the database's knowledge of its tables in step while they grow fast.

PostgreSQL looks for tables to analyse once a minute. The first load of an installation is over by then, and until then
the planner guesses: it takes a column that is nearly always NULL for one that nearly never is, and reads everybody of a
source for one id.
"""

from __future__ import annotations

from psycopg import sql

from tenure.store.database import Database

_GROWN = """
SELECT c.relname FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid
WHERE s.schemaname = current_schema() AND s.n_mod_since_analyze > 200 + 4 * greatest(c.reltuples, 0)
  AND pg_has_role(c.relowner, 'USAGE')
"""


async def analyse_grown(database: Database) -> list[str]:
    """Analyse the tables that are new or have grown fivefold since they were analysed; gives their names.

    A table that somebody else analyses or locks at that moment is left for the next time.
    """
    grown = [row["relname"] for row in await database.rows(_GROWN)]
    for name in grown:
        async with database.transaction() as connection:
            await connection.execute(sql.SQL("ANALYZE (SKIP_LOCKED) {}").format(sql.Identifier(name)))
    return grown
