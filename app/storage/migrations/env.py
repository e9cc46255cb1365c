"""What Alembic runs to migrate; it must use the connection it is given, whose transaction and lock are the caller's."""

from alembic import context

from app.storage import staff_tables, tables  # noqa: F401  importing them is what fills METADATA
from app.storage.metadata import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
with context.begin_transaction():
    context.run_migrations()
