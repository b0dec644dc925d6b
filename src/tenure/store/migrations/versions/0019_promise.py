"""The application's own task that does a change later is kept with it, so that it is known how it ended."""

from __future__ import annotations

from tenure.store.migrate import run_statements

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Run the statements of the file of the same name."""
    run_statements(__file__)
