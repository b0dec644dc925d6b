"""Tokens with a life of their own, and when each source was last heard."""

from __future__ import annotations

from tenure.store.migrate import run_statements

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Run the statements of the file of the same name."""
    run_statements(__file__)
