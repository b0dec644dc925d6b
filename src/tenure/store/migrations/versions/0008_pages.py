"""Indexes that only pages use."""

from __future__ import annotations

from tenure.store.migrate import run_statements

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Run the statements of the file of the same name."""
    run_statements(__file__)
