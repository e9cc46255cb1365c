"""Search tokens of responses, written by the clinic's side when it first opens one (intake)."""

from collections.abc import Collection, Mapping
from typing import Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    delete,
    exists,
    false,
    func,
    insert,
    or_,
    select,
    update,
)

from app.storage.letters import is_sealed_to
from app.storage.responses import COLUMNS, ReviewStatus, StoredResponse, read_response
from app.storage.tables import RESPONSE_TOKENS, RESPONSE_VERSIONS, RESPONSES

IS_UNTAKEN: Final = and_(
    RESPONSES.c.taken_in == 0,
    RESPONSES.c.version > 0,
    RESPONSES.c.review_status.in_([status.value for status in ReviewStatus]),
)
"""That a response has to be taken in.

Whose version or state this program never writes is no response of it, and would be met there for ever.
"""

_UNTAKEN: Final = select(*COLUMNS).where(IS_UNTAKEN).order_by(RESPONSES.c.received_at).limit(bindparam("limit"))
_WAITS_FOR_A_KEY: Final = exists().where(
    RESPONSE_VERSIONS.c.reference == RESPONSES.c.reference,
    RESPONSE_VERSIONS.c.version == RESPONSES.c.version,
    is_sealed_to(RESPONSE_VERSIONS, bindparam("keys", expanding=True)),
)
_WAITS_FOR_A_PROGRAM: Final = RESPONSES.c.edition_hash.in_(bindparam("editions", expanding=True))
_FORGET: Final = delete(RESPONSE_TOKENS).where(RESPONSE_TOKENS.c.reference == bindparam("key"))
_INSERT: Final = insert(RESPONSE_TOKENS)
_TAKE: Final = (
    update(RESPONSES)
    .where(
        RESPONSES.c.reference == bindparam("key"), RESPONSES.c.version == bindparam("seen"), RESPONSES.c.taken_in == 0
    )
    .values(taken_in=bindparam("seen_again"))
)
_REFERENCES: Final = (
    select(RESPONSE_TOKENS.c.reference)
    .where(RESPONSE_TOKENS.c.token == bindparam("token"))
    .order_by(RESPONSE_TOKENS.c.received_at, RESPONSE_TOKENS.c.reference)
)


def list_untaken(
    connection: Connection, limit: int, missing: Collection[str] = (), unread: Collection[str] = ()
) -> list[StoredResponse]:
    """Return responses whose newest version has no search tokens yet, oldest first.

    Those that are sealed to a key of these ids, or of an edition of these hashes, are left out: they can be taken in
    when it is there, or by a program that can read it.
    """
    conditions, values = _name_waiting(missing, unread)
    statement = _UNTAKEN.where(*(~condition for condition in conditions))
    return [read_response(row) for row in connection.execute(statement, {"limit": limit, **values}).mappings()]


def find_oldest_waiting(
    connection: Connection, missing: Collection[str] = (), unread: Collection[str] = ()
) -> StoredResponse | None:
    """Return the oldest of those that `list_untaken` leaves out."""
    conditions, values = _name_waiting(missing, unread)
    statement = _UNTAKEN.where(or_(false(), *conditions))
    row = connection.execute(statement, {"limit": 1, **values}).mappings().one_or_none()
    return None if row is None else read_response(row)


def _name_waiting(
    missing: Collection[str], unread: Collection[str]
) -> tuple[list[ColumnElement[bool]], dict[str, object]]:
    conditions: list[ColumnElement[bool]] = []
    values: dict[str, object] = {}
    if missing:
        conditions.append(_WAITS_FOR_A_KEY)
        values["keys"] = [bytes.fromhex(key_id) for key_id in missing]
    if unread:
        conditions.append(_WAITS_FOR_A_PROGRAM)
        values["editions"] = list(unread)
    return conditions, values


def take_in(connection: Connection, response: StoredResponse, tokens: Collection[str]) -> bool:
    """Write a response's search tokens in place of earlier ones; False when another process did, or it moved on."""
    values = {"key": response.reference, "seen": response.version, "seen_again": response.version}
    if connection.execute(_TAKE, values).rowcount != 1:
        return False
    connection.execute(_FORGET, {"key": response.reference})
    rows = [
        {"token": token, "received_at": response.received_at, "reference": response.reference}
        for token in sorted(set(tokens))
    ]
    if rows:
        connection.execute(_INSERT, rows)
    return True


def list_references(connection: Connection, token: str) -> list[str]:
    """Return the references that have a token, oldest first: those of one person, say."""
    return list(connection.execute(_REFERENCES, {"token": token}).scalars())


def count_tokens(connection: Connection, tokens: Collection[str]) -> Mapping[str, int]:
    """Return how many responses have each of these tokens."""
    statement = (
        select(RESPONSE_TOKENS.c.token, func.count())
        .where(RESPONSE_TOKENS.c.token.in_(sorted(tokens)))
        .group_by(RESPONSE_TOKENS.c.token)
    )
    counted = {token: count for token, count in connection.execute(statement)}  # noqa: C416  a row is no pair to mypy
    return {token: counted.get(token, 0) for token in tokens}
