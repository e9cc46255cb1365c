"""The tables, as SQLAlchemy Core sees them; the migrations make them, and a test proves that both agree.

Nothing here may decide anything, and no column may hold an answer that is not sealed.
"""

from typing import Final

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from app.storage.metadata import METADATA, AuditMoment, UtcDateTime

EDITIONS: Final = Table(
    "editions",
    METADATA,
    Column("hash", String(64), primary_key=True),
    Column("canonical", Text, nullable=False),
    Column("language", String(35), nullable=False),  # as long as RFC 5646 asks a BCP 47 tag may be
    Column("title", Text, nullable=False),
    Column("first_used_at", UtcDateTime, nullable=False),
    Column("accepted_at", UtcDateTime, nullable=False),  # the one column that may change: see the triggers
)

DRAFTS: Final = Table(
    "drafts",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("secret_hash", String(64), nullable=False, unique=True),
    Column("edition_hash", String(64), ForeignKey("editions.hash"), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("saved_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    # How far its patient came, as the number of a page that everybody sees; none once it was sent. For `draft_ends`.
    Column("reached", Integer),
    Index(None, "expires_at"),
)

DRAFT_ENDS: Final = Table(
    "draft_ends",
    METADATA,
    Column("edition_hash", String(64), ForeignKey("editions.hash"), primary_key=True),
    Column("page", Integer, primary_key=True),
    Column("count", Integer, nullable=False),
)
"""How many drafts ended unsent on each page that everybody sees: numbers, about nobody."""

CLINIC_KEYS: Final = Table(
    "clinic_keys",
    METADATA,
    Column("id", String(16), primary_key=True),
    Column("public", LargeBinary, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
)
"""The public halves of the clinic's key pairs; what is sent is sealed to the newest."""

CLINIC_SETTINGS: Final = Table(
    "clinic_settings",
    METADATA,
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("content", Text, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("changed_by", String(32), nullable=False),
)
"""What the clinic has set, whole, at each change: the last row holds, and the ones before it say what held when."""

RESPONSES: Final = Table(
    "responses",
    METADATA,
    Column("reference", String(10), primary_key=True),
    Column("receipt_hash", String(64), nullable=False, unique=True),  # a draft sent twice is one response
    Column("version", Integer, nullable=False),
    Column("edition_hash", String(64), ForeignKey("editions.hash"), nullable=False),  # of the newest version
    Column("language", String(35), nullable=False),
    Column("received_at", UtcDateTime, nullable=False),  # of the first version
    Column("sent_at", UtcDateTime, nullable=False),  # of the newest version
    Column("delete_at", UtcDateTime, nullable=False),
    Column("review_status", String(16), nullable=False),  # FHIR R4 Task.status
    Column("owner", String(32)),
    Column("call_on", String(10)),  # a date, never an instant (UA-63)
    Column("reviewed_at", UtcDateTime),
    Column("revision", Integer, nullable=False),  # counts the row's changes: two reviewers notice each other by it
    Column("is_kept", Boolean, nullable=False),  # a legal hold
    Column("is_restricted", Boolean, nullable=False),
    Column("taken_in", Integer, nullable=False),  # the version whose search tokens are written; 0: they are to be
    Index("ix_responses_queue", "review_status", "received_at", "reference"),
    Index("ix_responses_received", "received_at", "reference"),
    Index("ix_responses_owner", "owner", "received_at", "reference"),
    Index("ix_responses_delete_at", "delete_at"),
    Index("ix_responses_taken_in", "taken_in", "received_at"),
    Index("ix_responses_edition", "edition_hash", "received_at", "reference"),
    # Of the few that are restricted: nothing that looks for the others can take it for an index of theirs.
    Index(
        "ix_responses_restricted",
        "received_at",
        sqlite_where=text("is_restricted IS 1"),
        postgresql_where=text("is_restricted IS true"),
    ),
)

RESPONSE_VERSIONS: Final = Table(
    "response_versions",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("reference", String(10), ForeignKey("responses.reference"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("edition_hash", String(64), ForeignKey("editions.hash"), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("sent_at", UtcDateTime, nullable=False),
    UniqueConstraint("reference", "version", name="uq_response_versions_version"),
)

RESPONSE_TOKENS: Final = Table(
    "response_tokens",
    METADATA,
    Column("token", String(32), primary_key=True),
    Column("received_at", UtcDateTime, primary_key=True),
    Column("reference", String(10), ForeignKey("responses.reference"), primary_key=True),
    Index(None, "reference"),
)

NOTES: Final = Table(
    "notes",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("reference", String(10), ForeignKey("responses.reference"), nullable=False),
    Column("author", String(32), nullable=False),
    Column("written_at", UtcDateTime, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Index(None, "reference", "written_at"),
)

AUDIT_ENTRIES: Final = Table(
    "audit_entries",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", AuditMoment, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("action", String(40), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("origin", String(45), nullable=False),  # an address, as long as IPv6 writes one
    Column("about", Text, nullable=False),
    Column("link", String(64), nullable=False),
    Index("ix_audit_entries_subject", "subject", "number"),
    Index("ix_audit_entries_at", "at", "number"),
    Index("ix_audit_entries_actor", "actor", "at", "number"),
    Index("ix_audit_entries_action", "action", "at", "number"),
)

AUDIT_HEAD: Final = Table(
    "audit_head",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, nullable=False),
    Column("link", String(64), nullable=False),
)
"""One row: the last entry. Whoever appends holds it, so that entries are numbered without a gap."""

CHORES: Final = Table(
    "chores",
    METADATA,
    Column("name", String(40), primary_key=True),
    Column("done_on", String(10), nullable=False),
    Column("done_at", UtcDateTime, nullable=False),
)
"""What is done once a day, however many processes run: when it last was, or no day, and when somebody began it."""

CLINIC_KIND: Final = Table(
    "clinic_kind",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("is_demonstration", Boolean, nullable=False),
)
"""One row, written at the first start: a demonstration never becomes a real clinic, nor the other way round."""
