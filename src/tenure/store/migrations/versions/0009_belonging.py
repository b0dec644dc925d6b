"""Who is in which group, through groups inside groups as well."""

from __future__ import annotations

from tenure.store.migrate import run_statements

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Run the statements of the file of the same name."""
    run_statements(__file__)
