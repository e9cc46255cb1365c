"""Giving one person what is kept of them: to read (PDF) and for another program (JSON), notes included (L-14).

Whether answers about alcohol and drugs, or about pregnancy, go with it is asked each time (L-21).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from flask import Response, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from app.desk.opening import open_notes
from app.desk.portable import Portable, dump_person, list_given_notes
from app.questionnaire.leave_out import drop_marked_options, leave_out, list_left_out
from app.questionnaire.model import Sensitive
from app.questionnaire.summary import build_summary
from app.questionnaire.summary_model import Summary
from app.storage.engine import begin_read, begin_write
from app.storage.people import Role
from app.vault.reference import format_reference
from app.web.clinic import blueprint
from app.web.clinic.accounting import record
from app.web.clinic.erasing import find_chosen, list_choices
from app.web.clinic.gate import allow
from app.web.clinic.kept import keep_typed
from app.web.clinic.opened import Held, load_held, require_held
from app.web.clinic.paper import build_staff_frame, build_staff_part, list_authors
from app.web.clinic.person_data import (
    Confirmation,
    ToolPage,
    account_failure,
    account_view,
    draw_again,
    draw_first,
    draw_second,
    find_reason_problem,
    is_confirmed,
    read_reason,
    require_lead,
)
from app.web.clinic.printing import MOST_PRINTED, draw_pdf
from app.web.clinic.words import name_people
from app.web.i18n import say_count, translate
from app.web.services import get_services

NONE_CHOSEN: Final = "Choose at least one response"
TOO_MANY: Final = "Choose %(most)s responses at most"
UNREADABLE: Final = "One of these responses does not open. Leave it out, and tell your administrator"
SENSITIVE_MISSING: Final = {
    Sensitive.SUBSTANCE_USE: "Choose whether answers about alcohol, drugs, and medicines used differently go with it",
    Sensitive.PREGNANCY: "Choose whether answers about pregnancy and breastfeeding go with it",
}
SUBJECTS: Final = {
    Sensitive.SUBSTANCE_USE: "Answers about alcohol, drugs, and medicines used differently",
    Sensitive.PREGNANCY: "Answers about pregnancy and breastfeeding",
}
_WITH_NOTES: Final = "With the notes of staff. One on the whole may speak of what is left out: read them first."
_FORMATS: Final = {"pdf": "Give out as PDF, to read", "json": "Give out as JSON, for another program"}


@blueprint.get("/responses/<reference>/give-out")
@allow(Role.REVIEWER)
def show_giving(reference: str) -> ResponseReturnValue:
    """Ask what of this person's data is given out, and why."""
    require_lead()
    held = require_held(reference, "response.opened")
    account_view(held, "give-out")
    return draw_first(held, _build_tool(held), responses=list_choices(held), subjects=_list_subjects())


@blueprint.post("/responses/<reference>/give-out")
@allow(Role.REVIEWER)
@keep_typed("clinic.show_giving")
def give_out(reference: str) -> ResponseReturnValue:
    """Return the chosen responses as a file, after a second page that says what is in it."""
    require_lead()
    held = require_held(reference, "response.exported")
    with begin_read(get_services().engine) as connection:
        chosen = [load_held(connection, one) for one in find_chosen(held)]
    problems = {**_find_problems(chosen), **find_reason_problem()}
    if problems:
        account_failure(held, "response.exported", "incomplete")
        return draw_again(held, _build_tool(held), problems, responses=list_choices(held), subjects=_list_subjects())
    with begin_read(get_services().engine) as connection:
        portable = [_gather(connection, held) for held in chosen]
    if not is_confirmed() or request.form.get("action") not in _FORMATS:
        return draw_second(held, _build_confirmation(portable))
    return _give(chosen, portable, request.form["action"])


def _give(chosen: Sequence[Held], portable: Sequence[Portable], form: str) -> Response:
    left_out, has_notes = _list_left_out(), "notes" in request.form
    with begin_read(get_services().engine) as connection:
        authors = {one for held, given in zip(chosen, portable, strict=True) for one in list_authors(held, given.notes)}
        names = name_people(connection, authors)
    if form == "json":
        services = get_services()
        text = dump_person(
            portable,
            names,
            clinic=services.clinic.name if services.clinic else "",
            left_out=left_out,
            has_notes=has_notes,
            has_part_2=services.clinic is not None and services.clinic.has_part_2,
            now=services.now(),
        )
        answer = Response(text, mimetype="application/json")
    else:
        copies = [
            _build_copy(held, given, left_out, names if has_notes else None)
            for held, given in zip(chosen, portable, strict=True)
        ]
        answer = draw_pdf(copies)
        if answer.mimetype != "application/pdf":
            return answer
    answer.headers["Content-Disposition"] = f'attachment; filename="{chosen[0].reference}.{form}"'
    with begin_write(get_services().engine) as connection:
        for given in portable:
            record(
                connection,
                "response.exported",
                subject=given.reference,
                reason=read_reason(),
                format=form,
                left_out=" ".join(sorted(left_out)),
                notes=int(has_notes),
                unreadable=len(given.unopened_versions) + (given.unopened_notes if has_notes else 0),
            )
    return answer


def _gather(connection: Connection, held: Held) -> Portable:
    notes = open_notes(connection, get_services().desk, held.stored.reference)
    return Portable(
        reference=held.stored.reference,
        received_at=held.stored.received_at,
        delete_at=held.stored.delete_at,
        versions=tuple(held.opened[number] for number in sorted(held.opened)),
        # Reasons of staff for using these tools are about the clinic's own work.
        notes=tuple(note for note in notes if note and note.kind != "reason"),
        unopened_versions=tuple(one for one in range(1, held.stored.version + 1) if one not in held.opened),
        unopened_notes=notes.count(None),
    )


def _build_copy(
    held: Held, given: Portable, left_out: frozenset[Sensitive], names: Mapping[str, str] | None
) -> Summary:
    """Return the paper that is given out: the patient's copy, without the companion (W-14), with notes if chosen."""
    opened = held.opened[held.stored.version]
    answers = drop_marked_options(opened.edition, opened.sent.response.answers, left_out)
    staff = None
    if names is not None:
        staff = build_staff_part(held, list_given_notes(given, left_out), names, left_out)
    summary = build_summary(opened.edition, answers, build_staff_frame(opened), staff=staff)
    thinned = leave_out(summary, opened.edition, list_left_out(opened.edition, left_out))
    told = [_tell_unopened(given, has_notes=names is not None)]
    if left_out:
        told.append(translate("Left out: %(subjects)s.") % {"subjects": "; ".join(_name_subjects(left_out))})
    return replace(thinned, disclaimer=" ".join(filter(None, (*told, thinned.disclaimer))))


def _tell_unopened(given: Portable, *, has_notes: bool) -> str:
    """Return the sentence about what cannot be given out; empty where all of it can."""
    parts = [translate("version %(version)s") % {"version": one} for one in given.unopened_versions]
    if has_notes and given.unopened_notes:
        parts.append(say_count("a note of staff", "%(num)s notes of staff", given.unopened_notes))
    return (
        translate("Not in this file, because it does not open: %(what)s.") % {"what": "; ".join(parts)} if parts else ""
    )


def _find_problems(chosen: Sequence[Held]) -> dict[str, str]:
    problems = {}
    if not chosen:
        problems["chosen"] = translate(NONE_CHOSEN)
    elif len(chosen) > MOST_PRINTED:
        problems["chosen"] = translate(TOO_MANY) % {"most": MOST_PRINTED}
    elif any(held.newest is None for held in chosen):
        problems["chosen"] = translate(UNREADABLE)
    for subject, sentence in SENSITIVE_MISSING.items():
        if request.form.get(subject.value) not in {"leave-out", "include"}:
            problems[subject.value] = translate(sentence)
    return problems


def _list_left_out() -> frozenset[Sensitive]:
    return frozenset(subject for subject in SUBJECTS if request.form.get(subject.value) != "include")


def _list_subjects() -> list[tuple[str, str]]:
    return [(subject.value, translate(text)) for subject, text in SUBJECTS.items()]


def _name_subjects(left_out: frozenset[Sensitive]) -> list[str]:
    return [translate(SUBJECTS[subject]).lower() for subject in SUBJECTS if subject in left_out]


def _build_tool(held: Held) -> ToolPage:
    return ToolPage(
        title=translate("Give out this person’s data (%(reference)s)") % {"reference": held.reference},
        lead=[translate("The file holds health information. Hand it only to the person, or to whom they name.")],
        button=translate("Go on"),
        fields="giving",
    )


def _build_confirmation(portable: Sequence[Portable]) -> Confirmation:
    left_out, lines = _list_left_out(), []
    for given in portable:
        line = translate("In the file: %(reference)s") % {"reference": format_reference(given.reference)}
        unopened = _tell_unopened(given, has_notes="notes" in request.form)
        lines.append(f"{line}. {unopened}" if unopened else line)
    lines += [translate("Left out: %(subject)s") % {"subject": text} for text in _name_subjects(left_out)]
    if "notes" in request.form:
        lines.append(translate(_WITH_NOTES))
    else:
        lines.append(translate("Without the notes of staff."))
    return Confirmation(
        title=translate("Give this out?"),
        lines=lines,
        buttons={value: translate(text) for value, text in _FORMATS.items()},
    )
