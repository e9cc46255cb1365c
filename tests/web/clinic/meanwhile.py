"""Something that somebody else does in the middle of a request: at one moment after the other, on either database."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count

from sqlalchemy import Connection, Engine, event

Act = Callable[[], object]


@contextmanager
def do_meanwhile(engine: Engine, moment: int, act: Act) -> Iterator[list[int]]:
    """Have something done once, right before this thread opens so many transactions; give whether it came to that."""
    thread, begun, still_open, happened = threading.get_ident(), [0], [0], list[int]()

    def stop(_: Connection) -> None:
        if threading.get_ident() != thread:
            return
        still_open[0] += 1
        begun[0] += still_open[0] == 1  # what reads beside a transaction that writes would have the act wait for ever
        if begun[0] == moment and not happened and still_open[0] == 1:
            happened.append(moment)
            with ThreadPoolExecutor(1) as another:
                another.submit(act).result()

    def go_on(_: Connection) -> None:
        still_open[0] -= threading.get_ident() == thread

    event.listen(engine, "engine_connect", stop)  # and not at "begin": SQLite has its lock by then
    for end in ("commit", "rollback"):
        event.listen(engine, end, go_on)
    try:
        yield happened
    finally:
        event.remove(engine, "engine_connect", stop)
        for end in ("commit", "rollback"):
            event.remove(engine, end, go_on)


def try_every_moment(engine: Engine, prepare: Callable[[], Act], act: Act, check: Callable[[], object]) -> int:
    """Have something done at every moment of a request, and each time check what came of it; return how many there are.

    `prepare` gets all ready and returns what sends the request. The last one is not disturbed, and not checked.
    """
    for moment in count(1):
        send = prepare()
        with do_meanwhile(engine, moment, act) as happened:
            send()
        if not happened:
            return moment - 1
        check()
    raise AssertionError
