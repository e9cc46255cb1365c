"""Editions, which never change, and drafts, which only their patient can open."""

import sqlalchemy as sa
from alembic import op

from app.storage.metadata import UtcDateTime

revision = "0001"
down_revision = None

# Editions are for ever (D-9), also for somebody with a database shell. Only the time of acceptance may move.
_FIXED = "hash, canonical, language, title, first_used_at"
_GUARDS = {
    "sqlite": (
        f"""CREATE TRIGGER editions_keep BEFORE UPDATE OF {_FIXED} ON editions
            BEGIN SELECT RAISE(ABORT, 'an edition never changes'); END""",
        """CREATE TRIGGER editions_stay BEFORE DELETE ON editions
            BEGIN SELECT RAISE(ABORT, 'an edition is never deleted'); END""",
    ),
    "postgresql": (
        """CREATE FUNCTION refuse_edition_change() RETURNS trigger LANGUAGE plpgsql
            AS $$ BEGIN RAISE EXCEPTION 'an edition never changes and is never deleted'; END $$""",
        f"""CREATE TRIGGER editions_keep BEFORE UPDATE OF {_FIXED} OR DELETE OR TRUNCATE ON editions
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_edition_change()""",
    ),
}


def upgrade() -> None:
    """Make both tables and the guard of the first."""
    op.create_table(
        "editions",
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("canonical", sa.Text, nullable=False),
        sa.Column("language", sa.String(35), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("first_used_at", UtcDateTime, nullable=False),
        sa.Column("accepted_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_editions"),
    )
    for statement in _GUARDS[op.get_bind().dialect.name]:
        op.execute(statement)
    op.create_table(
        "drafts",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("edition_hash", sa.String(64), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("saved_at", UtcDateTime, nullable=False),
        sa.Column("expires_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_drafts"),
        sa.UniqueConstraint("secret_hash", name="uq_drafts_secret_hash"),
        sa.ForeignKeyConstraint(["edition_hash"], ["editions.hash"], name="fk_drafts_edition_hash"),
    )
    op.create_index("ix_drafts_expires_at", "drafts", ["expires_at"])
