"""Indexes on tables that may be large and in use: made beside those who write, wherever the database can do that."""

from collections.abc import Sequence

from alembic import op
from sqlalchemy import text


def make_index(name: str, table: str, columns: Sequence[str]) -> None:
    """Make an index in place of one of the same name, if there is one; it may be begun again wherever it broke off.

    PostgreSQL makes it without a lock and outside of any transaction: whatever a migration did before is kept, so that
    nothing else belongs into one that calls this.
    """
    context = op.get_context()
    if not context.opts["is_live"]:
        op.drop_index(name, table, if_exists=True)
        op.create_index(name, table, columns)
        return
    limit = op.get_bind().execute(text("SHOW lock_timeout")).scalar_one()
    with context.autocommit_block():
        # It waits for everybody's transactions to end, and nobody waits behind it.
        op.execute("SET lock_timeout = 0")
        op.drop_index(name, table, if_exists=True, postgresql_concurrently=True)
        op.create_index(name, table, columns, postgresql_concurrently=True)
        op.get_bind().execute(text("SELECT set_config('lock_timeout', :limit, false)"), {"limit": limit})
