"""The editions being served: the newest good one for new patients, each draft's own for its life (design D-9).

A questionnaire file that fails its check never replaces a good edition: the last good one goes on being served and
the faults are kept for the operator.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

from sqlalchemy import Engine

from app.logs import record_failure
from app.questionnaire.canonical import dump_canonical, hash_canonical, load_canonical
from app.questionnaire.edition import Edition, build_edition
from app.questionnaire.errors import DefinitionError, Fault
from app.questionnaire.load import load_questionnaire
from app.storage.editions import find_edition, find_latest_edition, record_edition
from app.storage.engine import begin_read, begin_write
from app.storage.trouble import PASSING
from app.web.forms import Forms, build_forms

_REST: Final = timedelta(seconds=5)
"""How long a file is left alone whose reading failed, such as for a locked database, before it is read again."""


class NoEditionError(Exception):
    """There is no edition to serve: the file has faults and none was good before; `faults` says what to mend."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("no questionnaire can be served")
        self.faults = faults


class Drawn(Protocol):
    """What a template component drew: HTML whose every text the template escaped."""

    def __html__(self) -> str:
        """Return the HTML."""
        ...


Stencil = tuple[Drawn, ...]
"""HTML with gaps in it, as its pieces and the names of the gaps by turns (app/web/patient/stencil.py)."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What looks the same for everybody, by its linkId, its language and whatever else it depends on."""

    drawn: dict[tuple[str, str, str], Drawn] = field(default_factory=dict)
    stencils: dict[tuple[object, ...], Stencil] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """An edition with its form classes, and its pages and questions as drawn when nobody typed anything into them."""

    edition: Edition
    forms: Forms
    _drawn: list[tuple[object, Kept]] = field(default_factory=list)

    def find_drawn(self, owner: object) -> Kept:
        """Return what was drawn for this clinic; its name and help lines stand in it."""
        kept = self._drawn[0] if self._drawn else None
        if kept is None or kept[0] is not owner:
            kept = (owner, Kept())
            self._drawn[:] = [kept]
        return kept[1]


class EditionKeeper:
    """Loads, checks, records and remembers editions; safe to call from several threads."""

    def __init__(
        self,
        engine: Engine,
        path: Path,
        *,
        report: Callable[[tuple[Fault, ...]], None],
        now: Callable[[], datetime],
    ) -> None:
        """Serve `path`; `report` is told every time the file has faults."""
        self._engine = engine
        self._now = now
        self._path = path
        self._report = report
        self._lock = threading.Lock()
        self._known: dict[str, Served | None] = {}
        self._newest: Served | None = None
        self._stamp: tuple[int, int] | None = None
        self._failed_at: datetime | None = None
        self.faults: tuple[Fault, ...] = ()

    def get_newest(self) -> Served:
        """Return the edition for new patients, reading the file again when it changed; raises NoEditionError."""
        stamp = self._read_stamp()
        # While one reads the new file, the others go on with the edition there is.
        if self._is_due(stamp) and self._lock.acquire(blocking=self._newest is None):
            try:
                if self._is_due(stamp) and self._refresh():
                    self._stamp = stamp
            finally:
                self._lock.release()
        if self._newest is None:
            raise NoEditionError(self.faults)
        return self._newest

    def find(self, edition_hash: str) -> Served | None:
        """Return a recorded edition by its hash, or None where there is none, or none that this program can read."""
        if edition_hash not in self._known:
            with begin_read(self._engine) as connection:
                stored = find_edition(connection, edition_hash)
            if stored is None:
                return None
            self._known[edition_hash] = _serve_or_none(stored.canonical, edition_hash)
        return self._known[edition_hash]

    def _is_due(self, stamp: tuple[int, int] | None) -> bool:
        if self._newest is None or stamp == self._stamp:
            return self._newest is None
        return self._failed_at is None or not timedelta() <= self._now() - self._failed_at < _REST

    def _read_stamp(self) -> tuple[int, int] | None:
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size

    def _refresh(self) -> bool:
        """Tell whether it is known what the file says: an edition, or faults."""
        self._failed_at = None
        try:
            self._newest = self._accept()
            self.faults = ()
        except DefinitionError as error:
            self.faults = error.faults
            self._report(error.faults)
            self._newest = self._newest or self._find_last_good()
        except Exception as error:
            # Such as a database that is locked: whatever it is, patients go on with the edition there is.
            if self._newest is None:
                raise
            record_failure(error, "questionnaire not read again")
            self._failed_at = self._now()
        return self._failed_at is None

    def _accept(self) -> Served:
        try:
            data = self._path.read_bytes()
        except OSError as error:
            remedy = "put the file back or name another in FOREWORD_QUESTIONS"
            fault = Fault(str(self._path), 1, 1, "file", f"cannot be read ({error.strerror})", remedy)
            raise DefinitionError((fault,)) from error
        definition = load_questionnaire(data, self._path.name)
        canonical = dump_canonical(definition.questionnaire)
        edition_hash = hash_canonical(canonical)
        now = self._now()
        with begin_read(self._engine) as connection:
            is_known = find_edition(connection, edition_hash) is not None
        if not is_known:
            from app.questionnaire.check import check_definition  # noqa: PLC0415 (not needed where the edition is known: a quick start)

            if faults := check_definition(definition, now.date()):
                raise DefinitionError(faults)
        questionnaire = definition.questionnaire
        with begin_write(self._engine) as connection:
            record_edition(
                connection,
                edition_hash,
                canonical,
                language=questionnaire.language,
                title=questionnaire.title.to(questionnaire.language),
                now=now,
            )
        served = self._known[edition_hash] = _serve(canonical, edition_hash)
        return served

    def _find_last_good(self) -> Served | None:
        with begin_read(self._engine) as connection:
            stored = find_latest_edition(connection)
        return _serve_or_none(stored.canonical, stored.hash) if stored else None


def _serve(canonical: str, edition_hash: str) -> Served:
    edition = build_edition(load_canonical(canonical), edition_hash)
    return Served(edition=edition, forms=build_forms(edition))


def _serve_or_none(canonical: str, edition_hash: str) -> Served | None:
    try:
        return _serve(canonical, edition_hash)
    except PASSING:
        raise  # the machine failed, not this edition: it is read again at the next call
    except Exception as error:  # noqa: BLE001  whatever a newer program or somebody else wrote there is one edition only
        record_failure(error, "edition not read", edition=edition_hash)
        return None
