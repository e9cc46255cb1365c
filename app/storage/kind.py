"""What kind of clinic a database is of: a demonstration's, where anybody signs in with a button, or a real one's.

The first start decides, and nothing changes it afterwards.
"""

from typing import Final

from sqlalchemy import Connection, select, text

from app.storage.tables import CLINIC_KIND

# One statement that both databases know, so that of processes that start together the first one decides for all.
_SETTLE: Final = text("INSERT INTO clinic_kind (id, is_demonstration) VALUES (1, :kind) ON CONFLICT DO NOTHING")
_FIND: Final = select(CLINIC_KIND.c.is_demonstration)


def settle_kind(connection: Connection, *, is_demonstration: bool) -> bool:
    """Return whether the database is a demonstration's, which it is from now on if nobody has said so before."""
    found = find_kind(connection)
    if found is not None:
        return found
    connection.execute(_SETTLE, {"kind": is_demonstration})
    return bool(find_kind(connection))


def find_kind(connection: Connection) -> bool | None:
    """Return whether the database is a demonstration's; None until that was settled."""
    found: bool | None = connection.execute(_FIND).scalar()
    return found
