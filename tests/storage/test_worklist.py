"""The work list: what fits, in order, a page at a time, and never by going through everything there is."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import Engine, delete, update

from app.storage.engine import begin_read, begin_write
from app.storage.responses import OPEN, ReviewStatus
from app.storage.tables import RESPONSE_TOKENS, RESPONSES
from app.storage.worklist import Place, ResponseFilter, count_by_status, count_responses, list_responses
from tests.storage.conftest import MINUTE, STATES, Fill
from tests.storage.plans import count_rows, list_scans, watch_plans, watch_work

SOME = 1200
NAMES = (("all",), ("all", "third"), ("third", "tenth"), ("all", "third", "tenth"), ("nobody",), ("all", "nobody"))


def find(engine: Engine, wanted: ResponseFilter) -> list[str]:
    with begin_read(engine) as connection:
        found = [one.reference for one in list_responses(connection, wanted, 9000)]
        counted = count_responses(connection, wanted, 9000)
    assert counted == len(found) or wanted.after is not None  # a page further on is counted with the ones before
    return found


def share(**distances: int) -> Callable[[int], list[str]]:
    """Return what says who has which token: each is had at a distance."""
    return lambda number: [token for token, distance in distances.items() if number % distance == 0]


def spread(engine: Engine, fill: Fill, distances: tuple[int, ...]) -> Iterator[None]:
    """Store as many that have a token at each of these distances, and with it what stands between."""
    for distance in distances:
        with begin_write(engine) as connection:
            connection.execute(delete(RESPONSE_TOKENS))
            connection.execute(delete(RESPONSES))
        rows = fill(SOME * distance, share(all=1, some=distance, few=20 * distance))
        kept = [reference for reference, *_, held in rows if set(pad("few")) <= set(held)]
        reviewed = update(RESPONSES).where(RESPONSES.c.reference.not_in(kept))
        with begin_write(engine) as connection:
            connection.execute(reviewed.values(review_status=ReviewStatus.COMPLETED.value))
            count_rows(connection)
        yield


def measure(engine: Engine, wanted: ResponseFilter) -> int:
    """Return what the database has to do for a page and a count."""
    with begin_read(engine) as connection, watch_work(connection) as get_work:
        assert list_responses(connection, wanted)
        assert count_responses(connection, wanted, 600)
        return get_work()


def pad(*tokens: str) -> tuple[str, ...]:
    return tuple(token.ljust(32, "0") for token in tokens)


def test_pages_follow_one_another_and_hold_everything_once(engine: Engine, fill: Fill) -> None:
    rows = fill(60)
    for is_newest_first in (False, True):
        wanted, pages = ResponseFilter(is_newest_first=is_newest_first), []
        with begin_read(engine) as connection:
            while page := list_responses(connection, wanted, 7):
                pages += [one.reference for one in page]
                wanted = replace(wanted, after=Place(page[-1].received_at, page[-1].reference))
        expected = [reference for reference, *_ in rows]
        assert pages == (expected[::-1] if is_newest_first else expected)


@pytest.mark.parametrize("count", [40, 5200])  # few have a token; more than it is looked along
def test_all_tokens_must_be_there_whether_few_or_many_have_them(engine: Engine, fill: Fill, count: int) -> None:
    rows = fill(count, lambda number: ["all"] + ["third"] * (number % 3 == 0) + ["tenth"] * (number % 10 == 0))
    for names in NAMES:
        for statuses in (STATES, OPEN, (ReviewStatus.COMPLETED,), ()):
            expected = [
                reference for reference, _, status, held in rows if status in statuses and set(pad(*names)) <= set(held)
            ]
            assert find(engine, ResponseFilter(statuses=statuses, tokens=pad(*names))) == expected, (names, statuses)


@pytest.mark.parametrize("is_newest_first", [False, True])
@pytest.mark.parametrize("statuses", [STATES, OPEN, (ReviewStatus.COMPLETED,)])
def test_pages_of_what_many_have_follow_one_another(
    engine: Engine, fill: Fill, statuses: tuple[ReviewStatus, ...], *, is_newest_first: bool
) -> None:
    # Towards the end the tokens get rarer than the states, and another index is followed than before
    rows = fill(4400, lambda number: ["all"] + ["half"] * (number % 2 == 0 or number % 3 == 0))
    wanted = ResponseFilter(statuses=statuses, tokens=pad("all", "half"), is_newest_first=is_newest_first)
    pages = []
    with begin_read(engine) as connection:
        while page := list_responses(connection, wanted, 300):
            pages += [one.reference for one in page]
            wanted = replace(wanted, after=Place(page[-1].received_at, page[-1].reference))
    expected = [
        reference for reference, _, status, held in rows if status in statuses and set(pad("half")) <= set(held)
    ]
    assert pages == (expected[::-1] if is_newest_first else expected)


def test_tokens_go_with_every_other_filter(engine: Engine, fill: Fill, now: datetime, edition_hash: str) -> None:
    rows = fill(40, lambda number: ["even"] if number % 2 == 0 else [])
    wanted = ResponseFilter(
        tokens=pad("even"),
        since=now + 10 * MINUTE,
        until=now + 30 * MINUTE,
        edition_hash=edition_hash,
        is_newest_first=True,
    )
    expected = [reference for reference, number, *_ in rows if number % 2 == 0 and 10 <= number < 30][::-1]
    assert find(engine, wanted) == expected
    assert find(engine, replace(wanted, after=Place(now + 20 * MINUTE, rows[20][0]))) == expected[5:]
    assert find(engine, replace(wanted, edition_hash="f" * 64)) == []
    assert find(engine, replace(wanted, owner="somebody")) == []
    assert find(engine, replace(wanted, reference=rows[12][0])) == [rows[12][0]]
    assert find(engine, replace(wanted, reference=rows[13][0])) == []


def test_counting_stops_where_it_is_told(engine: Engine, fill: Fill) -> None:
    fill(40, lambda _: ["all"])
    with begin_read(engine) as connection:
        for wanted in (ResponseFilter(), ResponseFilter(tokens=pad("all"))):
            assert count_responses(connection, wanted, 40) == 40
            assert count_responses(connection, wanted, 12) == 13
        assert count_by_status(connection) == dict.fromkeys(STATES, 10)


def test_no_look_up_goes_through_everything(engine: Engine, fill: Fill, now: datetime, edition_hash: str) -> None:
    fill(8000, lambda number: ["all"] + ["few"] * (number % 100 == 0))
    with begin_write(engine) as connection:
        count_rows(connection)
    place = Place(now, "0")
    filters = [
        ResponseFilter(),
        ResponseFilter(statuses=OPEN, after=place),
        ResponseFilter(after=place, is_newest_first=True),
        ResponseFilter(since=now, until=now + MINUTE),
        ResponseFilter(edition_hash=edition_hash, since=now),
        ResponseFilter(owner="somebody"),
        ResponseFilter(reference="0"),
        ResponseFilter(tokens=pad("all")),
        ResponseFilter(tokens=pad("all", "few"), since=now, edition_hash=edition_hash, owner="somebody"),
        ResponseFilter(tokens=pad("few"), after=place),
    ]
    with begin_read(engine) as connection, watch_plans(connection) as steps:
        for wanted in filters:
            list_responses(connection, wanted)
            count_responses(connection, wanted)
    assert list_scans(steps, "responses", "response_tokens") == []
    assert steps
    if engine.dialect.name == "sqlite":
        joined = [step for step in steps if "response_tokens" in step and "reference=?" not in step]
        assert joined
        assert all("(token=?" in step for step in joined)
        assert [step for step in steps if "TEMP B-TREE" in step] == []


def test_a_page_and_a_count_cost_no_more_where_many_more_stand_between(engine: Engine, fill: Fill) -> None:
    # One word of a name may be everybody's, and another that of more than are looked along; few responses may be open.
    filters = [
        ResponseFilter(tokens=pad("all", "some")),
        ResponseFilter(tokens=pad("all", "some"), is_newest_first=True),
        ResponseFilter(tokens=pad("all", "few")),
        ResponseFilter(tokens=pad("all"), statuses=OPEN),
    ]
    few, many = ([measure(engine, wanted) for wanted in filters] for _ in spread(engine, fill, (2, 8)))
    assert all(after < 1.3 * before for before, after in zip(few, many, strict=True)), (few, many)
