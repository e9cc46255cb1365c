"""What Alembic runs to migrate; it must use the connection it is given, whose lock is the caller's.

Where nobody else works with the database, the transaction is the caller's as well: all or nothing. Where somebody does,
each migration is one of its own, so that nothing is locked for long.
"""

from typing import Final

from alembic import context
from alembic.runtime.migration import MigrationContext, MigrationInfo
from alembic.script import Script
from sqlalchemy import text

from app.storage import staff_tables, tables  # noqa: F401  importing them is what fills METADATA
from app.storage.metadata import METADATA

_FIRST_TOLD: Final = "0006"  # where the column for it comes from
_TELL: Final = text(
    "UPDATE alembic_version SET oldest_program = "
    "CASE WHEN oldest_program > :oldest THEN oldest_program ELSE :oldest END"
)


def tell_oldest_program(ctx: MigrationContext, step: MigrationInfo, *_: object, **__: object) -> None:
    """Write beside the revision which program is the oldest that works with it, in the migration's own transaction."""
    script = step.up_revision
    if isinstance(script, Script) and script.revision >= _FIRST_TOLD and ctx.connection is not None:
        ctx.connection.execute(_TELL, {"oldest": script.module.oldest_program})


is_live: bool = context.config.attributes["is_live"]
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transaction_per_migration=is_live,
    on_version_apply=tell_oldest_program,
    is_live=is_live,
)
with context.begin_transaction():
    context.run_migrations()
