"""Sources that we read: what the readings came to, and whom the last whole one lacked."""

from __future__ import annotations

from tenure.store.migrate import run_statements

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Run the statements of the file of the same name."""
    run_statements(__file__)
