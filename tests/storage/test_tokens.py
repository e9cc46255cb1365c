"""Search tokens: written once for each version, in place of those of the version before."""

from datetime import datetime

from sqlalchemy import Engine

from app.storage.engine import begin_read, begin_write
from app.storage.responses import erase_response
from app.storage.tokens import count_tokens, list_references, list_untaken, take_in
from tests.storage.sending import Sender

TOKENS = ("a" * 32, "b" * 32)


def test_what_came_in_waits_until_it_is_taken_in_and_is_taken_in_once(
    engine: Engine, edition_hash: str, now: datetime
) -> None:
    stored, _ = Sender(engine, edition_hash, now).send()
    with begin_write(engine) as connection:
        assert list_untaken(connection, 10) == [stored]
        assert take_in(connection, stored, TOKENS)
        assert not take_in(connection, stored, TOKENS)
        assert list_untaken(connection, 10) == []
        assert list_references(connection, TOKENS[0]) == [stored.reference]


def test_a_newer_version_is_found_by_its_own_tokens_alone(engine: Engine, edition_hash: str, now: datetime) -> None:
    sender = Sender(engine, edition_hash, now)
    first, _ = sender.send()
    with begin_write(engine) as connection:
        take_in(connection, first, TOKENS)
    second, _ = sender.send(version=2)
    with begin_write(engine) as connection:
        # Whoever opened the first version a moment before writes nothing for the second
        assert not take_in(connection, first, ("c" * 32,))
        assert take_in(connection, second, ("d" * 32, TOKENS[1], TOKENS[1]))
        assert count_tokens(connection, [*TOKENS, "d" * 32]) == {TOKENS[0]: 0, TOKENS[1]: 1, "d" * 32: 1}


def test_no_more_than_a_batch_is_taken_in_the_oldest_first(engine: Engine, edition_hash: str, now: datetime) -> None:
    sent = [Sender(engine, edition_hash, now.replace(minute=minute)).send()[0] for minute in (9, 1, 5)]
    with begin_read(engine) as connection:
        assert list_untaken(connection, 2) == [sent[1], sent[2]]


def test_erasing_takes_the_tokens_along(engine: Engine, edition_hash: str, now: datetime) -> None:
    stored, _ = Sender(engine, edition_hash, now).send()
    with begin_write(engine) as connection:
        take_in(connection, stored, TOKENS)
        assert erase_response(connection, stored.reference)
    with begin_read(engine) as connection:
        assert list_references(connection, TOKENS[0]) == []
