"""An index for the plans whose rename waits for another one."""

from __future__ import annotations

from tenure.store.migrate import run_statements

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Run the statements of the file of the same name."""
    run_statements(__file__)
