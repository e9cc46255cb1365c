"""What a clinic sets before it opens, and the clinic that patients see for it.

It must never hold a patient's or a staff member's data.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from datetime import date, timedelta
from typing import Any, Final
from zoneinfo import available_timezones

from app.output.frame import Clinic
from app.questionnaire.crisis import CrisisSet, load_crisis
from app.questionnaire.errors import DefinitionError
from app.settings import StartError, find_resource

CONTACTS_FILE: Final = "crisis.yaml"
DEMONSTRATION_NAME: Final = "Demonstration clinic"
DEMONSTRATION_COUNTRY: Final = "US"
SUICIDAL_THOUGHTS_YES: Final = "suicidal-thoughts=yes"
"""The one answer that a clinic sees marked in its list unless it decides otherwise (clinical.md 1D)."""


HALF_A_YEAR: Final = timedelta(days=183)
"""After how long a help line has to be checked again with its owner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicSettings:
    """All that a clinic sets.

    `countries` are those whose crisis contacts are shown, the first one's emergency number first. `reading_days` are
    working days, `retention_days` days. `marked` are answers as `linkId=code` that the list marks. `notice_to` are
    e-mail addresses that hear, once a day at most, that something is waiting. `is_print_only_for_minors` keeps a
    person who gives an age under 18 from sending (L-25). `has_part_2` prints the notice of 42 CFR Part 2 (L-19, L-20).
    `emergency` is the emergency number where the first country's contacts have none. Unless `is_receiving`, patients
    can fill in and print, and not send; `pause_note` is what the clinic tells them of that.
    """

    name: str
    contact: str
    time_zone: str
    countries: tuple[str, ...]
    reading_days: int
    retention_days: int
    protocol_owner: str
    privacy: str = ""
    marked: tuple[str, ...] = (SUICIDAL_THOUGHTS_YES,)
    notice_to: tuple[str, ...] = ()
    is_print_only_for_minors: bool = False
    has_part_2: bool = False
    emergency: str = ""
    is_receiving: bool = True
    pause_note: str = ""


DEMONSTRATION: Final = ClinicSettings(
    name=DEMONSTRATION_NAME,
    contact="There is nobody to ask: this clinic is a demonstration.",
    time_zone="America/Chicago",
    countries=(DEMONSTRATION_COUNTRY,),
    reading_days=2,
    retention_days=180,
    protocol_owner="Nobody: this clinic is a demonstration",
    privacy="This clinic is a demonstration. Whatever you write here can be read by anybody who opens its staff pages.",
)


def dump_settings(settings: ClinicSettings) -> str:
    """Return the settings as JSON.

    >>> load_settings(dump_settings(DEMONSTRATION)) == DEMONSTRATION
    True
    """
    return json.dumps(asdict(settings), ensure_ascii=False, separators=(",", ":"))


def load_settings(content: str) -> ClinicSettings:
    """Return the settings that `dump_settings` wrote; what an older program did not know has its default.

    What only a newer program knows is left out: the two serve one clinic while it is brought up to date.
    """
    known = {field.name for field in fields(ClinicSettings)}
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in json.loads(content).items()
        if name in known
    }
    return ClinicSettings(**values)


def load_contacts() -> dict[str, CrisisSet]:
    """Return the crisis contacts there are, by country; raises DefinitionError when their file has faults."""
    path = find_resource(CONTACTS_FILE)
    return {entry.country: entry for entry in load_crisis(path.read_bytes(), str(path))}


def require_contacts() -> dict[str, CrisisSet]:
    """Return the crisis contacts there are, by country, or raise `StartError` with every fault of their file."""
    try:
        return load_contacts()
    except DefinitionError as error:
        raise StartError(*(str(fault) for fault in error.faults)) from None
    except OSError as error:
        path = find_resource(CONTACTS_FILE)
        raise StartError(f"{path}: the help lines cannot be read: {error.strerror}; put the file back") from None


def has_own_country(settings: ClinicSettings, contacts: dict[str, CrisisSet]) -> bool:
    """Tell whether the country a clinic chose first is there: its emergency number stands on every page."""
    return any(country in contacts for country in settings.countries[:1])


def list_stale(settings: ClinicSettings, contacts: dict[str, CrisisSet], today: date) -> tuple[str, ...]:
    """Return the chosen help lines that nobody checked for half a year, by name (clinical.md 4)."""
    return tuple(
        f"{contacts[country].country_name}: {line.name}"
        for country in settings.countries
        if country in contacts
        for line in contacts[country].contacts
        if is_stale(line.checked_on, today)
    )


def is_stale(checked_on: str, today: date) -> bool:
    """Tell whether a number was checked more than half a year ago, or never.

    >>> is_stale("2026-01-31", date(2026, 8, 2)), is_stale("2026-01-31", date(2026, 8, 3))
    (False, True)
    """
    try:
        return today - date.fromisoformat(checked_on) > HALF_A_YEAR
    except ValueError:
        return True


def list_changes(before: ClinicSettings | None, after: ClinicSettings) -> tuple[str, ...]:
    """Return the names of the settings that differ, all where there were none.

    >>> from dataclasses import replace
    >>> list_changes(DEMONSTRATION, replace(DEMONSTRATION, name="Elm", reading_days=3))
    ('name', 'reading_days')
    """
    names = tuple(field.name for field in fields(ClinicSettings))
    return tuple(name for name in names if before is None or getattr(before, name) != getattr(after, name))


def build_clinic(settings: ClinicSettings, contacts: dict[str, CrisisSet], *, is_demonstration: bool) -> Clinic:
    """Return the clinic that patients see; its own country has to be among the contacts."""
    chosen = [contacts[country] for country in settings.countries if country in contacts]
    first = chosen[0]
    crisis = CrisisSet(
        country=first.country,
        country_name=first.country_name,
        emergency_label=first.emergency_label,
        emergency_tel=first.emergency_tel or settings.emergency,
        contacts=tuple(line for entry in chosen for line in entry.contacts),
    )
    return Clinic(
        name=settings.name,
        contact=settings.contact,
        time_zone=settings.time_zone,
        crisis=crisis,
        is_demonstration=is_demonstration,
        reading_days=settings.reading_days,
        retention_days=settings.retention_days,
        privacy=settings.privacy,
        is_print_only_for_minors=settings.is_print_only_for_minors,
        has_part_2=settings.has_part_2,
        is_receiving=settings.is_receiving,
        pause_note=settings.pause_note,
    )


def build_demonstration() -> Clinic:
    """Return the demonstration clinic, for whatever needs one without a database."""
    return build_clinic(DEMONSTRATION, require_contacts(), is_demonstration=True)


def is_time_zone(name: str) -> bool:
    """Tell whether there is such a time zone.

    >>> is_time_zone("Europe/London"), is_time_zone("London")
    (True, False)
    """
    return name in available_timezones()
