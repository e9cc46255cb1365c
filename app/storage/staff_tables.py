"""The tables of staff: who they are, how they sign in, where they are signed in, and who tried too often.

No column may hold a password, a session id, a code or a link that is not hashed, or a seed that is not sealed.
"""

from typing import Final

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from app.storage.metadata import METADATA, UtcDateTime

PEOPLE: Final = Table(
    "people",
    METADATA,
    Column("id", String(32), primary_key=True),  # never given to anybody else: no row is ever deleted
    Column("login", String(254), nullable=False, unique=True),
    Column("name", String(100), nullable=False),
    Column("roles", String(64), nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("is_demonstration", Boolean, nullable=False),
    Column("password_hash", Text),  # none until somebody joined
    Column("uniquifier", String(64), nullable=False, unique=True),  # changed, it ends every session there is
    Column("passkey_handle", String(64), nullable=False, unique=True),
    Column("totp_sealed", LargeBinary),
    Column("totp_step", Integer),  # the last 30 seconds a code was taken for (S8)
    Column("created_at", UtcDateTime, nullable=False),
    Column("joined_at", UtcDateTime),
    Column("signed_in_at", UtcDateTime),
)

PASSKEYS: Final = Table(
    "passkeys",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("person_id", String(32), ForeignKey("people.id"), nullable=False),
    Column("credential_id", LargeBinary, nullable=False, unique=True),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", Integer, nullable=False),
    Column("name", String(100), nullable=False),
    Column("transports", String(100), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
    Index(None, "person_id"),
)

RECOVERY_CODES: Final = Table(
    "recovery_codes",
    METADATA,
    Column("code_hash", String(64), primary_key=True),
    Column("person_id", String(32), ForeignKey("people.id"), nullable=False),
    Index(None, "person_id"),
)
"""One row for each code that was not used yet."""

STAFF_SESSIONS: Final = Table(
    "staff_sessions",
    METADATA,
    Column("id_hash", String(64), primary_key=True),
    Column("person_id", String(32), ForeignKey("people.id")),
    Column("form_hash", String(64)),  # of the token in this session's forms: says whose a form is that comes too late
    Column("sealed", LargeBinary),
    Column("address", String(45), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Index(None, "person_id"),
    Index(None, "form_hash"),
    Index(None, "created_at"),
)

THROTTLES: Final = Table(
    "throttles",
    METADATA,
    Column("slot", String(64), primary_key=True),  # a hash: what was typed as a name may be a password
    Column("tries", Integer, nullable=False),
    Column("last_at", UtcDateTime, nullable=False),
    Column("until", UtcDateTime, nullable=False),
    Index(None, "last_at"),
)

INVITATIONS: Final = Table(
    "invitations",
    METADATA,
    Column("secret_hash", String(64), primary_key=True),
    Column("purpose", String(32), nullable=False),
    Column("person_id", String(32), ForeignKey("people.id")),  # none for the first administrator
    Column("made_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
    Index(None, "person_id"),
)
