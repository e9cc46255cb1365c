"""What a clinic sets before it opens, and the clinic that patients see for it.

It must never hold a patient's or a staff member's data.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date
from typing import Final
from zoneinfo import available_timezones

from app.output.frame import Clinic
from app.questionnaire.crisis import CrisisSet, load_crisis
from app.settings import find_resource

DEMONSTRATION_NAME: Final = "Demonstration clinic"
DEMONSTRATION_COUNTRY: Final = "US"
SUICIDAL_THOUGHTS_YES: Final = "suicidal-thoughts=yes"
"""The one answer that a clinic sees marked in its list unless it decides otherwise (clinical.md 1D)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicSettings:
    """All that a clinic sets.

    `countries` are those whose crisis contacts are shown, the first one's emergency number first. `reading_days` are
    working days, `retention_days` days. `marked` are answers as `linkId=code` that the list marks. `notice_to` are
    e-mail addresses that hear, once a day at most, that something is waiting. `is_print_only_for_minors` keeps a
    person who gives an age under 18 from sending (L-25). `has_part_2` prints the notice of 42 CFR Part 2 (L-19, L-20).
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


DEMONSTRATION: Final = ClinicSettings(
    name=DEMONSTRATION_NAME,
    contact="There is nobody to ask: this clinic is a demonstration.",
    time_zone="America/Chicago",
    countries=(DEMONSTRATION_COUNTRY,),
    reading_days=2,
    retention_days=30,
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
    """Return the settings that `dump_settings` wrote; what an older program did not know has its default."""
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in json.loads(content).items()}
    return ClinicSettings(**values)


def load_contacts() -> dict[str, CrisisSet]:
    """Return the crisis contacts there are, by country; raises DefinitionError when their file has faults."""
    path = find_resource("crisis.yaml")
    return {entry.country: entry for entry in load_crisis(path.read_bytes(), path.name)}


def find_oldest_check(settings: ClinicSettings, contacts: dict[str, CrisisSet]) -> date | None:
    """Return the day on which the crisis contact that was checked longest ago was checked."""
    days = [
        date.fromisoformat(line.checked_on)
        for country in settings.countries
        if country in contacts
        for line in contacts[country].contacts
    ]
    return min(days, default=None)


def build_clinic(settings: ClinicSettings, contacts: dict[str, CrisisSet], *, is_demonstration: bool) -> Clinic:
    """Return the clinic that patients see."""
    chosen = [contacts[country] for country in settings.countries if country in contacts]
    first = chosen[0]
    crisis = CrisisSet(
        country=first.country,
        country_name=first.country_name,
        emergency_label=first.emergency_label,
        emergency_tel=first.emergency_tel,
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
    )


def build_demonstration() -> Clinic:
    """Return the demonstration clinic, for whatever needs one without a database."""
    return build_clinic(DEMONSTRATION, load_contacts(), is_demonstration=True)


def is_time_zone(name: str) -> bool:
    """Tell whether there is such a time zone.

    >>> is_time_zone("Europe/London"), is_time_zone("London")
    (True, False)
    """
    return name in available_timezones()
