"""Account names that were chosen because the computed ones were somebody else's."""

from __future__ import annotations

from tenure.store.migrate import run_statements

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Run the statements of the file of the same name."""
    run_statements(__file__)
