"""Exports: what to put into a file, and the file itself, sent as it is made (UA-79).

Reviewers make them, for a file holds answers: an administrator who is no reviewer cannot (clinical.md L-02). What is
chosen is sent as a form, for each export is an act that is accounted for, and no address makes one.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from app.desk.export import EVERYTHING, STATE_WORDS, Format, Office, Order, begin_export, name_file
from app.questionnaire.edition import Edition
from app.questionnaire.model import Sensitive
from app.questionnaire.sensitive import map_option_tags, map_sensitive
from app.storage.editions import StoredEdition, list_editions
from app.storage.engine import begin_read
from app.storage.people import Role
from app.storage.responses import ReviewStatus
from app.storage.statistics import list_used_editions
from app.storage.worklist import MOST_COUNTED, ResponseFilter, count_responses
from app.web.clinic import blueprint
from app.web.clinic.address import begin_day, read_day_of
from app.web.clinic.closing import close_after
from app.web.clinic.gate import allow, get_person
from app.web.clinic.words import STATES, write_day
from app.web.i18n import choose_language, translate
from app.web.services import get_services

ORDER_WRONG: Final = "Choose a last day that is not before the first"
CHOICE_WRONG: Final = "Choose one from the list"
BUSY: Final = "Another export is being made. Try again when it is done."

EXCEL: Final = "csv-excel"
"""CSV with a byte order mark, as the page names it."""

_UNREADABLE, _BUSY = 422, 503
_RETRY_SECONDS: Final = "30"
_FORMS: Final = ("csv", EXCEL, "json-lines", "dictionary")
_TYPES: Final = {Format.JSON_LINES: "application/jsonl; charset=utf-8"}
_CSV: Final = "text/csv; charset=utf-8; header=present"

# One at a time in each process: a file of a hundred thousand responses is made for half a minute, and patients wait.
_making: Final = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One thing to choose on the page."""

    value: str
    text: str
    is_chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """A kind of answer that is left out unless it is asked for, with the questions that speak of it."""

    value: str
    text: str
    is_chosen: bool
    questions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportPage:
    """The page as it is drawn: what there is, what can be chosen, and what to look at again."""

    kept: str
    since: str
    until: str
    states: tuple[Choice, ...]
    editions: tuple[Choice, ...]
    forms: tuple[Choice, ...]
    tags: tuple[Tag, ...]
    has_identity: bool
    lacks_own_words: bool
    has_notice: bool
    problems: dict[str, str]
    notice: str


@blueprint.get("/export")
@allow(Role.REVIEWER)
def show_export() -> ResponseReturnValue:
    """Show what can be exported; by default what tells least."""
    return _show(MultiDict({"form": _FORMS[0]}), {})


@blueprint.post("/export")
@allow(Role.REVIEWER)
def make_export() -> ResponseReturnValue:
    """Send the file that was asked for, or the page again where something of it cannot be read."""
    order, problems = _read_order(request.form)
    if problems:
        return _show(request.form, problems), _UNREADABLE
    if not _making.acquire(blocking=False):
        return _show(request.form, {}, translate(BUSY)), _BUSY, {"Retry-After": _RETRY_SECONDS}
    with ExitStack() as work:
        work.callback(_making.release)
        response = _send(order, work)
        close_after(response, work.pop_all().close)  # from now on it is the answer that ends it
    return response


def _send(order: Order, work: ExitStack) -> Response:
    services = get_services()
    now, office = services.now, _find_office()
    made = begin_export(office, order, actor=get_person().id, origin=request.remote_addr or "", now=now())
    work.callback(lambda: made.end(now()))
    response = Response(made.write(), content_type=_TYPES.get(order.format, _CSV))
    day = services.today().isoformat()
    response.headers.set("Content-Disposition", "attachment", filename=name_file(order, day))
    return response


def _find_office() -> Office:
    services = get_services()
    editions = services.editions

    def find_edition(edition_hash: str) -> Edition | None:
        served = editions.find(edition_hash)
        return served.edition if served else None

    return Office(
        engine=services.engine,
        desk=services.desk,
        find_edition=find_edition,
        clinic=services.clinic,
        language=choose_language(),
        translate=translate,
    )


def _read_order(posted: MultiDict[str, str]) -> tuple[Order, dict[str, str]]:
    problems: dict[str, str] = {}
    since, until = (read_day_of(posted, name, problems) for name in ("since", "until"))
    if since and until and since > until:
        problems["until"] = translate(ORDER_WRONG)
    form = _read_choice(posted, "form", _FORMS, problems)
    states = _read_states(posted, problems)
    order = Order(
        responses=ResponseFilter(
            statuses=states,
            since=begin_day(since) if since else None,
            until=begin_day(until + timedelta(days=1)) if until else None,
            edition_hash=_read_choice(posted, "edition", ("", *_list_used()), problems),
        ),
        format=Format.CSV if form in {EXCEL, ""} else Format(form),
        has_bom=form == EXCEL,
        has_identity="identity" in posted.getlist("include"),
        has_own_words="own-words" not in posted.getlist("leave-out"),
        sensitive=frozenset(tag for tag in Sensitive if tag.value in posted.getlist("include")),
    )
    return order, problems


def _show(typed: MultiDict[str, str], problems: dict[str, str], notice: str = "") -> str:
    services = get_services()
    with begin_read(services.engine) as connection:
        count = count_responses(connection, EVERYTHING)
        used = set(list_used_editions(connection))
        editions = [stored for stored in list_editions(connection) if stored.hash in used]
    kept = translate("more than %(count)s") if count > MOST_COUNTED else "%(count)s"
    page = ExportPage(
        kept=kept % {"count": f"{min(count, MOST_COUNTED):,}"},
        since=typed.get("since", ""),
        until=typed.get("until", ""),
        states=_mark(((word, translate(STATES[status])) for word, status in STATE_WORDS.items()), typed, "state"),
        editions=_mark(((one.hash, _name_edition(one)) for one in editions), typed, "edition"),
        forms=_mark(_list_forms(), typed, "form"),
        tags=tuple(_list_tags(services.editions.get_newest().edition, typed)),
        has_identity="identity" in typed.getlist("include"),
        lacks_own_words="own-words" in typed.getlist("leave-out"),
        has_notice=services.clinic is not None and services.clinic.has_part_2,
        problems=problems,
        notice=notice,
    )
    return render_template("clinic/export.html", export=page)


def _name_edition(stored: StoredEdition) -> str:
    day = write_day(get_services().localize(stored.first_used_at).date())
    return translate("%(edition)s, since %(day)s") % {"edition": stored.hash[:8], "day": day}


def _list_forms() -> Iterator[tuple[str, str]]:
    yield "csv", translate("CSV, for most programs")
    yield EXCEL, translate("CSV for Excel (with a byte order mark)")
    yield "json-lines", translate("JSON Lines, for programs that read it")
    yield "dictionary", translate("What the columns mean: a dictionary, with nobody’s answers")


def _list_tags(edition: Edition, typed: MultiDict[str, str]) -> Iterator[Tag]:
    """Give what is left out by default, with the words of its questions, so that nobody has to guess."""
    names = {
        Sensitive.SUBSTANCE_USE: translate("Answers about alcohol, drugs, and medicine taken differently"),
        Sensitive.PREGNANCY: translate("Answers about pregnancy"),
    }
    language, marks = choose_language(), map_sensitive(edition)
    for tag, text in names.items():
        questions = [
            item.label.to(language)
            for item in edition.questions
            if tag in marks[item.link_id] or any(tag in found for found in map_option_tags(item).values())
        ]
        yield Tag(
            value=tag.value,
            text=text,
            is_chosen=tag.value in typed.getlist("include"),
            questions=tuple(dict.fromkeys(questions)),
        )


def _mark(options: Iterator[tuple[str, str]], typed: MultiDict[str, str], name: str) -> tuple[Choice, ...]:
    chosen = typed.getlist(name)
    return tuple(Choice(value=value, text=text, is_chosen=value in chosen) for value, text in options)


def _list_used() -> list[str]:
    with begin_read(get_services().engine) as connection:
        return list_used_editions(connection)


def _read_choice(posted: MultiDict[str, str], name: str, known: tuple[str, ...], problems: dict[str, str]) -> str:
    word = posted.get(name, "")
    if word not in known:
        problems[name] = translate(CHOICE_WRONG)
        return ""
    return word


def _read_states(posted: MultiDict[str, str], problems: dict[str, str]) -> tuple[ReviewStatus, ...]:
    words = posted.getlist("state")
    if not set(words) <= STATE_WORDS.keys():  # to leave a word out would widen what was asked for
        problems["state"] = translate(CHOICE_WRONG)
    return tuple(status for word, status in STATE_WORDS.items() if word in words) or tuple(ReviewStatus)
