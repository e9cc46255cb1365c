"""The audit log as a file: sent as it is made, in parts, with no transaction open while somebody takes their time.

It ends with the entry that tells of it, whatever comes in meanwhile, and a second entry tells how it ended.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from app.output.sheet import guard_cell
from app.storage.audit import AuditFilter, Entry, append_event, list_oldest
from app.storage.engine import begin_read, begin_write
from app.web.services import Services

_BATCH: Final = 500
_COLUMNS: Final = ("number", "time_utc", "who", "who_id", "action", "subject", "outcome", "origin", "about", "link")

Names = Mapping[str, str]


@dataclass(slots=True, kw_only=True)
class AuditFile:
    """The entries that fit, up to the one that accounts for the file; `entries` were written so far."""

    services: Services
    wanted: AuditFilter
    names: Names
    form: str
    begun: Entry
    entries: int = 0
    is_whole: bool = False
    is_ended: bool = False

    def write(self) -> Iterator[str]:
        """Yield the file in parts; whoever takes them calls `end` afterwards, whatever happened."""
        yield _HEADS[self.form]
        write = _WRITERS[self.form]
        for batch in self._walk():
            self.entries += len(batch)
            yield write(batch, self.names)
        self.is_whole = True

    def end(self) -> None:
        """Account for how many entries were written, and whether all of them were; once."""
        if self.is_ended:
            return
        self.is_ended = True
        services, event = self.services, self.begun.event
        about = {**event.about, "entries": self.entries}
        ended = replace(event, outcome="done" if self.is_whole else "cut-off", about=about)
        with begin_write(services.engine) as connection:
            append_event(connection, services.desk.chain_key, ended, services.now())

    def _walk(self) -> Iterator[list[Entry]]:
        after: Entry | None = None
        while True:
            with begin_read(self.services.engine) as connection:
                batch = list_oldest(connection, self.wanted, after, self.begun.number, _BATCH)
            yield batch
            if len(batch) < _BATCH:
                return
            after = batch[-1]


def _write_csv(lines: Iterable[Iterable[object]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerows([guard_cell(f"{value}") for value in line] for line in lines)
    return buffer.getvalue()


def _write_lines(entries: Iterable[Entry], names: Names) -> str:
    return _write_csv(_list_values(entry, names).values() for entry in entries)


def _write_json_lines(entries: Iterable[Entry], names: Names) -> str:
    written = (_list_values(entry, names) | {"about": entry.event.about} for entry in entries)
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in written)


def _list_values(entry: Entry, names: Names) -> dict[str, object]:
    event = entry.event
    who = names.get(event.actor, event.actor)
    about = json.dumps(event.about, sort_keys=True)
    values = (entry.number, entry.at.isoformat(), who, event.actor, event.action, event.subject, event.outcome)
    return dict(zip(_COLUMNS, (*values, event.origin, about, entry.link), strict=True))


_HEADS: Final = {"csv": _write_csv([_COLUMNS]), "jsonl": ""}
_WRITERS: Final[dict[str, Callable[[Iterable[Entry], Names], str]]] = {"csv": _write_lines, "jsonl": _write_json_lines}
