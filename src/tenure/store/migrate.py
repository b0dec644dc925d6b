"""Brings a database to the schema of this version, once, whoever comes first."""

from __future__ import annotations

from pathlib import Path

import psycopg
from alembic import command, op
from alembic.config import Config
from sqlalchemy import create_engine, pool, text

_LOCK = 0x7E4E5E
"""Advisory lock number: two processes that start together migrate one after the other."""


def upgrade(dsn: str) -> None:
    """Apply every migration that the database lacks. `dsn` is any libpq connection string or URI.

    Raises DatabaseAway when the database cannot be reached within 10 seconds.
    """
    psycopg.connect(dsn, connect_timeout=10).close()  # SQLAlchemy would hide the error in one of its own
    config = _config()
    engine = create_engine(
        "postgresql+psycopg://",
        creator=lambda: psycopg.connect(dsn, connect_timeout=10),
        poolclass=pool.NullPool,
    )
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:n)"), {"n": _LOCK})
        connection.commit()
        try:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
        finally:
            connection.rollback()
            connection.execute(text("SELECT pg_advisory_unlock(:n)"), {"n": _LOCK})
            connection.commit()
    engine.dispose()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def run_statements(beside: str) -> None:
    """Run, inside a migration, the statements of the SQL file that stands beside its Python file."""
    connection = op.get_bind().connection.dbapi_connection
    assert connection is not None
    connection.execute(Path(beside).with_suffix(".sql").read_text(encoding="utf-8"))
