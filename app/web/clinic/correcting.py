"""Correcting what is kept of a person (L-14): their details become a new version, and an answer gets a note beside it.

No answer and no earlier version is ever changed: what the patient gave stays as it was given (D-1, L-07).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from http import HTTPStatus
from typing import Final

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from app.clinic.sending import seal_for
from app.desk.opening import OpenedVersion
from app.questionnaire.identity import LONGEST
from app.questionnaire.problem import Advice
from app.questionnaire.sent import Day, Patient
from app.storage.clinic_keys import find_newest_key
from app.storage.engine import begin_write
from app.storage.people import Role
from app.storage.responses import Sending, add_version, hold_response
from app.web.clinic import blueprint
from app.web.clinic.accounting import record
from app.web.clinic.address import DAY_WRONG, read_day
from app.web.clinic.gate import allow, get_person
from app.web.clinic.kept import forget_kept, keep_typed
from app.web.clinic.notes import find_long, store_note
from app.web.clinic.opened import Held, require_held
from app.web.clinic.person_data import (
    Confirmation,
    ToolPage,
    account_failure,
    account_view,
    draw_again,
    draw_first,
    draw_second,
    draw_stale,
    find_reason_problem,
    is_confirmed,
    is_stale,
    read_reason,
    read_words,
)
from app.web.clinic.words import write_day
from app.web.i18n import choose_language, translate
from app.web.services import get_services

NAME_MISSING: Final = "Enter the name"
ANSWER_MISSING: Final = "Choose the question that the correction is about"
NOTHING: Final = "Change at least one thing"
LONGEST_CONTACT: Final = 2 * LONGEST + len(", ")
"""A contact is a phone number and an e-mail address."""

UNREADABLE: Final = "This response does not open, so nothing in it can be corrected"


@blueprint.get("/responses/<reference>/correct")
@allow(Role.REVIEWER)
def show_correction(reference: str) -> ResponseReturnValue:
    """Show the person's details as they stand, to be corrected."""
    held = require_held(reference, "response.opened")
    account_view(held, "correct")
    return draw_first(held, _build_tool(held), initial=_fill(held.newest), questions=_list_questions(held))


@blueprint.post("/responses/<reference>/correct")
@allow(Role.REVIEWER)
@keep_typed("clinic.show_correction")
def correct(reference: str) -> ResponseReturnValue:
    """Store a new version with the details, and a note beside an answer, after a second page that shows both."""
    held = require_held(reference, "response.corrected")
    tool, questions = _build_tool(held), _list_questions(held)
    problems = _find_problems(held)
    newest = held.newest
    if problems or newest is None:
        account_failure(held, "response.corrected", "incomplete")
        return draw_again(held, tool, problems, questions=questions)
    if is_stale(held):
        return draw_stale(held, tool, "response.corrected", questions=questions)
    if not is_confirmed():
        return draw_second(held, _build_confirmation(held, newest))
    if not _store(held, newest):
        return draw_stale(held, tool, "response.corrected", questions=questions)
    forget_kept()
    return redirect(url_for("clinic.show_response", reference=held.reference), HTTPStatus.SEE_OTHER)


def _store(held: Held, newest: OpenedVersion) -> bool:
    """Store what was corrected, both or neither; False when somebody else changed the response meanwhile."""
    services, patient = get_services(), _read_patient()
    with begin_write(services.engine) as connection:
        current, key = hold_response(connection, held.stored.reference), find_newest_key(connection)
        if current is None or key is None or current.revision != held.stored.revision:
            return False
        if patient != newest.sent.patient:
            sent = replace(newest.sent, patient=patient, corrected_by=get_person().id, reason=read_words() or None)
            sending = Sending(
                receipt_hash="",  # a version of a response that is there
                version=current.version + 1,
                edition_hash=current.edition_hash,
                language=current.language,
                delete_at=current.delete_at,
                seal=seal_for(key, sent),
            )
            add_version(connection, current, sending, services.now(), is_by_staff=True)
        if _read_text():
            store_note(connection, held, _read_text(), about=request.form["about"], kind="correction")
        what = "details answer" if patient != newest.sent.patient and _read_text() else ""
        what = what or ("answer" if _read_text() else "details")
        record(connection, "response.corrected", subject=current.reference, reason=read_reason(), what=what)
    return True


def _find_problems(held: Held) -> dict[str, str]:
    newest = held.newest
    if newest is None:
        return {"name": translate(UNREADABLE)}
    too_long = find_long("note-text", translate("What is right, as the patient says"), _read_text())
    problems = {**find_reason_problem(), **_find_wrong_details(), **too_long}
    if _read_text() and request.form.get("about", "") not in newest.edition.items:
        problems["about"] = translate(ANSWER_MISSING)
    if not problems and not _read_text() and _read_patient() == newest.sent.patient:
        problems["name"] = translate(NOTHING)
    return problems


def _find_wrong_details() -> dict[str, str]:
    """Return what has to be looked at again in the details: as on the page where the patient typed them."""
    problems = {}
    if not request.form.get("name", "").strip():
        problems["name"] = translate(NAME_MISSING)
    for name, label, limit in (("name", "Name", LONGEST), ("contact", "Contact", LONGEST_CONTACT)):
        count = len(request.form.get(name, "").strip())
        if count > limit:
            problems[name] = translate(Advice.SHORTEN) % {"label": translate(label), "limit": limit, "count": count}
    for name in ("birth", "appointment"):
        try:
            day = _read_day(name)
        except ValueError:
            problems[name] = translate(DAY_WRONG)
        else:
            if name == "birth" and day and date(*day) > get_services().today():
                problems[name] = translate(Advice.PAST_DATE) % {"label": translate("Date of birth")}
    return problems


def _read_patient() -> Patient:
    return Patient(
        name=request.form.get("name", "").strip(),
        birth=_read_day("birth"),
        contact=request.form.get("contact", "").strip(),
        appointment=_read_day("appointment"),
    )


def _read_day(name: str) -> Day | None:
    typed = request.form.get(name, "").strip()
    if not typed:
        return None
    day = read_day(typed)
    return day.year, day.month, day.day


def _read_text() -> str:
    return request.form.get("note-text", "").replace("\r\n", "\n").strip()


def _fill(newest: OpenedVersion | None) -> MultiDict[str, str]:
    if newest is None:
        return MultiDict()
    patient = newest.sent.patient
    return MultiDict(
        {
            "name": patient.name,
            "birth": _write_iso(patient.birth),
            "contact": patient.contact,
            "appointment": _write_iso(patient.appointment),
        }
    )


def _write_iso(day: Day | None) -> str:
    return date(*day).isoformat() if day else ""


def _list_questions(held: Held) -> list[tuple[str, str]]:
    """Return the questions that were asked, in order."""
    if held.newest is None:
        return []
    language = choose_language()
    return [(item.link_id, item.label.to(language)) for item in held.newest.edition.questions]


def _build_tool(held: Held) -> ToolPage:
    return ToolPage(
        title=translate("Correct %(reference)s") % {"reference": held.reference},
        lead=[
            translate("The details become a new version. The versions before it stay as they were."),
            translate("An answer stays as the patient gave it: a correction is shown beside it, with your name."),
        ],
        button=translate("Go on"),
        fields="correcting",
    )


def _build_confirmation(held: Held, newest: OpenedVersion) -> Confirmation:
    before, after = newest.sent.patient, _read_patient()
    pairs = (
        (translate("Name"), before.name, after.name),
        (translate("Date of birth"), _say(before.birth), _say(after.birth)),
        (translate("Contact"), before.contact, after.contact),
        (translate("Appointment"), _say(before.appointment), _say(after.appointment)),
    )
    lines = [
        translate("%(what)s: “%(before)s” becomes “%(after)s”") % {"what": what, "before": was, "after": now}
        for what, was, now in pairs
        if was != now
    ]
    if _read_text():
        label = dict(_list_questions(held))[request.form["about"]]
        lines.append(translate("Beside “%(label)s”: “%(text)s”") % {"label": label, "text": _read_text()})
    return Confirmation(
        title=translate("Store this correction?"), lines=lines, buttons={"yes": translate("Yes, store it")}
    )


def _say(day: Day | None) -> str:
    return write_day(day) if day else ""
