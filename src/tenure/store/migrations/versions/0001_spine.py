"""The tables of the spine."""

from __future__ import annotations

from tenure.store.migrate import run_statements

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Run the statements of the file of the same name."""
    run_statements(__file__)
