"""Which target keeps the accounts of another, and what is awaited there."""

from __future__ import annotations

from tenure.store.migrate import run_statements

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Run the statements of the file of the same name."""
    run_statements(__file__)
