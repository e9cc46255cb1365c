"""The people of the clinic, how they sign in, where they are signed in, and who tried too often."""

import sqlalchemy as sa
from alembic import op

from app.storage.metadata import UtcDateTime

revision = "0003"
down_revision = "0002"

# A person's id stands in the audit log for ever: also with a database shell nobody else ever gets it.
_GUARDS = {
    "sqlite": (
        """CREATE TRIGGER people_keep BEFORE UPDATE OF id ON people
            BEGIN SELECT RAISE(ABORT, 'a person keeps their id'); END""",
        """CREATE TRIGGER people_stay BEFORE DELETE ON people
            BEGIN SELECT RAISE(ABORT, 'a person is never deleted'); END""",
    ),
    "postgresql": (
        """CREATE FUNCTION refuse_person_change() RETURNS trigger LANGUAGE plpgsql
            AS $$ BEGIN RAISE EXCEPTION 'a person keeps their id and is never deleted'; END $$""",
        """CREATE TRIGGER people_keep BEFORE UPDATE OF id OR DELETE OR TRUNCATE ON people
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_person_change()""",
    ),
}


def upgrade() -> None:
    """Make the tables of staff."""
    _make_people()
    for statement in _GUARDS[op.get_bind().dialect.name]:
        op.execute(statement)
    _make_factors()
    _make_sessions()
    _make_throttles_and_invitations()


def _make_people() -> None:
    op.create_table(
        "people",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("login", sa.String(254), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("roles", sa.String(64), nullable=False),
        sa.Column("is_active", sa.Boolean, nullable=False),
        sa.Column("is_demonstration", sa.Boolean, nullable=False),
        sa.Column("password_hash", sa.Text),
        sa.Column("uniquifier", sa.String(64), nullable=False),
        sa.Column("passkey_handle", sa.String(64), nullable=False),
        sa.Column("totp_sealed", sa.LargeBinary),
        sa.Column("totp_step", sa.Integer),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("joined_at", UtcDateTime),
        sa.Column("signed_in_at", UtcDateTime),
        sa.PrimaryKeyConstraint("id", name="pk_people"),
        sa.UniqueConstraint("login", name="uq_people_login"),
        sa.UniqueConstraint("uniquifier", name="uq_people_uniquifier"),
        sa.UniqueConstraint("passkey_handle", name="uq_people_passkey_handle"),
    )


def _make_factors() -> None:
    op.create_table(
        "passkeys",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("person_id", sa.String(32), nullable=False),
        sa.Column("credential_id", sa.LargeBinary, nullable=False),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("sign_count", sa.Integer, nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("transports", sa.String(100), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("used_at", UtcDateTime),
        sa.PrimaryKeyConstraint("id", name="pk_passkeys"),
        sa.UniqueConstraint("credential_id", name="uq_passkeys_credential_id"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_passkeys_person_id"),
    )
    op.create_index("ix_passkeys_person_id", "passkeys", ["person_id"])
    op.create_table(
        "recovery_codes",
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.Column("person_id", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("code_hash", name="pk_recovery_codes"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_recovery_codes_person_id"),
    )
    op.create_index("ix_recovery_codes_person_id", "recovery_codes", ["person_id"])


def _make_sessions() -> None:
    op.create_table(
        "staff_sessions",
        sa.Column("id_hash", sa.String(64), nullable=False),
        sa.Column("person_id", sa.String(32)),
        sa.Column("form_hash", sa.String(64)),
        sa.Column("sealed", sa.LargeBinary),
        sa.Column("address", sa.String(45), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("used_at", UtcDateTime, nullable=False),
        sa.Column("ended_at", UtcDateTime),
        sa.PrimaryKeyConstraint("id_hash", name="pk_staff_sessions"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_staff_sessions_person_id"),
    )
    for column in ("person_id", "form_hash", "created_at"):
        op.create_index(f"ix_staff_sessions_{column}", "staff_sessions", [column])


def _make_throttles_and_invitations() -> None:
    op.create_table(
        "throttles",
        sa.Column("slot", sa.String(64), nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("last_at", UtcDateTime, nullable=False),
        sa.Column("until", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("slot", name="pk_throttles"),
    )
    op.create_index("ix_throttles_last_at", "throttles", ["last_at"])
    op.create_table(
        "invitations",
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("purpose", sa.String(32), nullable=False),
        sa.Column("person_id", sa.String(32)),
        sa.Column("made_at", UtcDateTime, nullable=False),
        sa.Column("expires_at", UtcDateTime, nullable=False),
        sa.Column("used_at", UtcDateTime),
        sa.PrimaryKeyConstraint("secret_hash", name="pk_invitations"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_invitations_person_id"),
    )
    op.create_index("ix_invitations_person_id", "invitations", ["person_id"])
