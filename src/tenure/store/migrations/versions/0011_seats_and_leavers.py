"""Seats of licences and who waits for one, deadlines of leavers, and what groups were called."""

from __future__ import annotations

from tenure.store.migrate import run_statements

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Run the statements of the file of the same name."""
    run_statements(__file__)
