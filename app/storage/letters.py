"""Everything that is sealed to the clinic, whatever it is: counted by its key, and sealed again to another one.

A letter names its key in its second to ninth byte; nothing else of it is looked at here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import BindParameter, ColumnElement, Connection, LargeBinary, Table, bindparam, func, select, update

from app.storage.postgres import allow_long_statements
from app.storage.tables import NOTES, RESPONSE_VERSIONS

_FROM: Final = 2  # the first byte is the letter's format
_LENGTH: Final = 8
_EVERYTHING: Final = (1 << 63) - 1
SEALED: Final = (RESPONSE_VERSIONS, NOTES)
"""The tables that hold letters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One letter: its row's id, the values it is bound to by name, and the letter."""

    table: str
    id: str
    values: Mapping[str, object] = field(repr=False)
    sealed: bytes = field(repr=False)


def count_letters(connection: Connection, most: int = _EVERYTHING) -> dict[str, int]:
    """Return how many letters there are for each key, by the key's id, or are among so many of each table."""
    allow_long_statements(connection)  # a million letters take as long as any other statement may
    counts: dict[str, int] = {}
    for table in SEALED:
        key = _key_of(table).label("key")
        # A query of its own, which its limit makes it: else SQLite sorts whole letters, all of them in memory.
        keys = select(key).limit(most).subquery().c
        for raw, count in connection.execute(select(keys.key, func.count()).group_by(keys.key)):
            key_id = bytes(raw).hex()
            counts[key_id] = counts.get(key_id, 0) + count
    return counts


def list_letters(connection: Connection, table: Table, newest: str, after: str, limit: int) -> Iterator[Row]:
    """Give letters of a table that are not for the newest key, by id, beginning after one."""
    allow_long_statements(connection)  # where few are left it looks through all the others
    statement = (
        select(table)
        .where(_key_of(table) != bytes.fromhex(newest), table.c.id > after)
        .order_by(table.c.id)
        .limit(limit)
    )
    for row in connection.execute(statement).mappings():
        values = {name: value for name, value in row.items() if name != "sealed"}
        yield Row(table=table.name, id=row["id"], values=values, sealed=bytes(row["sealed"]))


def replace_letter(connection: Connection, table: Table, row_id: str, old: bytes, new: bytes) -> bool:
    """Put a letter in another's place, and tell whether that one was still there."""
    statement = (
        update(table)
        .where(table.c.id == bindparam("key"), table.c.sealed == bindparam("old"))
        .values(sealed=bindparam("new"))
    )
    return connection.execute(statement, {"key": row_id, "old": old, "new": new}).rowcount == 1


def is_sealed_to(table: Table, keys: BindParameter[Any]) -> ColumnElement[bool]:
    """Return the condition that a letter of a table is for one of these keys, each given as the bytes of its id."""
    return _key_of(table).in_(keys)


def _key_of(table: Table) -> ColumnElement[bytes]:
    return func.substr(table.c.sealed, _FROM, _LENGTH, type_=LargeBinary)
