"""The overview: how many responses come in, how long they wait, and where patients stop, as plots with their tables.

Reviewers and administrators see it. How often questions were answered with something else than *No* is shown to
reviewers alone: running the clinic is no leave to learn what patients answered (clinical.md L-02).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_date
from flask import render_template
from flask.typing import ResponseReturnValue

from app.desk.intake import take_in_new
from app.desk.statistics import FEWEST, MOST_ASKED, MOST_TIMED, Month, Statistics, Week, read_statistics
from app.output.plot import Caption, Plot, Series, Value, draw_bars, draw_columns, draw_lines
from app.questionnaire.edition import Edition
from app.storage.engine import begin_read, begin_write
from app.storage.people import Role
from app.storage.responses import OPEN
from app.web.clinic import blueprint
from app.web.clinic.accounting import record
from app.web.clinic.gate import allow, get_person
from app.web.clinic.words import STATES, write_day
from app.web.i18n import choose_language, translate, translate_count
from app.web.services import get_services

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_HOURS_LONG: Final = 48
"""Up to how many hours a time is written in hours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionRow:
    """An edition as the table has it."""

    name: str
    title: str
    since: str
    count: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OverviewPage:
    """The page as it is drawn; `items` is None for whoever reads no answers."""

    summary: str
    weeks: Plot
    times: Plot
    states: Plot
    pages: Plot
    items: Plot | None
    editions: tuple[EditionRow, ...]


@blueprint.get("/overview")
@allow(Role.REVIEWER, Role.ADMINISTRATOR)
def show_overview() -> ResponseReturnValue:
    """Show the overview, and account for it."""
    services, now = get_services(), get_services().now()
    edition = services.editions.get_newest().edition
    take_in_new(services.engine, services.desk, _find_edition, now)
    has_items = get_person().has_role(Role.REVIEWER)
    clinic = services.clinic
    zone = ZoneInfo(clinic.time_zone if clinic else "UTC")
    with begin_read(services.engine) as connection:
        found = read_statistics(connection, services.desk, edition, zone=zone, now=now, has_items=has_items)
    with begin_write(services.engine) as connection:
        record(connection, "overview.viewed", items="yes" if has_items else "no")
    return render_template("clinic/overview.html", overview=_build_page(found), most=MOST_TIMED, fewest=FEWEST)


def _build_page(found: Statistics) -> OverviewPage:
    open_now = sum(count for status, count in found.states if status in OPEN)
    return OverviewPage(
        summary=_say_summary(found, open_now),
        weeks=_draw_weeks(found.weeks),
        times=_draw_times(found.months),
        states=_draw_states(found),
        pages=_draw_pages(found),
        items=_draw_items(found) if found.items else None,
        editions=tuple(_list_editions(found)),
    )


def _say_summary(found: Statistics, open_now: int) -> str:
    came = translate_count("%(count)s response came in", "%(count)s responses came in", found.received)
    waiting = translate_count("%(count)s is not reviewed", "%(count)s are not reviewed", open_now)
    since = translate("since %(day)s") % {"day": write_day(found.since)}
    return f"{came % {'count': f'{found.received:,}'}} {since}; {waiting % {'count': f'{open_now:,}'}}."


def _draw_weeks(weeks: tuple[Week, ...]) -> Plot:
    caption = Caption(
        name="weeks",
        title=translate("Responses a week"),
        description=translate("By the Monday on which the week begins. The last week is not over."),
        headings=(translate("Week of"), translate("Responses")),
    )
    return draw_columns(
        caption, [Value(label=_write_short(week.monday), value=week.count, text=f"{week.count:,}") for week in weeks]
    )


def _draw_times(months: tuple[Month, ...]) -> Plot:
    caption = Caption(
        name="times",
        title=translate("Time until reviewed"),
        description=translate(
            "By the month in which they came in. Half were reviewed within the median, nine in ten within the other "
            "time. What is not reviewed yet is not in it."
        ),
        headings=(translate("Month"), translate("Median"), translate("Nine in ten within")),
    )
    return draw_lines(
        caption,
        Series(name=translate("Median"), values=_list_times(months, lambda month: month.median)),
        Series(name=translate("Nine in ten within"), values=_list_times(months, lambda month: month.slow)),
    )


def _list_times(months: tuple[Month, ...], find: Callable[[Month], timedelta | None]) -> tuple[Value, ...]:
    return tuple(
        Value(label=_write_month(month.first), value=_count(find(month)), text=_say(find(month))) for month in months
    )


def _draw_states(found: Statistics) -> Plot:
    caption = Caption(
        name="states",
        title=translate("States now"),
        description=translate("Of everything that is kept."),
        headings=(translate("State"), translate("Responses")),
    )
    return draw_bars(
        caption,
        [Value(label=translate(STATES[status]), value=count, text=f"{count:,}") for status, count in found.states],
    )


def _draw_pages(found: Statistics) -> Plot:
    caption = Caption(
        name="ends",
        title=translate("Where drafts end"),
        description=translate(
            "On which page people stopped who never sent. Only pages that everybody sees, in their order; "
            "somebody who printed and erased everything is not counted."
        ),
        headings=(translate("Page"), translate("Drafts")),
    )
    language = choose_language()
    return draw_bars(
        caption,
        [Value(label=one.page.title.to(language), value=one.count, text=f"{one.count:,}") for one in found.pages],
    )


def _draw_items(found: Statistics) -> Plot:
    caption = Caption(
        name="items",
        title=translate("Answered other than No"),
        description=translate(
            "How many answered Yes, Not sure, or Prefer not to say, in the order of the questionnaire; the last "
            "%(most)s responses are counted at most. Counts under %(fewest)s are not told. A number says nothing about "
            "what an answer means."
        )
        % {"fewest": FEWEST, "most": f"{MOST_ASKED:,}"},
        headings=(translate("Question"), translate("Responses")),
    )
    hidden = translate("fewer than %(fewest)s") % {"fewest": FEWEST}
    language = choose_language()
    return draw_bars(
        caption,
        [
            Value(
                label=one.item.label.to(language),
                value=one.count,
                text=hidden if one.count is None else f"{one.count:,}",
            )
            for one in found.items
        ],
    )


def _list_editions(found: Statistics) -> Iterator[EditionRow]:
    localize = get_services().localize
    for one in found.editions:
        yield EditionRow(
            name=one.edition.hash[:8],
            title=one.edition.title,
            since=write_day(localize(one.edition.first_used_at).date()),
            count=f"{one.count:,}",
        )


def _find_edition(edition_hash: str) -> Edition | None:
    served = get_services().editions.find(edition_hash)
    return served.edition if served else None


def _write_short(day: date) -> str:
    return format_date(day, "MMM d", choose_language())


def _write_month(first: date) -> str:
    return format_date(first, "MMM y", choose_language())


def _count(time: timedelta | None) -> float | None:
    return None if time is None else time / _HOUR


def _say(time: timedelta | None) -> str:
    """Return a time as people say it: minutes, hours, or days with one decimal."""
    if time is None:
        return "–"
    if time < _HOUR:
        return translate("%(count)s min") % {"count": round(time / timedelta(minutes=1))}
    if time < _HOURS_LONG * _HOUR:
        return translate("%(count)s h") % {"count": round(time / _HOUR)}
    return translate("%(count)s days") % {"count": f"{time / _DAY:.1f}"}
