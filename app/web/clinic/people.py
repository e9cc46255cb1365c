"""The people of the clinic, for its administrators: who there is, what they may do, and links for those who join."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection
from werkzeug.exceptions import NotFound

from app.desk.staff import JOIN_PATH, invite, is_last_administrator, reset
from app.storage.access import find_access
from app.storage.engine import begin_read, begin_write
from app.storage.invitations import INVITATION_LIFE, Purpose, revoke_invitations
from app.storage.people import (
    LoginTakenError,
    Person,
    Role,
    change_activity,
    change_roles,
    create_person,
    find_person,
    hold_people,
    list_people,
)
from app.storage.sessions import end_sessions_of
from app.web.clinic import blueprint
from app.web.clinic.accounting import record
from app.web.clinic.address import read_word
from app.web.clinic.gate import account_refusal, allow, get_person
from app.web.clinic.identity.current import get_access
from app.web.clinic.identity.typed import find_login_problem, find_name_problem
from app.web.clinic.identity.words import CLOSED_MEANWHILE, LAST_ADMINISTRATOR, LOGIN_TAKEN, ROLE_MISSING, say_problem
from app.web.clinic.kept import NOTICE_KEPT, find_kept, forget_kept, keep_typed
from app.web.clinic.moments import say_moment
from app.web.clinic.person_data import Confirmation, is_confirmed
from app.web.i18n import translate
from app.web.services import get_services

_ROLES, _CLOSE, _OPEN, _RESET = "role-reviewer", "close", "open", "reset"
"""What a fault on these pages can be about: the first of the roles, and the buttons."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonView:
    """Somebody as the pages show them."""

    id: str
    name: str
    login: str
    roles: str
    state: str
    signed_in: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleView:
    """A role to choose, and what it is for."""

    value: str
    name: str
    help: str
    is_chosen: bool


@blueprint.get("/people")
@allow(Role.ADMINISTRATOR)
def show_people() -> ResponseReturnValue:
    """Show who there is, and invite somebody."""
    kept = find_kept()
    if kept is None:
        return _draw_people()
    roles = frozenset(role for role in Role if role.value in kept.getlist("role"))
    said = translate(NOTICE_KEPT)
    return _draw_people(name=kept.get("name", ""), login=kept.get("login", ""), roles=roles, said=said)


@blueprint.post("/people")
@allow(Role.ADMINISTRATOR)
@keep_typed("clinic.show_people")
def invite_person() -> ResponseReturnValue:
    """Make a link for somebody new, and show it once."""
    forget_kept()
    name, login, roles = request.form.get("name", ""), request.form.get("login", ""), _read_roles()
    problems = find_name_problem("name", name) | find_login_problem("login", login)
    if not roles:
        problems[_ROLES] = say_problem(ROLE_MISSING)
    if not problems:
        services = get_services()
        now = services.now()
        try:
            with _change_people() as connection:
                person = create_person(connection, login=login, name=name.strip(), roles=roles, now=now)
                secret = invite(connection, person, Purpose.PERSON, now)
                record(connection, "person.invited", subject=person.id, roles=_write_roles(roles))
        except LoginTakenError:
            problems["login"] = say_problem(LOGIN_TAKEN)
        else:
            return _show_link(person, secret)
    return _draw_people(problems, name=name, login=login, roles=roles), HTTPStatus.UNPROCESSABLE_ENTITY


@blueprint.get("/people/<person_id>")
@allow(Role.ADMINISTRATOR)
def show_person(person_id: str) -> ResponseReturnValue:
    """Show what can be changed about somebody."""
    return _draw_person(_find(person_id))


@blueprint.post("/people/<person_id>/roles")
@allow(Role.ADMINISTRATOR)
def change_person_roles(person_id: str) -> ResponseReturnValue:
    """Give somebody other roles; their next page begins a session with a new id."""
    person, roles = _find(person_id), _read_roles()
    if not roles:
        return _refuse(person, _ROLES, ROLE_MISSING, roles)
    with _change_people() as connection:
        if Role.ADMINISTRATOR not in roles and is_last_administrator(connection, person):
            return _refuse(person, _ROLES, LAST_ADMINISTRATOR, roles)
        if Role.ADMINISTRATOR not in roles and person.id == get_person().id and not is_confirmed():
            return _ask_again(person, _confirm_stepping_down())
        change_roles(connection, person.id, roles)
        record(connection, "person.changed", subject=person.id, roles=_write_roles(roles))
    return _draw_person(_find(person_id), said=translate("The roles are changed."))


@blueprint.post("/people/<person_id>/disable")
@allow(Role.ADMINISTRATOR)
def disable_person(person_id: str) -> ResponseReturnValue:
    """Keep somebody out, at once and wherever they are signed in."""
    person, services = _find(person_id), get_services()
    with _change_people() as connection:
        if is_last_administrator(connection, person):
            return _refuse(person, _CLOSE, LAST_ADMINISTRATOR)
        if not is_confirmed():
            return _ask_again(person, _confirm_closing(person))
        change_activity(connection, person.id, is_active=False)
        end_sessions_of(connection, person.id, services.now())
        revoke_invitations(connection, person.id)
        record(connection, "person.disabled", subject=person.id)
    return _draw_person(_find(person_id), said=translate("The account is closed. Nobody can sign in with it."))


@blueprint.post("/people/<person_id>/enable")
@allow(Role.ADMINISTRATOR)
def enable_person(person_id: str) -> ResponseReturnValue:
    """Let somebody in again who was kept out."""
    person = _find(person_id)
    with _change_people() as connection:
        change_activity(connection, person.id, is_active=True)
        record(connection, "person.enabled", subject=person.id)
    return _draw_person(_find(person_id), said=translate("The account is open again."))


@blueprint.post("/people/<person_id>/reset")
@allow(Role.ADMINISTRATOR)
def reset_person(person_id: str) -> ResponseReturnValue:
    """Take away somebody's password and factors, and make a link with which they choose new ones."""
    person = _find(person_id)
    if person.id == get_person().id or person.is_demonstration:
        raise NotFound
    with _change_people() as connection:
        now = find_person(connection, person.id)
        if now is None or not now.is_active:
            return _refuse(now or person, _OPEN, CLOSED_MEANWHILE)
        if is_last_administrator(connection, now):
            return _refuse(now, _RESET, LAST_ADMINISTRATOR)
        if not is_confirmed():
            return _ask_again(person, _confirm_reset(person))
        secret = reset(connection, person, get_services().now())
        record(connection, "person.changed", subject=person.id, change="reset")
    return _show_link(person, secret)


@contextmanager
def _change_people() -> Iterator[Connection]:
    """Give a transaction in which nobody else changes anybody, while whoever asks for it runs the clinic.

    Where they do not any more, as their account was closed or their role taken since the request came in, the block
    does not begin. That is accounted for, and the request ends on the way to a page that is closed to them.
    """
    access = get_access()
    with begin_write(get_services().engine) as connection:
        hold_people(connection)
        now = find_access(connection, access.person.id)
        is_still = now is not None and now.uniquifier == access.uniquifier and now.person.has_role(Role.ADMINISTRATOR)
        if is_still:
            yield connection
        else:
            account_refusal(connection)
    if not is_still:
        abort(redirect(url_for("clinic.show_people"), 303))


def _confirm_closing(person: Person) -> Confirmation:
    return Confirmation(
        title=translate("Close this account?"),
        lines=[
            _name(person),
            translate("They are signed out everywhere at once, and cannot sign in."),
            translate("A link that was made for them opens nothing any more."),
            translate("What they did stays in the log. The account can be opened again."),
        ],
        buttons={"yes": translate("Yes, close the account")},
    )


def _confirm_reset(person: Person) -> Confirmation:
    lost = translate(
        "Their password, app, passkeys and recovery codes stop working at once. They are signed out everywhere."
    )
    return Confirmation(
        title=translate("Make a new link?"),
        lines=[
            _name(person),
            *([lost] if person.joined_at else []),
            translate("A link that was made for them before opens nothing any more."),
            translate("You are shown a link to hand over. It works once, for a day."),
        ],
        buttons={"yes": translate("Yes, make a new link")},
    )


def _confirm_stepping_down() -> Confirmation:
    return Confirmation(
        title=translate("Give up your role as administrator?"),
        lines=[translate("You cannot open this page any more. Another administrator can give the role back to you.")],
        buttons={"yes": translate("Yes, give it up")},
    )


def _ask_again(person: Person, confirmation: Confirmation) -> str:
    """Return the second page: what will happen, and the button that makes it happen."""
    return render_template(
        "clinic/tool_confirm.html",
        confirmation=confirmation,
        action=request.path,
        fields=[("role", role) for role in request.form.getlist("role")],
        back=url_for("clinic.show_person", person_id=person.id),
        back_text=translate("No, back to this person"),
    )


def _name(person: Person) -> str:
    return translate("%(name)s, who signs in as %(login)s") % {"name": person.name, "login": person.login}


def _find(person_id: str) -> Person:
    try:
        asked = read_word(person_id)
    except ValueError:
        raise NotFound from None
    with begin_read(get_services().engine) as connection:
        person = find_person(connection, asked)
    if person is None:
        raise NotFound
    return person


def _refuse(person: Person, control: str, sentence: str, roles: frozenset[Role] | None = None) -> ResponseReturnValue:
    """Return somebody's page with what to do, at the control that it is about, and with the roles that were chosen."""
    page = _draw_person(person, problems={control: say_problem(sentence)}, roles=roles)
    return page, HTTPStatus.UNPROCESSABLE_ENTITY


def _show_link(person: Person, secret: str) -> ResponseReturnValue:
    services = get_services()
    address = f"{services.settings.clinic_url}{JOIN_PATH}{secret}"
    until = say_moment(services.now() + INVITATION_LIFE)
    return render_template("clinic/person_link.html", person=person, address=address, until=until)


def _draw_people(
    problems: Mapping[str, str] | None = None,
    *,
    name: str = "",
    login: str = "",
    roles: frozenset[Role] = frozenset(),
    said: str = "",
) -> str:
    with begin_read(get_services().engine) as connection:
        people = list_people(connection)
    return render_template(
        "clinic/people.html",
        people=[_view(person) for person in people],
        problems=problems or {},
        name=name,
        login=login,
        roles=_list_roles(roles),
        said=said,
    )


def _draw_person(
    person: Person,
    *,
    problems: Mapping[str, str] | None = None,
    roles: frozenset[Role] | None = None,
    said: str = "",
) -> str:
    can_reset = person.is_active and not person.is_demonstration and person.id != get_person().id
    return render_template(
        "clinic/person.html",
        person=_view(person),
        is_active=person.is_active,
        can_reset=can_reset,
        roles=_list_roles(person.roles if roles is None else roles),
        problems=problems or {},
        said=said,
    )


def _view(person: Person) -> PersonView:
    return PersonView(
        id=person.id,
        name=person.name,
        login=person.login,
        roles=", ".join(role.name for role in _list_roles(person.roles) if role.is_chosen),
        state=_name_state(person),
        signed_in=say_moment(person.signed_in_at) if person.signed_in_at else translate("never"),
    )


def _name_state(person: Person) -> str:
    if not person.is_active:
        return translate("closed")
    return translate("open") if person.joined_at else translate("invited")


def _list_roles(chosen: frozenset[Role]) -> list[RoleView]:
    described = {
        Role.REVIEWER: (translate("Reviewer"), translate("reads, notes, prints and exports answers")),
        Role.ADMINISTRATOR: (translate("Administrator"), translate("runs the clinic, and reads no answers")),
        Role.AUDITOR: (translate("Auditor"), translate("sees who did what, and no answers")),
    }
    return [
        RoleView(value=role.value, name=name, help=text, is_chosen=role in chosen)
        for role, (name, text) in described.items()
    ]


def _read_roles() -> frozenset[Role]:
    return frozenset(role for role in Role if role.value in request.form.getlist("role"))


def _write_roles(roles: frozenset[Role]) -> str:
    return " ".join(role for role in Role if role in roles)
