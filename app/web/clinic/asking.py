"""The form above the work list: what can be asked for, what stands in its boxes, and what to look at again.

It is sent, and not put into an address, because a name and a date of birth are typed there (design D-11).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import Connection
from werkzeug.datastructures import MultiDict

from app.desk.looking import Sought
from app.questionnaire.model import Face
from app.questionnaire.names import list_name_keys
from app.questionnaire.problem import Advice
from app.questionnaire.sent import Day
from app.storage.editions import list_edition_days
from app.storage.people import Role, list_people
from app.storage.responses import OPEN
from app.vault.reference import ReferenceCodeError, format_reference, parse_reference
from app.web.clinic.address import read_day_of, read_word
from app.web.clinic.asked import STATE_WORDS, Asked
from app.web.clinic.gate import get_person
from app.web.clinic.opened import may_see_restricted
from app.web.clinic.words import STATES, write_day
from app.web.i18n import choose_language, translate
from app.web.services import get_services

REFERENCE_WRONG: Final = "Check the reference: a letter or a digit is not as on the paper"
NAME_WRONG: Final = "Enter at least one letter of the name"
ORDER_WRONG: Final = "Choose a last day that is not before the first"
CHOICE_WRONG: Final = "Choose one from the list"

_LONGEST_NAME: Final = 200
_EDITIONS_ASKED: Final = 12  # more would be a list that nobody reads; an older one can be found by its days


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One thing to choose."""

    value: str
    text: str
    is_chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AskingForm:
    """The form as it is drawn; `is_narrowed` when something beside the usual is set in its lower part."""

    typed: MultiDict[str, str]
    problems: dict[str, str]
    states: tuple[Option, ...]
    people: tuple[Option, ...]
    editions: tuple[Option, ...]
    items: tuple[Option, ...]
    can_show_restricted: bool
    is_narrowed: bool


def read_form(posted: MultiDict[str, str]) -> tuple[Asked, dict[str, str]]:
    """Return what a form asks for, and a sentence for each box that has to be looked at again."""
    problems: dict[str, str] = {}
    since, until = (read_day_of(posted, name, problems) for name in ("since", "until"))
    if since and until and since > until:
        problems["until"] = translate(ORDER_WRONG)
    states = tuple(status for word, status in STATE_WORDS.items() if word in posted.getlist("state"))
    asked = Asked(
        states=states or OPEN,
        owner=_read_choice(posted, "who", problems),
        since=since,
        until=until,
        edition=_read_choice(posted, "edition", problems),
        item=_read_choice(posted, "item", problems),
        reference=_read_reference(posted, problems),
        sought=Sought(name=_read_name(posted, problems), birth=_split(read_day_of(posted, "birth", problems))),
        is_newest_first=posted.get("order") == "newest",
        has_restricted=posted.get("restricted") == "shown",
    )
    return asked, problems


def fill_form(asked: Asked) -> MultiDict[str, str]:
    """Return what stands in the boxes of a form that asks for this."""
    birth = asked.sought.birth
    words = {status: word for word, status in STATE_WORDS.items()}
    filled = MultiDict([("state", words[status]) for status in asked.states])
    filled.update(
        {
            "who": asked.owner,
            "since": asked.since.isoformat() if asked.since else "",
            "until": asked.until.isoformat() if asked.until else "",
            "edition": asked.edition,
            "item": asked.item,
            "reference": format_reference(asked.reference) if asked.reference else "",
            "name": asked.sought.name,
            "birth": date(*birth).isoformat() if birth else "",
            "order": "newest" if asked.is_newest_first else "",
            "restricted": "shown" if asked.has_restricted else "",
        }
    )
    return filled


def build_form(connection: Connection, typed: MultiDict[str, str], problems: dict[str, str]) -> AskingForm:
    """Return the form with what was typed into it."""
    lower = ("who", "since", "until", "edition", "item", "restricted")
    states = {name for name in typed.getlist("state") if name}
    editions = list(_list_editions(connection))
    return AskingForm(
        typed=typed,
        problems=problems,
        states=tuple(
            Option(value=word, text=translate(STATES[status]), is_chosen=word in states)
            for word, status in STATE_WORDS.items()
        ),
        people=_mark(_list_people(connection), typed.get("who", "")),
        editions=_mark(((one, text) for one, text in editions), typed.get("edition", "")),
        items=_mark(_list_items([one for one, _ in editions]), typed.get("item", "")),
        can_show_restricted=may_see_restricted(),
        is_narrowed=any(typed.get(name) for name in lower) or _is_unusual(states) or bool(problems),
    )


def _is_unusual(states: set[str]) -> bool:
    """Tell whether the states are others than those that the links above the list lead to."""
    usual = {word for word, status in STATE_WORDS.items() if status in OPEN}
    return states not in (set(), usual, {"new"}, {"reviewed"}, set(STATE_WORDS))


def _mark(options: Iterable[tuple[str, str]], chosen: str) -> tuple[Option, ...]:
    found = [Option(value=value, text=text, is_chosen=value == chosen) for value, text in options]
    if chosen and not any(option.is_chosen for option in found):
        found.append(Option(value=chosen, text=translate("As in this address"), is_chosen=True))
    return tuple(found)


def _list_people(connection: Connection) -> Iterator[tuple[str, str]]:
    me = get_person()
    yield me.id, translate("%(name)s (you)") % {"name": me.name}
    for person in list_people(connection):
        if person.id != me.id and Role.REVIEWER in person.roles:
            yield person.id, person.name


def _list_editions(connection: Connection) -> Iterator[tuple[str, str]]:
    for edition_hash, used_at in list_edition_days(connection)[:_EDITIONS_ASKED]:
        day = write_day(get_services().localize(used_at).date())
        yield edition_hash, translate("%(edition)s, since %(day)s") % {"edition": edition_hash[:8], "day": day}


def _list_items(editions: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Give the screening items of all these editions once, those of the newest first."""
    services, language, known = get_services(), choose_language(), set()
    for edition_hash in editions:
        served = services.editions.find(edition_hash)
        for item in served.edition.questions if served else ():
            if item.face is Face.SCREENING and item.link_id not in known:
                known.add(item.link_id)
                yield item.link_id, item.label.to(language)


def _read_choice(posted: MultiDict[str, str], name: str, problems: dict[str, str]) -> str:
    chosen = posted.get(name, "")
    try:
        return read_word(chosen) if chosen else ""
    except ValueError:
        problems[name] = translate(CHOICE_WRONG)
        return ""


def _read_reference(posted: MultiDict[str, str], problems: dict[str, str]) -> str:
    typed = posted.get("reference", "").strip()
    try:
        return parse_reference(typed) if typed else ""
    except ReferenceCodeError:
        problems["reference"] = translate(REFERENCE_WRONG)
        return ""


def _read_name(posted: MultiDict[str, str], problems: dict[str, str]) -> str:
    typed = posted.get("name", "").strip()
    if len(typed) > _LONGEST_NAME:  # what is found leads to an address that holds it, sealed
        told = {"label": translate("Name"), "limit": _LONGEST_NAME, "count": len(typed)}
        problems["name"] = translate(Advice.SHORTEN) % told
        return ""
    if typed and not list_name_keys(typed):
        problems["name"] = translate(NAME_WRONG)
    return typed


def _split(day: date | None) -> Day | None:
    return (day.year, day.month, day.day) if day else None
