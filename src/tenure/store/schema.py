"""Which migration this version needs, and a database that has it. What migrates is imported only when it is needed."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import psycopg


@cache
def head() -> str:
    """The newest migration of this version: each file of theirs begins with its number."""
    return max(path.stem.partition("_")[0] for path in (Path(__file__).parent / "migrations/versions").glob("0*.py"))


def bring_up_to_date(dsn: str) -> None:
    """Apply the migrations that a database lacks; usually none, which takes one query.

    Raises DatabaseAway when the database cannot be reached within 10 seconds.
    """
    with psycopg.connect(dsn, connect_timeout=10) as connection:
        at = None
        if connection.execute("SELECT to_regclass('alembic_version') IS NOT NULL").fetchone() == (True,):
            at = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    if at != (head(),):
        from tenure.store.migrate import upgrade  # Alembic and SQLAlchemy take as long as the rest of a command

        upgrade(dsn)
