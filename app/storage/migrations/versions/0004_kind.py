"""Whether a database is a demonstration's: neither becomes the other by a setting. Also for those made before."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the table of one row; the next start writes it."""
    op.create_table(
        "clinic_kind",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("is_demonstration", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_clinic_kind"),
    )
