"""Which program is the oldest that works with the schema: told beside the revision, for programs that are older."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
oldest_program = "0004"


def upgrade() -> None:
    """Make room for it; whoever runs a migration writes it."""
    op.add_column("alembic_version", sa.Column("oldest_program", sa.String(32)))
