"""The sealed chain over the audit trail."""

from __future__ import annotations

from tenure.store.migrate import run_statements

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Run the statements of the file of the same name."""
    run_statements(__file__)
