"""Accounts that nobody is matched to."""

from __future__ import annotations

from tenure.store.migrate import run_statements

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Run the statements of the file of the same name."""
    run_statements(__file__)
