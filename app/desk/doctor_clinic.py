"""The doctor's look at the clinic: its settings, questionnaire and people, and whether forms are read and erased."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from app.clinic.editions import EditionShelf
from app.clinic.profile import (
    CONTACTS_FILE,
    ClinicSettings,
    has_own_country,
    is_time_zone,
    list_stale,
    load_contacts,
    load_settings,
)
from app.desk.finding import Finding, Look
from app.desk.intake import find_untaken, list_missing_keys
from app.desk.keyring import read_desk
from app.desk.notice import connect, read_server
from app.desk.retention import count_unread, find_due, is_clock_believed
from app.desk.unopened import count_unopened
from app.questionnaire.canonical import dump_canonical, hash_canonical
from app.questionnaire.check import check_definition
from app.questionnaire.errors import DefinitionError
from app.questionnaire.load import load_questionnaire
from app.questionnaire.model import Item
from app.settings import Settings, StartError
from app.storage.clinic_keys import find_newest_key
from app.storage.clinic_settings import find_settings
from app.storage.editions import find_edition
from app.storage.engine import begin_read
from app.storage.kind import find_kind
from app.storage.people import Role, list_people
from app.storage.responses import StoredResponse, count_unknown
from app.storage.tokens import find_oldest_waiting

_LONGEST_INTAKE: Final = timedelta(minutes=5)
_LATEST_PURGE: Final = timedelta(days=2)
_SOON_ERASED: Final = timedelta(days=7)
_UNREVIEWED: Final = "not yet reviewed"
_REMEDIES: Final = {
    (Role.ADMINISTRATOR, False): "open the link that the first start printed, "
    "or run `foreword staff invite LOGIN --role administrator`",
    (Role.ADMINISTRATOR, True): "run `foreword staff invite LOGIN --role administrator`",
    (Role.REVIEWER, False): "once an administrator has joined: open /clinic/people and give somebody the role",
    (Role.REVIEWER, True): "open /clinic/people and give somebody the role",
}
"""What to do where nobody has a role, and whether anybody at all has joined: only an administrator gives roles."""


def look_at_settings(look: Look) -> Iterator[Finding]:
    """Look whether the clinic is set up, and whether its help lines were checked this half-year."""
    if not look.settings.has_staff and not _has_clinic(look):
        yield Finding(
            "FOREWORD_DATABASE_URL",
            "this database has no clinic: patients see “not open yet”",
            "name the one that the clinic's program has, and start that program first",
        )
        return
    settings = find_profile(look)
    if settings is None:
        if not _is_demonstration(look):
            yield Finding("settings", "the clinic is not set up: patients see “not open yet”", "open /clinic/setup")
        return
    if not settings.is_receiving:
        yield Finding(
            "answers from patients",
            "they are not received at the moment: patients can print, and not send",
            "when the clinic takes them again: open /clinic/settings",
        )
    if not is_time_zone(settings.time_zone):
        yield Finding("time zone", "this machine does not know the one that is set", "install its tzdata package")
    yield from _look_at_contacts(settings, look.now.date())


def _look_at_contacts(settings: ClinicSettings, today: date) -> Iterator[Finding]:
    try:
        contacts = load_contacts()
    except DefinitionError as error:
        fault = f"it has {len(error.faults)} faults: no program starts with it"
        yield Finding(CONTACTS_FILE, fault, "see them: foreword check")
        return
    if not has_own_country(settings, contacts):
        yield Finding(
            CONTACTS_FILE,
            "it has no help lines for the country that the clinic chose: patients see “not open yet”",
            "put them back, or choose again: open /clinic/settings",
        )
    if any(country not in contacts for country in settings.countries[1:]):
        yield Finding(
            CONTACTS_FILE,
            "it has no help lines for a further country that the clinic chose: patients do not see them",
            "put them back, or choose again: open /clinic/settings",
        )
    for name in list_stale(settings, contacts, today):
        yield Finding(
            name,
            "nobody checked this help line for half a year",
            "call it, then write the day into crisis.yaml (checkedOn)",
        )


def look_at_questionnaire(look: Look) -> Iterator[Finding]:
    """Look whether the questionnaire file is the one being served, and whether a clinician reviewed it."""
    path = look.settings.questions
    try:
        status = path.stat()
        read = _read_file(path, (status.st_mtime_ns, status.st_size, status.st_ino))
    except OSError as error:
        yield Finding(
            str(path), f"it cannot be read: {error.strerror}", "put the file back; the last good one is served"
        )
        return
    if read.faults:
        yield _count_faults(path.name, read.faults)
        return
    with begin_read(look.engine) as connection:
        stored = find_edition(connection, read.hash)
    if stored is None and (faults := _check_file(path, read.hash, look.now.date())):
        yield _count_faults(path.name, faults)
    if read.unreviewed:
        yield Finding(
            path.name,
            f"{read.unreviewed} questions are not yet reviewed by a clinician",
            "have them read, then write who did and when under review",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """What is told of a questionnaire file; where it has faults, only how many."""

    faults: int = 0
    hash: str = ""
    unreviewed: int = 0


@lru_cache(maxsize=1)  # reading it takes a quarter of a second of the processor: once for each file, by its stamp
def _read_file(path: Path, _: tuple[int, ...]) -> _Read:
    try:
        questionnaire = load_questionnaire(path.read_bytes(), path.name).questionnaire
    except DefinitionError as error:
        return _Read(faults=len(error.faults))
    unreviewed = sum(_is_unreviewed(item, questionnaire.language) for item in _walk(questionnaire.items))
    return _Read(hash=hash_canonical(dump_canonical(questionnaire)), unreviewed=unreviewed)


@lru_cache(maxsize=1)  # which takes longer still: once for what a file says, and for each day
def _check_file(path: Path, _: str, today: date) -> int:
    return len(check_definition(load_questionnaire(path.read_bytes(), path.name), today))


def look_at_people(look: Look) -> Iterator[Finding]:
    """Look whether somebody runs the clinic and somebody reads, and whether nobody is left of a demonstration."""
    if _is_demonstration(look):
        return
    with begin_read(look.engine) as connection:
        people = [person for person in list_people(connection) if person.is_active]
    if any(person.is_demonstration for person in people):
        yield Finding("people", "demonstration staff are still there", "begin with an empty FOREWORD_DATA folder")
    real = [person for person in people if not person.is_demonstration and person.joined_at is not None]
    for role in (Role.ADMINISTRATOR, Role.REVIEWER):
        if not any(person.has_role(role) for person in real):
            yield Finding("people", f"no active person is {role.value}", _REMEDIES[role, bool(real)])


def look_at_intake(look: Look) -> Iterator[Finding]:
    """Look whether what patients sent reaches the list, and whether all of it opens."""
    yield from _look_at_untaken(look)
    with begin_read(look.engine) as connection:
        unknown = count_unknown(connection)
    if unknown:
        yield Finding(
            "intake",
            f"{unknown} responses are in a state that this program does not know, and stand in no list",
            "update this program; if it is the newest one, find out who changed the database",
        )
    if unopened := count_unopened(look):
        yield Finding(
            "intake",
            f"{unopened} responses came in and do not open",
            "put the key back that the part Keys names; see them: foreword audit list --action response.received "
            "--outcome unreadable",
        )


def _look_at_untaken(look: Look) -> Iterator[Finding]:
    """Tell when the oldest was sent that nobody takes in, that waits for its key, and that a newer program can read."""
    find_edition = EditionShelf(look.engine).find
    with begin_read(look.engine) as connection:
        missing = _list_missing_keys(connection, look.settings)
        found, unread = find_untaken(connection, missing, find_edition)
        for_key = find_oldest_waiting(connection, missing=missing)
        for_newer = find_oldest_waiting(connection, unread=unread)
    if found and _has_waited(look, found[0]):
        yield Finding(
            "intake",
            f"a response sent at {found[0].sent_at:%Y-%m-%d %H:%M} UTC was not taken in yet",
            "look whether a program with the role clinic or all runs",
        )
    if for_key and _has_waited(look, for_key):
        yield Finding(
            "intake",
            f"a response sent at {for_key.sent_at:%Y-%m-%d %H:%M} UTC waits for its key",
            "put the key back that the part Keys names: it is taken in within seconds, and found by name then",
        )
    if for_newer and _has_waited(look, for_newer):
        yield Finding(
            "intake",
            f"a response sent at {for_newer.sent_at:%Y-%m-%d %H:%M} UTC is of an edition that this program cannot read",
            "update this program, and it is found by name; if it is the newest one, see “edition not read” in the log",
        )


def _has_waited(look: Look, response: StoredResponse) -> bool:
    return look.now - response.sent_at > _LONGEST_INTAKE


def _list_missing_keys(connection: Connection, settings: Settings) -> list[str]:
    try:
        return list_missing_keys(connection, read_desk(settings))
    except StartError:
        return []  # nothing at all opens, and the look at the keys says so


def look_at_retention(look: Look) -> Iterator[Finding]:
    """Look whether what is past its time is erased, and whether all of it was read that soon will be."""
    due = find_due(look.engine, look.now - _LATEST_PURGE)
    if due.to_erase:
        yield Finding(
            "retention",
            f"{due.to_erase} responses are more than two days past their time",
            "run: foreword purge, and look whether the server runs at night",
        )
    if unread := count_unread(look.engine, look.now + _SOON_ERASED):
        yield Finding(
            "retention",
            f"{unread} unread responses, in state New, will be erased within 7 days",
            "have somebody read them: open /clinic/responses",
        )
    if not look.settings.is_demo and not is_clock_believed(look.engine, look.now):
        yield Finding(
            "retention",
            "nothing is erased: by this clock, nothing was purged for a month, and nothing else happened",
            "look at the clock; if it is right, run: foreword purge",
        )


def look_at_mail(look: Look) -> Iterator[Finding]:
    """Look whether the notice that something is waiting can be sent, where it is wanted."""
    settings = find_profile(look)
    wants = bool(settings and settings.notice_to)
    if wants and not look.settings.smtp_url:
        yield Finding(
            "FOREWORD_SMTP_URL", "addresses want a daily notice, and no server is set", "set it, or take them away"
        )
    if not wants or not look.settings.smtp_url or not look.is_online:
        return
    try:
        with connect(read_server(look.settings)) as connected:
            connected.noop()
    except OSError as error:  # smtplib's errors are among them
        yield Finding("FOREWORD_SMTP_URL", f"the e-mail server does not answer ({type(error).__name__})", "look at it")


def find_profile(look: Look) -> ClinicSettings | None:
    """Return what the clinic has set."""
    with begin_read(look.engine) as connection:
        stored = find_settings(connection)
    return load_settings(stored.content) if stored else None


def _has_clinic(look: Look) -> bool:
    """Tell whether a program for the clinic's staff ever started on this database."""
    with begin_read(look.engine) as connection:
        return find_newest_key(connection) is not None


def _is_demonstration(look: Look) -> bool:
    """Tell whether the setting or, where it is not set, the database says that staff and settings are made up."""
    if look.settings.is_demo:
        return True
    with begin_read(look.engine) as connection:
        return find_kind(connection) is True


def _count_faults(name: str, count: int) -> Finding:
    fault = f"it has {count} faults: it is not served, and the last good one still is"
    return Finding(name, fault, "see them: foreword check")


def _walk(items: tuple[Item, ...]) -> Iterator[Item]:
    for item in items:
        yield item
        yield from _walk(item.items)


def _is_unreviewed(item: Item, language: str) -> bool:
    return item.review is not None and item.review.to(language).startswith(_UNREVIEWED)
