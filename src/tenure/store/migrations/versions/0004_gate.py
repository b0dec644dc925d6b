"""Gates with what they hold, vetoes, and the decisions of people."""

from __future__ import annotations

from tenure.store.migrate import run_statements

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Run the statements of the file of the same name."""
    run_statements(__file__)
