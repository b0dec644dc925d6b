"""What each certification found, and what it may have left at the application."""

from __future__ import annotations

from tenure.store.migrate import run_statements

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Run the statements of the file of the same name."""
    run_statements(__file__)
