"""The audit log by day: what was done on a day, and by whom, is found without a look at all the days since."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Put the time into the indexes by which the log is looked through."""
    op.create_index("ix_audit_entries_at", "audit_entries", ["at", "number"])
    for column in ("actor", "action"):
        op.drop_index(f"ix_audit_entries_{column}", "audit_entries")
        op.create_index(f"ix_audit_entries_{column}", "audit_entries", [column, "at", "number"])
