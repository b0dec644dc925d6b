"""What each group of a target opens, as it was last read."""

from __future__ import annotations

from tenure.store.migrate import run_statements

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Run the statements of the file of the same name."""
    run_statements(__file__)
