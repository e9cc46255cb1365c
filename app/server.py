"""A running program: the order in which it starts, what it does on the side, and how it stops.

It must never put a trace or a person's words before an operator: what stops a start is a sentence.
"""

import errno
import os
import resource
import signal
import socket
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Final

from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from app import create_app
from app.bounded import Bounded
from app.clinic.editions import EditionShelf
from app.clinic.kind import require_kind
from app.desk.backup import KEY_FILE, read_backup_key
from app.desk.erased import ErasedList
from app.desk.intake import BATCH, take_in_new
from app.desk.keyring import FOLDER, require_own_database
from app.desk.nightly import Night, run_due_chores
from app.desk.nightly_backup import run_due_backup
from app.desk.proving import clear_leftovers
from app.desk.staff import JOIN_PATH, make_first_invitation, purge_staff
from app.files import clear_partials
from app.logs import get_log, record_failure
from app.settings import Settings, StartError
from app.storage.audit import Event, append_event
from app.storage.clinic_keys import find_newest_key
from app.storage.drafts import PURGE_BATCH, purge_expired
from app.storage.engine import (
    DatabaseUrlError,
    SchemaRevisionError,
    begin_read,
    begin_write,
    checkpoint,
    checkpoint_again,
    migrate,
)
from app.storage.trouble import DamagedDatabaseError, explain_failure, is_large, is_lock, require_sound
from app.web import problems
from app.web.activation import take_handed_over
from app.web.edition import NoEditionError
from app.web.health import begin_stop
from app.web.services import Services, get_services, read_clock
from app.web.wire import Server

_BACKLOG: Final = 1024
_LAST_PORT: Final = 65535
_OPEN_FILES: Final = 4096
# A draft's 24 hours end at its next purge: idle, it is gone at most this much later (D-4, D-8).
_PURGE_SECONDS: Final = 600
# What a patient sent is in the list, and found, at most this much later.
_TURN_SECONDS: Final = 15
# How long a start waits for whoever keeps the database locked.
_LOCKED_SECONDS: Final = 60
_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
# How long a turn waits for a folder that may lie on another machine.
_FOLDER_SECONDS: Final = 2
# What is done on the side is begun no more, and what was begun may end: whatever is cut off is done at the next start.
_HOUSE_SECONDS: Final = 5


def run(settings: Settings, announce: Callable[[str], None]) -> None:
    """Serve until told to stop, and announce in one sentence where; raises `StartError` when it cannot begin."""
    stop_on_signals()
    handed_over = take_handed_over(os.environ)
    listener = handed_over or open_listener(settings)  # before anything slow: a port in use is the commonest fault
    try:
        app = create_app(settings)
    except DatabaseUrlError as error:
        raise StartError(f"FOREWORD_DATABASE_URL: {error}") from None
    services = prepare(app)
    clear_leftovers(settings.data)
    clear_partials(settings.data / FOLDER, "")  # half a key, or a second copy of one, that a kill left
    _allow_open_files()
    server = Server(app, settings, listener, is_handed_over=handed_over is not None)
    end_metrics = _serve_metrics(services, server)
    stopped = threading.Event()
    house = threading.Thread(target=keep_house, args=(app, services, stopped), daemon=True)
    house.start()

    def stop() -> None:
        begin_stop(app)
        stopped.set()
        server.stop(settings.drain_seconds)

    stop_on_signals(stop)
    announce(f"Foreword is open at {settings.served_urls[0]}")
    try:
        invite_first(services, announce)
    except SQLAlchemyError as error:
        record_failure(error, "nobody is invited")  # it is tried at the next start; the pages go on
    server.run()  # until a signal; requests that were begun are answered
    server.close()
    end_metrics()
    house.join(_HOUSE_SECONDS)
    services.engine.dispose()


def stop_on_signals(stop: Callable[[], object] | None = None) -> None:
    """Have SIGTERM and SIGINT call `stop`, or end the program without a trace; a second one ends it at once."""

    def handle(_: int, __: FrameType | None) -> None:
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        if stop is None:
            raise SystemExit(0)
        stop()

    for number in _SIGNALS:
        signal.signal(number, handle)


def open_listener(settings: Settings) -> socket.socket:
    """Return a socket where the settings say, or raise `StartError`; who connects already waits until we serve."""
    host, port = settings.host, settings.port
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        # IPv4 first: `localhost` is both, and the address people are told is 127.0.0.1.
        family, *_, address = min(found, key=lambda one: one[0] != socket.AF_INET)
        return socket.create_server(
            address[:2], family=family, backlog=_BACKLOG, dualstack_ipv6=family == socket.AF_INET6 and host == "::"
        )
    except OSError as error:
        raise StartError(_explain(error, host, port, "make run" if settings.is_demo else "foreword serve")) from None


def prepare(app: Flask) -> Services:
    """Bring the database up to date, read the questionnaire and the keys, and return the services.

    Raises `StartError` when one of them cannot be used.
    """
    with app.app_context():
        services = get_services()
    try:
        _wait_for_database(services)
        require_kind(services.engine, services.settings)
        _look_for_clinic(services)
        services.editions.get_newest()
        if services.desks is not None:
            services.desks.get()
    except (SchemaRevisionError, DamagedDatabaseError) as error:
        raise StartError(f"FOREWORD_DATABASE_URL: {error}") from None
    except (SQLAlchemyError, OSError) as error:
        raise StartError(f"FOREWORD_DATABASE_URL: {explain_failure(error)}") from None
    except NoEditionError as error:
        raise StartError(*(str(fault) for fault in error.faults)) from None
    problems.prepare(app)  # now that it can be known whose clinic it is
    return services


def _look_for_clinic(services: Services) -> None:
    """Log it where patients are served from a database that no clinic's program ever started on."""
    if services.settings.has_staff:
        return
    with begin_read(services.engine) as connection:
        if find_newest_key(connection) is None:
            get_log().warning("no clinic in this database")


def _wait_for_database(services: Services) -> None:
    """Bring the database up to date, once whoever keeps it locked has let it go: a start then needs nobody."""
    deadline = time.monotonic() + _LOCKED_SECONDS
    while True:
        try:
            require_own_database(services.engine, services.settings)
            if not is_large(services.engine):
                require_sound(services.engine)
            migrate(services.engine)
            with begin_write(services.engine):
                return
        except SQLAlchemyError as error:
            if not is_lock(error) or time.monotonic() >= deadline:
                raise
            record_failure(error, "database locked: waiting")


def invite_first(services: Services, announce: Callable[[str], None]) -> None:
    """Announce the link by which the first administrator joins, once, where there is none and no demonstration."""
    settings = services.settings
    if settings.is_demo or not settings.has_staff:
        return
    with begin_write(services.engine) as connection:
        secret = make_first_invitation(connection, services.now())
        if secret is not None:
            event = Event(action="person.invited", actor="program", about={"roles": "administrator"})
            append_event(connection, services.desk.chain_key, event, services.now())
    if secret is not None:
        announce(
            f"To join as its first administrator, open {settings.clinic_url}{JOIN_PATH}{secret} (once, within a day)"
        )


def keep_house(app: Flask, services: Services, stopped: threading.Event) -> None:
    """Do what has to be done on the side, now and every few seconds, until `stopped`.

    A failure is logged and tried again at the next turn: patients and staff go on.
    """
    house = House(app, services)
    while True:
        for name, chore in house.list_chores():
            try:
                chore()
            except Exception as error:  # noqa: BLE001  whatever it is, the pages go on
                record_failure(error, f"{name} failed")
        if stopped.wait(_TURN_SECONDS):
            house.end()
            return


class Aside:
    """Something that may take long, in a thread of its own: the turn goes on, and it is begun anew once it ended."""

    def __init__(self, name: str, call: Callable[[], object]) -> None:
        """Begin nothing yet."""
        self._name = name
        self._call = call
        self._thread = threading.Thread()

    def begin(self) -> None:
        """Begin it, unless it is under way."""
        if not self._thread.is_alive():
            self._thread = threading.Thread(target=self._do, daemon=True)
            self._thread.start()

    def wait(self, seconds: float) -> None:
        """Wait for its end where it is under way, so many seconds at most."""
        if self._thread.is_alive():
            self._thread.join(seconds)

    def _do(self) -> None:
        try:
            self._call()
        except Exception as error:  # noqa: BLE001  whatever it is, the pages go on
            record_failure(error, f"{self._name} failed")


class House:
    """What a running program does on the side, and when it did each last."""

    def __init__(self, app: Flask, services: Services) -> None:
        """Nothing was done yet."""
        self._app = app
        self._services = services
        self._shelf = EditionShelf(services.engine)
        self._purged_at = float("-inf")
        self._is_unchecked = is_large(services.engine)
        self._drawn_for = services.clinic
        self._sound = Aside("soundness", self._look_through)
        self._chores = Aside("chores", lambda: run_due_chores(self._build_night(), services.now()))
        self._backup = Aside("backup", lambda: run_due_backup(self._build_night(), services.now()))
        self._listing = Bounded(self._list_erased)
        self._erased: ErasedList | None = None

    def list_chores(self) -> tuple[tuple[str, Callable[[], None]], ...]:
        """Return what is to be looked at in a turn, by name."""
        first = (("journal", self._clean), ("purge", self._purge), ("error pages", self._draw))
        last = (("soundness", self._begin_to_look_through),)
        if self._services.desks is None:
            return (*first, *last)
        closed = (("intake", self._take_in), ("chores", self._chores.begin))
        if self._services.settings.backup_folder is None:
            return (*first, *closed, *last)
        kept = (("backup", self._backup.begin), ("list of what was erased", self._wait_for_list))
        return (*first, *closed, *kept, *last)

    def end(self) -> None:
        """Wait a moment for the chores: what is cut off rests for half an hour."""
        self._chores.wait(_HOUSE_SECONDS)

    def _begin_to_look_through(self) -> None:
        if self._is_unchecked:  # too large to have been looked through before anybody was served
            self._is_unchecked = False
            self._sound.begin()

    def _look_through(self) -> None:
        try:
            require_sound(self._services.engine)
        finally:
            checkpoint(self._services.engine)  # while somebody reads, the journal keeps what was erased (D-8)

    def _clean(self) -> None:
        checkpoint_again(self._services.engine)

    def _purge(self) -> None:
        if time.monotonic() - self._purged_at >= _PURGE_SECONDS:
            self._purged_at = time.monotonic()
            purge(self._services.engine, has_staff=self._services.settings.has_staff)

    def _draw(self) -> None:
        clinic = self._services.clinic
        if clinic is not self._drawn_for:  # set up or changed by another process
            self._drawn_for = clinic
            problems.prepare(self._app)

    def _take_in(self) -> None:
        services = self._services
        while take_in_new(services.engine, services.desk, self._shelf.find, services.now()) == BATCH:
            pass

    def _wait_for_list(self) -> None:
        self._listing.begin().wait(time.monotonic() + _FOLDER_SECONDS)

    def _list_erased(self) -> None:
        settings = self._services.settings
        if self._erased is None and settings.backup_folder is not None and (settings.data / KEY_FILE).exists():
            self._erased = ErasedList(settings.backup_folder, read_backup_key(settings.data / KEY_FILE))
        if self._erased is not None:
            self._erased.update(self._services.engine)

    def _build_night(self) -> Night:
        services = self._services
        return Night(settings=services.settings, engine=services.engine, keeper=services.keeper, desk=services.desk)


def purge(engine: Engine, *, has_staff: bool) -> None:
    """Erase the drafts that are past their time, staff's sessions as well, and what the journal still holds of them.

    What is staff's is left to a program that serves them: another one's database user may not see it.
    """
    now = read_clock()
    is_left = True
    while is_left:  # in batches: after days without a purge there may be more than one statement may take
        with begin_write(engine) as connection:
            is_left = purge_expired(connection, now) == PURGE_BATCH
    if has_staff:
        with begin_write(engine) as connection:
            purge_staff(connection, now)
    # Every time: a command that erased while somebody was reading left it in the journal, and has ended (D-8).
    checkpoint(engine)


def _serve_metrics(services: Services, server: Server) -> Callable[[], None]:
    """Tell Prometheus the numbers, where that is wanted, and return what ends it; raises `StartError`."""
    if services.settings.metrics is None:
        return lambda: None
    # Loading it takes time at a start (design.md 7), and few want it.
    from app.web.metrics import serve_metrics  # noqa: PLC0415  see above

    return serve_metrics(services, lambda: len(server.task_dispatcher.queue))


def _allow_open_files() -> None:
    # Each client that waits is an open file.
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(_OPEN_FILES, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _explain(error: OSError, host: str, port: int, command: str) -> str:
    if error.errno == errno.EADDRINUSE:
        other = port + 1 if port < _LAST_PORT else port - 1
        return f"Port {port} is already in use; choose another: PORT={other} {command}"
    if error.errno == errno.EACCES:
        return f"Port {port} is kept for the system; choose one above 1023: PORT=8000 {command}"
    return f"HOST: this machine has no address {host}; choose one it has: HOST=127.0.0.1 {command}"
