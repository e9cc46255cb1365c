"""What the clinic sets: one form, at `/clinic/setup` until all is there and at `/clinic/settings` from then on.

Patients see *not open yet* until it was saved once. Nothing that was typed is ever lost here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flask import current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from app.clinic.profile import ClinicSettings, dump_settings, is_stale, list_changes, list_stale, load_settings
from app.desk.doctor_backup import LAST_GOOD
from app.desk.doctor_clinic import look_at_people, look_at_questionnaire
from app.desk.finding import Finding, Look
from app.output.frame import view_contact
from app.storage.chores import find_last_time
from app.storage.clinic_settings import StaleSettingsError, StoredSettings, find_settings, list_settings, save_settings
from app.storage.engine import begin_read, begin_write
from app.storage.people import Role, find_people
from app.web import problems
from app.web.clinic import blueprint
from app.web.clinic.accounting import record
from app.web.clinic.found import Found, view_finding
from app.web.clinic.gate import allow, get_person
from app.web.clinic.kept import NOTICE_KEPT, find_kept, forget_kept, keep_typed
from app.web.clinic.settings_form import NOT_RECEIVING, RECEIVING, Choices, SettingsForm, list_answers
from app.web.clinic.settings_words import name_setting, say_change
from app.web.clinic.words import write_moment
from app.web.i18n import choose_language, translate
from app.web.services import get_services

_UNREADABLE: Final = 422
_CONFLICT: Final = 409
_PAST: Final = 20
_OPENED: Final = "opened"  # set up just now, and not merely changed
_THEIRS: Final = (
    "%(name)s changed the settings while you wrote. What you typed is all below. It differs from what is set now in: "
    "%(names)s. Save again, and yours holds."
)
_YOURS: Final = (
    "You have changed the settings yourself since this page was opened, perhaps in another window. What you typed is "
    "all below. It differs from what is set now in: %(names)s. Save again, and this holds."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpLine:
    """One help line as an administrator has to judge it."""

    name: str
    how: str
    hours: str
    mark: str
    checked_on: str
    is_stale: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Country:
    """One country's help lines."""

    code: str
    name: str
    emergency: str
    lines: tuple[HelpLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question with the answers to it that a list can mark, by `linkId=code`."""

    text: str
    answers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One earlier change of the settings."""

    at: str
    by: str
    names: tuple[str, ...]


@blueprint.get("/setup")
@allow(Role.ADMINISTRATOR)
def show_setup() -> ResponseReturnValue:
    """Show the form until the clinic is open."""
    if get_services().keeper.get().settings is not None:
        return redirect(url_for("clinic.show_settings"), 303)
    return _show("clinic.save_setup")


@blueprint.get("/settings")
@allow(Role.ADMINISTRATOR)
def show_settings() -> ResponseReturnValue:
    """Show what is set."""
    if get_services().keeper.get().settings is None:
        return redirect(url_for("clinic.show_setup"), 303)
    return _show("clinic.save_changes")


@blueprint.post("/setup")
@allow(Role.ADMINISTRATOR)
@keep_typed("clinic.show_setup")
def save_setup() -> ResponseReturnValue:
    """Set the clinic up: patients can begin from now on."""
    return _save("clinic.save_setup")


@blueprint.post("/settings")
@allow(Role.ADMINISTRATOR)
@keep_typed("clinic.show_settings")
def save_changes() -> ResponseReturnValue:
    """Change what is set."""
    return _save("clinic.save_changes")


def _show(action: str) -> ResponseReturnValue:
    with begin_read(get_services().engine) as connection:
        stored = find_settings(connection)
    kept = find_kept()
    held = _read(stored)
    form = SettingsForm(kept, _list_choices(held), held)
    notice = translate(NOTICE_KEPT) if kept else translate("Saved.") if request.args.get("saved") else ""
    seen = _read_seen(kept) if kept else _number(stored)
    return _draw(form, action, seen=seen, notice=notice)


def _save(action: str) -> ResponseReturnValue:
    services = get_services()
    forget_kept()
    with begin_read(services.engine) as connection:
        stored = find_settings(connection)
    held = _read(stored)
    form, seen = SettingsForm(request.form, _list_choices(held), held), _read_seen(request.form)
    settings = form.read()
    if settings is None:
        return _draw(form, action, seen=seen), _UNREADABLE
    changed = list_changes(held, settings)
    if seen != _number(stored):
        return _tell_conflict(form, action, changed)
    if not changed and stored is not None:
        return redirect(url_for("clinic.show_settings"), 303)
    try:
        with begin_write(services.engine) as connection:
            content, who = dump_settings(settings), get_person().id
            save_settings(connection, content, seen=seen, changed_by=who, now=services.now())
            # The first time, say. Each by its name: so many words would soon be more than an entry holds.
            names = "all" if changed == list_changes(None, settings) else " ".join(changed)
            about = {"fields": names} | _say_receiving(held, settings)
            record(connection, "settings.changed", revision=seen + 1, **about)
    except StaleSettingsError:
        return _tell_conflict(form, action, changed)
    services.keeper.forget()
    problems.prepare(current_app)
    return redirect(url_for("clinic.show_settings", saved=_OPENED if stored is None else 1), 303)


def _say_receiving(held: ClinicSettings | None, settings: ClinicSettings) -> dict[str, str]:
    """Return for the log whether answers are received from now on, where that changes."""
    if settings.is_receiving == (held is None or held.is_receiving):
        return {}
    return {"receiving": RECEIVING if settings.is_receiving else NOT_RECEIVING}


def _list_missing() -> list[Found]:
    """Return what the doctor misses before somebody can read a form; old help lines stand on the page anyway."""
    services = get_services()
    if services.settings.is_demo:
        return []
    look = Look(settings=services.settings, engine=services.engine, now=services.now())
    findings = [*look_at_people(look), *look_at_questionnaire(look)]
    with begin_read(services.engine) as connection:
        if find_last_time(connection, LAST_GOOD) is None:
            findings.append(Finding("backup", "none was made yet", "have one made on the server: foreword backup FILE"))
    return [view_finding(finding) for finding in findings]


def _tell_conflict(form: SettingsForm, action: str, changed: tuple[str, ...]) -> ResponseReturnValue:
    services = get_services()
    with begin_read(services.engine) as connection:
        stored = find_settings(connection)
        people = find_people(connection, [stored.changed_by]) if stored else {}
    name = people[stored.changed_by].name if stored and stored.changed_by in people else translate("Somebody else")
    is_own = stored is not None and stored.changed_by == get_person().id
    names = ", ".join(name_setting(one) for one in changed) or translate("nothing")
    notice = translate(_YOURS if is_own else _THEIRS) % {"name": name, "names": names}
    return _draw(form, action, seen=_number(stored), notice=notice), _CONFLICT


def _draw(form: SettingsForm, action: str, *, seen: int, notice: str = "") -> str:
    services = get_services()
    settings = services.keeper.get().settings
    with begin_read(services.engine) as connection:
        past = list_settings(connection, _PAST + 1)
        people = find_people(connection, {stored.changed_by for stored in past})
    names = {person.id: person.name for person in people.values()}
    return render_template(
        "clinic/settings.html",
        form=form,
        address=url_for(action),
        is_setup=action == "clinic.save_setup",
        seen=seen,
        notice=notice,
        missing=_list_missing(),
        is_just_opened=request.args.get("saved") == _OPENED,
        countries=_list_countries(),
        questions=_list_questions(form),
        stale=list_stale(settings, services.keeper.contacts, services.today()) if settings else (),
        past=_list_past(past, names),
        is_open_to_patients=settings is not None,
    )


def _list_choices(held: ClinicSettings | None) -> Choices:
    services = get_services()
    answers = list_answers(services.editions.get_newest().edition, choose_language(), held)
    return Choices(countries=services.keeper.contacts, answers=answers)


def _list_countries() -> list[Country]:
    services = get_services()
    today = services.today()
    countries = []
    for code, entry in services.keeper.contacts.items():
        lines = []
        for line in entry.contacts:
            contact = view_contact(line, translate)
            lines.append(
                HelpLine(
                    name=contact.name,
                    how=contact.how,
                    hours=contact.hours,
                    mark=line.mark,
                    checked_on=line.checked_on,
                    is_stale=is_stale(line.checked_on, today),
                )
            )
        countries.append(Country(code=code, name=entry.country_name, emergency=entry.emergency_tel, lines=tuple(lines)))
    return countries


def _list_questions(form: SettingsForm) -> list[Question]:
    items = get_services().editions.get_newest().edition.items
    grouped: dict[str, list[tuple[str, str]]] = {}
    for answer, display in form.choices.answers.items():
        grouped.setdefault(answer.partition("=")[0], []).append((answer, display))
    language = choose_language()
    return [
        Question(text=items[name].label.to(language) if name in items else name, answers=tuple(answers))
        for name, answers in grouped.items()
    ]


def _list_past(past: list[StoredSettings], names: dict[str, str]) -> list[Change]:
    changes = []
    earlier_ones: list[StoredSettings | None] = [*past[1:], None]
    for stored, earlier in zip(past, earlier_ones if past else (), strict=True):
        if earlier is None and stored.revision > 1:
            break  # what it changed is not known: the one before it was not read
        settings = load_settings(stored.content)
        changed = list_changes(load_settings(earlier.content) if earlier else None, settings)
        changes.append(
            Change(
                at=write_moment(stored.changed_at),
                by=names.get(stored.changed_by, stored.changed_by),
                names=tuple(say_change(name, settings) for name in changed) if earlier else (translate("Everything"),),
            )
        )
    return changes


def _read(stored: StoredSettings | None) -> ClinicSettings | None:
    return load_settings(stored.content) if stored else get_services().keeper.get().settings


def _number(stored: StoredSettings | None) -> int:
    return stored.revision if stored else 0


def _read_seen(typed: MultiDict[str, str]) -> int:
    return typed.get("seen", 0, type=int)
