"""A response as a summary: the same object for the staff page, the clinic's paper and what a patient is given.

It must never leave an answer out without saying so on the paper.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import pairwise

from flask import abort, url_for

from app.desk.opening import Note, OpenedVersion
from app.output.frame import REDISCLOSURE, Sent, build_frame
from app.questionnaire.compare import Given, compare_answers
from app.questionnaire.leave_out import drop_marked_options, list_left_out
from app.questionnaire.model import Sensitive
from app.questionnaire.summary import Frame, build_summary
from app.questionnaire.summary_model import NoteView, StaffPart, Summary, VersionView
from app.vault.reference import format_reference
from app.web.clinic.opened import Held
from app.web.clinic.words import write_moment
from app.web.i18n import choose_language, translate
from app.web.services import get_services


def build_staff_frame(opened: OpenedVersion, newest: int = 1) -> Frame:
    """Return what stands around the answers of a version for people of the clinic, dated by its sending.

    Where there are several versions, it says which of them this is; `newest` is the number of the last.
    """
    services, reference = get_services(), format_reference(opened.reference)
    if services.clinic is None:
        abort(503)
    sent = Sent(
        reference=reference,
        patient=opened.sent.patient,
        sent_at=opened.sent_at,
        address=services.settings.clinic_url + url_for("clinic.show_response", reference=reference),
        remark=_say_version(opened.version, newest),
        has_contact=True,
        redisclosure=REDISCLOSURE if services.clinic.has_part_2 else "",
    )
    return build_frame(
        services.clinic,
        language=choose_language(),
        today=services.localize(opened.sent_at).date(),
        translate=translate,
        sent=sent,
    )


def build_clinic_summary(
    opened: OpenedVersion, *, newest: int, has_companion: bool = False, staff: StaffPart | None = None
) -> Summary:
    """Return the clinic's copy of a version; `newest` is the number of the last one."""
    frame = build_staff_frame(opened, newest)
    return build_summary(opened.edition, opened.sent.response.answers, frame, has_companion=has_companion, staff=staff)


def build_staff_part(
    held: Held, notes: Iterable[Note | None], names: Mapping[str, str], left_out: Collection[Sensitive] = ()
) -> StaffPart:
    """Return what the clinic wrote and what changed, for the paper; a note that does not open is named as such.

    Of several answers to one question, those that speak of what is left out are not among what changed.
    """
    versions = list_later_versions(held, names, left_out)
    return StaffPart(notes=tuple(_list_notes(held, notes, names)), versions=tuple(versions))


def list_later_versions(
    held: Held, names: Mapping[str, str], left_out: Collection[Sensitive] = ()
) -> list[VersionView]:
    """Return each version after the first with what it changed; one that does not open changes nothing here."""
    found = [held.opened[one.version] for one in held.versions if one.version in held.opened]
    return [view_version(earlier, later, names, left_out) for earlier, later in pairwise(found)]


def view_version(
    earlier: OpenedVersion, later: OpenedVersion, names: Mapping[str, str], left_out: Collection[Sensitive] = ()
) -> VersionView:
    """Return what a later version changed in the answers, who made it, and when."""
    by = later.sent.corrected_by
    gone = list_left_out(earlier.edition, left_out) | list_left_out(later.edition, left_out)
    changes = compare_answers(give(earlier, left_out), give(later, left_out), build_staff_frame(later))
    return VersionView(
        title=translate("Version %(version)s") % {"version": later.version},
        who=names.get(by, "") if by else translate("the patient"),
        when=write_moment(later.sent_at),
        reason=later.sent.reason or "",
        changes=tuple(change for change in changes if change.link_id not in gone),
    )


def give(opened: OpenedVersion, left_out: Collection[Sensitive] = ()) -> Given:
    """Return a version as one side of a comparison, which tells nothing of what is left out."""
    answers = opened.sent.response.answers
    return Given(edition=opened.edition, answers=answers, told=drop_marked_options(opened.edition, answers, left_out))


def list_authors(held: Held, notes: Sequence[Note | None]) -> set[str]:
    """Return the ids of everybody who wrote something on a response."""
    correctors = {one.sent.corrected_by for one in held.opened.values()}
    return {author for author in (*correctors, *(note.author for note in notes if note)) if author}


def _say_version(shown: int, newest: int) -> str:
    if max(shown, newest) == 1:
        return ""
    text = translate("Version %(number)s.") if shown >= newest else translate("Version %(number)s of %(last)s.")
    return text % {"number": shown, "last": newest}


def _list_notes(held: Held, notes: Iterable[Note | None], names: Mapping[str, str]) -> list[NoteView]:
    newest, views = held.newest, []
    for note in notes:
        if note is None:
            views.append(NoteView(who="", when="", about="", text=translate("A note cannot be opened.")))
            continue
        item = newest.edition.items.get(note.link_id) if newest else None
        views.append(
            NoteView(
                who=names[note.author],
                when=write_moment(note.written_at),
                about=item.label.to(choose_language()) if item else "",
                text=note.text,
            )
        )
    return views
