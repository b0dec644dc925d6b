"""When people left, so that what follows later comes so long after."""

from __future__ import annotations

from tenure.store.migrate import run_statements

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Run the statements of the file of the same name."""
    run_statements(__file__)
