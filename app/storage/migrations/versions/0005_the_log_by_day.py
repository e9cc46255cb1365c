"""The audit log by day: what was done on a day, and by whom, is found without a look at all the days since."""

from app.storage.migrations.indexes import make_index

revision = "0005"
down_revision = "0004"
oldest_program = "0004"


def upgrade() -> None:
    """Put the time into the indexes by which the log is looked through."""
    make_index("ix_audit_entries_at", "audit_entries", ["at", "number"])
    for column in ("actor", "action"):
        make_index(f"ix_audit_entries_{column}", "audit_entries", [column, "at", "number"])
