"""Whether an account was as desired once, so that drift is told apart from changes at the source."""

from __future__ import annotations

from tenure.store.migrate import run_statements

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Run the statements of the file of the same name."""
    run_statements(__file__)
