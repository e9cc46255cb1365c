"""What the clinic receives, writes, sets and accounts for. It changes nothing of what patients have."""

import sqlalchemy as sa
from alembic import op

from app.storage.metadata import UtcDateTime

revision = "0002"
down_revision = "0001"

# Rows that never change, also for somebody with a database shell; entries of the log and past settings also never go.
# What is sealed may be sealed again, to a new key, and what is erased goes.
_GUARDED = {
    "notes": "UPDATE OF id, reference, author, written_at",
    "response_versions": "UPDATE OF id, reference, version, edition_hash, sent_at",
    "audit_entries": "UPDATE OR DELETE",
    "clinic_settings": "UPDATE OR DELETE",
}


def _write_guards(dialect: str, table: str, changes: str) -> tuple[str, ...]:
    if dialect == "sqlite":
        return tuple(
            f"""CREATE TRIGGER {table}_keep_{number} BEFORE {change} ON {table}
                BEGIN SELECT RAISE(ABORT, 'rows of this table never change'); END"""
            for number, change in enumerate(changes.split(" OR "))
        )
    return (
        f"""CREATE FUNCTION refuse_{table}_change() RETURNS trigger LANGUAGE plpgsql
            AS $$ BEGIN RAISE EXCEPTION 'rows of this table never change'; END $$""",
        f"""CREATE TRIGGER {table}_keep BEFORE {changes} OR TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_{table}_change()""",
    )


def upgrade() -> None:
    """Make the tables of the clinic's side and their guards."""
    op.add_column("drafts", sa.Column("reached", sa.Integer))
    _make_settings()
    _make_responses()
    _make_contents()
    _make_accounts()
    for table, changes in _GUARDED.items():
        for statement in _write_guards(op.get_bind().dialect.name, table, changes):
            op.execute(statement)


def _make_settings() -> None:
    op.create_table(
        "draft_ends",
        sa.Column("edition_hash", sa.String(64), nullable=False),
        sa.Column("page", sa.Integer, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("edition_hash", "page", name="pk_draft_ends"),
        sa.ForeignKeyConstraint(["edition_hash"], ["editions.hash"], name="fk_draft_ends_edition_hash"),
    )
    op.create_table(
        "clinic_keys",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("public", sa.LargeBinary, nullable=False),
        sa.Column("made_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_clinic_keys"),
    )
    op.create_table(
        "clinic_settings",
        sa.Column("revision", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("changed_at", UtcDateTime, nullable=False),
        sa.Column("changed_by", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("revision", name="pk_clinic_settings"),
    )
    op.create_table(
        "chores",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("done_on", sa.String(10), nullable=False),
        sa.Column("done_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_chores"),
    )


def _make_responses() -> None:
    op.create_table(
        "responses",
        sa.Column("reference", sa.String(10), nullable=False),
        sa.Column("receipt_hash", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("edition_hash", sa.String(64), nullable=False),
        sa.Column("language", sa.String(35), nullable=False),
        sa.Column("received_at", UtcDateTime, nullable=False),
        sa.Column("sent_at", UtcDateTime, nullable=False),
        sa.Column("delete_at", UtcDateTime, nullable=False),
        sa.Column("review_status", sa.String(16), nullable=False),
        sa.Column("owner", sa.String(32)),
        sa.Column("call_on", sa.String(10)),
        sa.Column("reviewed_at", UtcDateTime),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("is_kept", sa.Boolean, nullable=False),
        sa.Column("is_restricted", sa.Boolean, nullable=False),
        sa.Column("taken_in", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("reference", name="pk_responses"),
        sa.UniqueConstraint("receipt_hash", name="uq_responses_receipt_hash"),
        sa.ForeignKeyConstraint(["edition_hash"], ["editions.hash"], name="fk_responses_edition_hash"),
    )
    op.create_index("ix_responses_queue", "responses", ["review_status", "received_at", "reference"])
    op.create_index("ix_responses_received", "responses", ["received_at", "reference"])
    op.create_index("ix_responses_owner", "responses", ["owner", "received_at", "reference"])
    op.create_index("ix_responses_delete_at", "responses", ["delete_at"])
    op.create_index("ix_responses_taken_in", "responses", ["taken_in", "received_at"])
    op.create_index("ix_responses_edition", "responses", ["edition_hash", "received_at", "reference"])
    op.create_index(
        "ix_responses_restricted",
        "responses",
        ["received_at"],
        sqlite_where=sa.text("is_restricted IS 1"),
        postgresql_where=sa.text("is_restricted IS true"),
    )


def _make_contents() -> None:
    op.create_table(
        "response_versions",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("reference", sa.String(10), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("edition_hash", sa.String(64), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("sent_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_response_versions"),
        sa.UniqueConstraint("reference", "version", name="uq_response_versions_version"),
        sa.ForeignKeyConstraint(["reference"], ["responses.reference"], name="fk_response_versions_reference"),
        sa.ForeignKeyConstraint(["edition_hash"], ["editions.hash"], name="fk_response_versions_edition_hash"),
    )
    op.create_table(
        "response_tokens",
        sa.Column("token", sa.String(32), nullable=False),
        sa.Column("received_at", UtcDateTime, nullable=False),
        sa.Column("reference", sa.String(10), nullable=False),
        sa.PrimaryKeyConstraint("token", "received_at", "reference", name="pk_response_tokens"),
        sa.ForeignKeyConstraint(["reference"], ["responses.reference"], name="fk_response_tokens_reference"),
    )
    op.create_index("ix_response_tokens_reference", "response_tokens", ["reference"])
    op.create_table(
        "notes",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("reference", sa.String(10), nullable=False),
        sa.Column("author", sa.String(32), nullable=False),
        sa.Column("written_at", UtcDateTime, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_notes"),
        sa.ForeignKeyConstraint(["reference"], ["responses.reference"], name="fk_notes_reference"),
    )
    op.create_index("ix_notes_reference", "notes", ["reference", "written_at"])


def _make_accounts() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("number", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("origin", sa.String(45), nullable=False),
        sa.Column("about", sa.Text, nullable=False),
        sa.Column("link", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_audit_entries"),
    )
    for column in ("subject", "actor", "action"):
        op.create_index(f"ix_audit_entries_{column}", "audit_entries", [column, "number"])
    head = op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("link", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_head"),
    )
    op.bulk_insert(head, [{"id": 1, "number": 0, "link": "0" * 64}])
