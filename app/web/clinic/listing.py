"""The work list as it is drawn: each response that fits in one row, also one that does not open.

Order is by time received, and never by what was answered. It must never leave out a row because another one is broken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from flask import url_for
from sqlalchemy import Connection

from app.desk.marked import list_marked
from app.desk.opening import OpenedVersion
from app.questionnaire.sent import age_at
from app.storage.responses import OPEN, ReviewStatus, StoredResponse, StoredVersion, find_newest_versions
from app.storage.worklist import (
    MOST_COUNTED,
    PAGE,
    Place,
    ResponseFilter,
    count_responses,
    list_responses,
)
from app.vault.reference import format_reference
from app.web.clinic.asked import Asked, build_filter, write_address
from app.web.clinic.gate import get_person
from app.web.clinic.opened import may_see_restricted, open_or_none
from app.web.clinic.words import name_people, write_day, write_moment, write_state
from app.web.i18n import choose_language, translate, translate_count
from app.web.services import get_services

_MOST_FOUND: Final = 100
"""How far is counted who has a name or a day of birth: of more than these, nobody finds theirs by reading on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowView:
    """One row of the list. `name` is empty where the response does not open; `marks` are the clinic's own words."""

    reference: str
    address: str
    received: str
    name: str = field(default="", repr=False)
    age: str = field(default="", repr=False)
    appointment: str = field(default="", repr=False)
    state: str
    who: str
    marks: tuple[str, ...] = field(default=(), repr=False)
    remarks: tuple[str, ...] = ()
    is_unreadable: bool = False
    is_waiting: bool = False
    """Whether it is one that does not open yet: it waits for its key, or for a newer program."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A list that is asked for often, one click away."""

    name: str
    address: str
    is_here: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPage:
    """The list as it is drawn: its rows, how many there are in all, and the pages before and after."""

    rows: tuple[RowView, ...]
    count: str
    order: str
    views: tuple[View, ...]
    newer: str = ""
    older: str = ""
    everywhere: str = ""
    restricted: str = ""
    """Where what fits stands, when all of it is restricted and the reader may see it."""
    is_default: bool = False
    is_by_name: bool = False
    is_by_birth: bool = False


def build_list(connection: Connection, asked: Asked) -> ListPage:
    """Return the page of the list that was asked for."""
    desk = get_services().desk
    wanted = build_filter(asked, desk)
    found, has_before, has_after = _find_page(connection, asked, wanted)
    every = replace(asked, states=tuple(ReviewStatus), after=None, before=None)
    most = _MOST_FOUND if asked.sought else MOST_COUNTED
    return ListPage(
        rows=tuple(build_rows(connection, found)),
        count=say_count(count_responses(connection, wanted, most) if has_before or has_after else len(found), most),
        order=translate("newest first") if asked.is_newest_first else translate("oldest first"),
        views=tuple(_list_views(asked)),
        newer=_point(asked, found, is_after=False) if has_before else "",
        older=_point(asked, found, is_after=True) if has_after else "",
        everywhere=write_address(every) if asked.states != tuple(ReviewStatus) else "",
        restricted="" if found else _find_restricted(connection, every),
        is_default=asked.is_default,
        is_by_name=bool(asked.sought.name),
        is_by_birth=bool(asked.sought.birth),
    )


def build_rows(connection: Connection, found: Sequence[StoredResponse]) -> list[RowView]:
    """Return a row for each of these responses."""
    versions = find_newest_versions(connection, [one.reference for one in found])
    names = name_people(connection, [one.owner for one in found])
    return [_build_row(one, versions.get(one.reference), names.get(one.owner or "", "")) for one in found]


def say_count(count: int, most: int = MOST_COUNTED) -> str:
    """Return how many responses there are, in words, where no more than so many were counted."""
    if count > most:
        return translate("More than %(count)s responses") % {"count": f"{most:,}"}
    return translate_count("%(count)s response", "%(count)s responses", count) % {"count": count}


def _find_page(connection: Connection, asked: Asked, wanted: ResponseFilter) -> tuple[list[StoredResponse], bool, bool]:
    """Return a page's responses, and whether there are others before and after it."""
    if asked.before is not None:
        turned = replace(wanted, is_newest_first=not wanted.is_newest_first, after=asked.before)
        found = list_responses(connection, turned, PAGE + 1)
        if len(found) >= PAGE:
            return found[:PAGE][::-1], len(found) > PAGE, True
        # What stood before has become less than a page: then it is the first one, filled up.
    found = list_responses(connection, replace(wanted, after=asked.after), PAGE + 1)
    return found[:PAGE], asked.after is not None, len(found) > PAGE


def _point(asked: Asked, found: Sequence[StoredResponse], *, is_after: bool) -> str:
    if not found:
        return write_address(replace(asked, after=None, before=None))
    edge = found[-1 if is_after else 0]
    place = Place(edge.received_at, edge.reference)
    return write_address(replace(asked, after=place if is_after else None, before=None if is_after else place))


def _find_restricted(connection: Connection, every: Asked) -> str:
    """Return the address of what fits among the restricted ones, in every state; nothing for who may not see them."""
    wanted = replace(every, has_restricted=True)
    if not every.is_search or every.has_restricted or not may_see_restricted():
        return ""
    found = list_responses(connection, build_filter(wanted, get_services().desk), PAGE)
    return write_address(wanted) if any(one.is_restricted for one in found) else ""


def _list_views(asked: Asked) -> list[View]:
    here = replace(asked, after=None, before=None)
    views = (
        (translate("Open"), Asked()),
        (translate("New"), Asked(states=(ReviewStatus.REQUESTED,))),
        (translate("Mine"), Asked(owner=get_person().id)),
        (translate("Reviewed"), Asked(states=(ReviewStatus.COMPLETED,), is_newest_first=True)),
        (translate("All"), Asked(states=tuple(ReviewStatus), is_newest_first=True)),
    )
    return [View(name=name, address=write_address(view), is_here=view == here) for name, view in views]


def _build_row(response: StoredResponse, version: StoredVersion | None, who: str) -> RowView:
    opened = open_or_none(version)
    reference = format_reference(response.reference)
    row = RowView(
        reference=reference,
        address=url_for("clinic.show_response", reference=reference),
        received=write_moment(response.received_at),
        state=write_state(response),
        who=who,
        remarks=tuple(_list_remarks(response)),
        is_unreadable=opened is None,
        is_waiting=opened is None and not response.taken_in,
    )
    return row if opened is None else _fill_row(row, opened, is_open=response.review_status in OPEN)


def _fill_row(row: RowView, opened: OpenedVersion, *, is_open: bool) -> RowView:
    services, patient = get_services(), opened.sent.patient
    settings = services.keeper.get().settings
    today = services.today()
    return replace(
        row,
        name=patient.name,
        age=str(age_at(patient.birth, (today.year, today.month, today.day))) if patient.birth else "",
        appointment=write_day(patient.appointment) if patient.appointment else "",
        marks=list_marked(opened, settings.marked, choose_language()) if settings and is_open else (),
    )


def _list_remarks(response: StoredResponse) -> list[str]:
    remarks = []
    if response.version > 1:
        remarks.append(translate("version %(version)s") % {"version": response.version})
    if response.is_restricted:
        remarks.append(translate("restricted"))
    if response.is_kept:
        remarks.append(translate("legal hold"))
    return remarks
