"""More than one way to sign in at the SCIM door."""

from __future__ import annotations

from tenure.store.migrate import run_statements

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Run the statements of the file of the same name."""
    run_statements(__file__)
