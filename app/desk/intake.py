"""Intake: the clinic's side opens each new response once and writes the tokens by which staff find it (design 6).

It also begins the response's history in the audit log. It never keeps what it read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, Engine

from app.desk.keyring import Desk
from app.desk.opening import FindEdition, OpenedVersion, open_newest
from app.logs import record_failure
from app.questionnaire.sent import Day, list_name_keys, list_other_than_no
from app.storage.audit import Event, append_event, append_events
from app.storage.clinic_keys import list_keys
from app.storage.engine import begin_read, begin_write
from app.storage.responses import StoredResponse
from app.storage.tokens import list_untaken, take_in
from app.storage.trouble import PASSING
from app.vault.token import make_token

BATCH = 50
"""How many responses are taken in at once: few enough that nobody who waits for the database notices."""

_MOST_EDITIONS: Final = 1000
"""How many editions may wait for a program that can read them: more than these no program wrote."""


def take_in_new(engine: Engine, desk: Desk, find_edition: FindEdition, now: datetime, limit: int = BATCH) -> int:
    """Write the search tokens of responses that have none, and return how many were taken in.

    What is sealed to a key of the clinic whose file is not here is left for when it is, and what is of an edition that
    only a newer program can read is left for that one: taken in here, nobody would ever find it by name.
    """
    with begin_read(engine) as connection:
        found, _ = find_untaken(connection, list_missing_keys(connection, desk), find_edition, limit)
        prepared = [(response, _prepare(connection, desk, find_edition, response)) for response in found]
    if not prepared:
        return 0
    prepared.sort(key=lambda one: one[0].reference)
    with begin_write(engine) as connection:
        # All responses before the log, in one order: as everybody does who holds both.
        # What does not open is taken in without tokens, so that it stands in the list and is not tried for ever.
        taken = [one for one in prepared if take_in(connection, one[0], one[1] or ())]
        begun = [(_tell_receipt(response, is_readable=tokens is not None), now) for response, tokens in taken]
        append_events(connection, desk.chain_key, begun)
    return len(prepared)


def list_missing_keys(connection: Connection, desk: Desk) -> list[str]:
    """Return the ids of the clinic's keys whose files are not here, as after another machine made one."""
    return [key.id for key in list_keys(connection) if key.id not in desk.keys]


def find_untaken(
    connection: Connection, missing: Collection[str], find_edition: FindEdition, limit: int = 1
) -> tuple[list[StoredResponse], set[str]]:
    """Return the oldest responses that can be taken in here, and the editions of others that have to wait.

    `missing` are the keys whose responses wait as well.
    """
    unread: set[str] = set()
    while True:
        found = list_untaken(connection, limit, missing, unread)
        more = {one for one in {one.edition_hash for one in found} if not _is_readable(find_edition, one)}
        if not more or len(unread) >= _MOST_EDITIONS:
            return found, unread
        unread |= more


def take_in_one(
    connection: Connection, desk: Desk, response: StoredResponse, tokens: Collection[str] | None, now: datetime
) -> None:
    """Write one response's search tokens, and begin its history with it; None for the tokens of what does not open."""
    if take_in(connection, response, tokens or ()):
        append_event(connection, desk.chain_key, _tell_receipt(response, is_readable=tokens is not None), now)


def _tell_receipt(response: StoredResponse, *, is_readable: bool) -> Event:
    return Event(
        action="response.received",
        actor="program",
        subject=response.reference,
        outcome="done" if is_readable else "unreadable",
        about={"version": response.version},
    )


def list_tokens(desk: Desk, opened: OpenedVersion) -> Iterator[str]:
    """Give the tokens of a response: its patient's names, birth and both together, and items answered other than No."""
    patient = opened.sent.patient
    for key in list_name_keys(patient.name):
        yield make_token(desk.token_key, "name", key)
    if patient.birth is not None:
        yield name_birth(desk, patient.birth)
        yield name_person(desk, patient.name, patient.birth)
    for link_id in list_other_than_no(opened.edition, opened.sent.response.answers):
        yield name_item(desk, link_id)


def name_birth(desk: Desk, birth: Day) -> str:
    """Return the token of a date of birth."""
    return make_token(desk.token_key, "birth", "{:04}-{:02}-{:02}".format(*birth))


def name_words(desk: Desk, typed: str) -> tuple[str, ...]:
    """Return the tokens a name must have to be found by what was typed: each of its words."""
    keys = list_name_keys(typed)
    words = [key for key in keys if " " not in key] or list(keys)
    return tuple(make_token(desk.token_key, "name", word) for word in words)


def name_person(desk: Desk, name: str, birth: Day) -> str:
    """Return the token of one person: the whole name and the date of birth."""
    whole = list_name_keys(name)[:1]
    return make_token(desk.token_key, "person", "\0".join((*whole, "{:04}-{:02}-{:02}".format(*birth))))


def name_item(desk: Desk, link_id: str) -> str:
    """Return the token of an item that was answered other than No."""
    return make_token(desk.token_key, "item", link_id)


def _is_readable(find_edition: FindEdition, edition_hash: str) -> bool:
    try:
        return find_edition(edition_hash) is not None
    except PASSING:
        raise
    except Exception as error:  # noqa: BLE001  whatever is wrong with one edition, what is of the others is taken in
        record_failure(error, "edition not read", edition=edition_hash)
        return False


def _prepare(
    connection: Connection, desk: Desk, find_edition: FindEdition, response: StoredResponse
) -> list[str] | None:
    try:
        return list(list_tokens(desk, open_newest(connection, desk, find_edition, response)))
    except PASSING:
        raise  # the database or the machine failed, not this response: it is tried again
    except Exception as error:  # noqa: BLE001  whatever one letter holds, every other one is taken in
        record_failure(error, "response does not open", reference=response.reference, version=response.version)
        return None
