"""Where drafts end unsent: a count for each page that everybody sees, and nothing about anybody."""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import Connection, bindparam, select, text

from app.storage.tables import DRAFT_ENDS

_ADD: Final = text(
    "INSERT INTO draft_ends (edition_hash, page, count) VALUES (:edition_hash, :page, :count) "
    "ON CONFLICT (edition_hash, page) DO UPDATE SET count = draft_ends.count + excluded.count"
)
_LIST: Final = select(DRAFT_ENDS.c.page, DRAFT_ENDS.c.count.label("ended")).where(
    DRAFT_ENDS.c.edition_hash == bindparam("edition_hash")
)


def add_draft_ends(connection: Connection, edition_hash: str, ended: Mapping[int, int]) -> None:
    """Add to how many drafts of an edition ended on each page, by the page's number."""
    for page, count in sorted(ended.items()):  # in one order: two who add at once wait, and never for each other
        connection.execute(_ADD, {"edition_hash": edition_hash, "page": page, "count": count})


def list_draft_ends(connection: Connection, edition_hash: str) -> Mapping[int, int]:
    """Return how many drafts of an edition ended on each page, by the page's number."""
    rows = connection.execute(_LIST, {"edition_hash": edition_hash})
    return {row.page: row.ended for row in rows}
