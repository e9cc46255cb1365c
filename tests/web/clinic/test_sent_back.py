"""Every form of staff that something wrong is sent in: the page comes back, says what, where, and keeps what was typed.

The table has a row for each address that takes a form. One without a row is a button, and is never sent back.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from flask import Flask

from app.desk.staff import JOIN_PATH
from app.storage.engine import begin_write
from app.storage.people import Role, change_activity, find_person_by_login
from app.web.services import get_services
from tests.web.clinic import staff
from tests.web.clinic.colleague import PASSWORD, Colleague, choose_password, invite_as, join_as, join_first
from tests.web.clinic.sender import Sender
from tests.web.clinic.sent_back import Sheet
from tests.web.clinic.soft_key import SoftKey
from tests.web.patient.conftest import Clock
from tests.web.patient.visitor import ORIGIN, Form, Visitor, make_visitor

BEN, CY = "ben@clinic.example", "cy@clinic.example"
MUCH = "Much too long. " * 700
SECRET = "Canary 7731 by heart"

Typed = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True)
class Cast:
    """Everybody who sends a form: of a demonstration, where patients have sent, or of a clinic that is just set up."""

    find_app: Callable[[str], Flask]
    clock: Clock

    def open_page(self, path: str) -> Visitor:
        """Open a page of the demonstration as its lead; `REF` in an address is a response that came in."""
        lead = staff.sign_in(self.find_app("app"), Role.REVIEWER, Role.ADMINISTRATOR)
        reference = Sender(self.find_app("app"), self.clock).send() if "REF" in path else ""
        lead.get(path.replace("REF", reference))
        return lead

    def open_log(self) -> Visitor:
        """Open the audit log."""
        auditor = staff.sign_in(self.find_app("app"), Role.AUDITOR)
        auditor.get("/clinic/audit")
        return auditor

    def join(self) -> Colleague:
        """Join a clinic as its first administrator."""
        return join_first(self.find_app("clinic_app"), self.clock.now)

    def open_own(self, path: str) -> Visitor:
        """Open a page as that administrator."""
        visitor = self.join().visitor
        visitor.get(path)
        return visitor

    def open_link(self) -> Visitor:
        """Open a link to join with, as somebody who is not known yet."""
        app = self.find_app("clinic_app")
        guest = make_visitor(app)
        guest.get(f"{JOIN_PATH}{invite_as(app, self.clock.now, BEN, Role.REVIEWER)}")
        return guest

    def begin_enrolment(self) -> Visitor:
        """Choose a password, and come to the second factor."""
        app = self.find_app("clinic_app")
        return choose_password(app, invite_as(app, self.clock.now, BEN, Role.REVIEWER), BEN)

    def begin(self) -> Visitor:
        """Sign in with the password alone, as somebody who has an app, a passkey and recovery codes."""
        colleague = self.join()
        SoftKey.register(colleague.app, colleague.login)
        return colleague.begin()

    def open_door(self) -> Visitor:
        """Open the sign-in page."""
        guest = make_visitor(self.find_app("clinic_app"))
        guest.get("/clinic/sign-in")
        return guest

    def open_self(self) -> Visitor:
        """Open the page of the only administrator, as they themselves."""
        colleague = self.join()
        visitor = colleague.visitor
        visitor.get(f"/clinic/people/{find_person_id(colleague.app, colleague.login)}")
        return visitor

    def open_person_who_is_closed_meanwhile(self) -> Visitor:
        """Open somebody's page, on which they look as they were a moment ago."""
        colleague = self.join()
        app, visitor = colleague.app, colleague.visitor
        join_as(app, self.clock.now, BEN, Role.REVIEWER)
        person_id = find_person_id(app, BEN)
        visitor.get(f"/clinic/people/{person_id}")
        with app.app_context(), begin_write(get_services().engine) as connection:
            change_activity(connection, person_id, is_active=False)
        return visitor


@dataclass(frozen=True)
class Case:
    """One form that is sent with something wrong in it: who opens its page, what they type, and what is found wrong."""

    rule: str
    open: Callable[[Cast], Visitor]
    typed: Typed
    wrong: frozenset[str]
    unkept: frozenset[str] = frozenset()
    """What is not on the page again, beside passwords: codes, and what is in no list to choose from."""
    button: str = "save"


def case(
    rule: str, opened: Callable[[Cast], Visitor], typed: Typed, wrong: str, *, unkept: str = "", button: str = "save"
) -> Case:
    return Case(f"/clinic{rule}", opened, typed, frozenset(wrong.split()), frozenset(unkept.split()), button)


def at(path: str) -> Callable[[Cast], Visitor]:
    return lambda cast: cast.open_page(f"/clinic{path}")


def own(path: str) -> Callable[[Cast], Visitor]:
    return lambda cast: cast.open_own(f"/clinic{path}")


RESPONSE = "/responses/<reference>"
SETTINGS: Typed = {
    "name": " ",
    "contact": MUCH,
    "time_zone": "Moon/Base",
    "country": "QQ",
    "emergency": "ring them",
    "others": ["QQ", "GB"],
    "reading_days": "soon",
    "retention_days": "-1",
    "protocol_owner": "",
    "receiving": "perhaps",
    "pause_note": "x" * 999,
    "privacy": MUCH,
    "minors": "ask",
    "part_2": "unsure",
    "marked": ["heart-disease=perhaps", "suicidal-thoughts=yes"],
    "notice_to": "desk at elm\nnurse@elm.example",
}
CASES = (
    case(
        "/responses",
        at("/responses"),
        {
            "name": "\u200b",
            "birth": "soon",
            "reference": "no reference",
            "since": "2026-05-03",
            "until": "2026-05-02",
            "who": "no such!",
            "item": "no such!",
            "edition": "no such!",
            "state": ["reviewed"],
            "order": "newest",
        },
        "name birth reference until who item edition",
    ),
    case(
        f"{RESPONSE}/review",
        at("/responses/REF"),
        {"note": MUCH, "note-heart-disease": MUCH, "note-age": "Says 37", "call-on": "2026-02-03"},
        "note note-heart-disease",
        button="complete",
    ),
    case(f"{RESPONSE}/review", at("/responses/REF"), {"note": " "}, "note", button="note"),
    case(f"{RESPONSE}/review", at("/responses/REF"), {"note": "Called", "call-on": ""}, "call-on", button="call"),
    case(f"{RESPONSE}/review", at("/responses/REF"), {"note": "Hi", "call-on": "2020-01-01"}, "call-on", button="call"),
    case(
        f"{RESPONSE}/correct",
        at("/responses/REF/correct"),
        {
            "name": "",
            "birth": "soon",
            "contact": "x" * 999,
            "appointment": "later",
            "about": "no-such-question",
            "note-text": MUCH.strip(),
            "words": MUCH,
        },
        "name birth contact appointment about note-text words reason",
        unkept="about",
    ),
    case(f"{RESPONSE}/correct", at("/responses/REF/correct"), {"reason": "error"}, "name"),
    case(
        f"{RESPONSE}/correct",
        at("/responses/REF/correct"),
        {"birth": "2190-05-03", "name": "x" * 999, "note-text": "It is right", "reason": "law"},
        "name birth about",
    ),
    case(f"{RESPONSE}/erase", at("/responses/REF/erase"), {"chosen": []}, "chosen reason"),
    case(f"{RESPONSE}/erase", at("/responses/REF/erase"), {}, "reason"),
    case(
        f"{RESPONSE}/give-out",
        at("/responses/REF/give-out"),
        {"chosen": [], "pregnancy": "include", "notes": []},
        "chosen substance-use reason",
    ),
    case(f"{RESPONSE}/hold", at("/responses/REF/hold"), {"words": MUCH}, "reason words"),
    case(f"{RESPONSE}/restrict", at("/responses/REF/restrict"), {"reason": "law", "words": MUCH}, "words"),
    case(
        "/export",
        at("/export"),
        {
            "since": "2026-05-03",
            "until": "2026-05-02",
            "edition": "none",
            "state": ["new", "none"],
            "form": "xlsx",
            "include": ["identity", "pregnancy"],
            "leave-out": ["own-words"],
        },
        "until edition state form",
        unkept="edition form state",
    ),
    case("/export", at("/export"), {"since": "soon", "until": "9999-12-31", "form": "json-lines"}, "since until"),
    case(
        "/audit",
        Cast.open_log,
        {"person": "no one!", "action": "no act!", "reference": "Ana María", "since": "soon", "until": "2026-02-30"},
        "person action reference since until",
        unkept="person action",
    ),
    case("/audit/export", Cast.open_log, {"reference": "Ana María", "since": "soon"}, "reference since"),
    case("/people", at("/people"), {"name": " ", "login": "ben"}, "name login role-reviewer"),
    case("/people", at("/people"), {"name": "Ben Roe", "login": "ben", "role": ["auditor"]}, "login"),
    case("/people/<person_id>/roles", Cast.open_self, {"role": []}, "role-reviewer"),
    case("/people/<person_id>/roles", Cast.open_self, {"role": ["reviewer", "auditor"]}, "role-reviewer"),
    case("/people/<person_id>/disable", Cast.open_self, {}, "close"),
    case("/people/<person_id>/reset", Cast.open_person_who_is_closed_meanwhile, {}, "open"),
    case(
        "/settings",
        at("/settings"),
        SETTINGS,
        " ".join(SETTINGS),
        unkept="time_zone country receiving minors part_2 others marked",
    ),
    case(
        "/setup",
        own("/setup"),
        SETTINGS,
        " ".join(SETTINGS),
        unkept="time_zone country receiving minors part_2 others marked",
    ),
    case("/join/<secret>", Cast.open_link, {"name": " ", "new-password": SECRET[:9]}, "name new-password"),
    case(
        "/join/<secret>",
        Cast.open_link,
        {"name": "Ben Roe", "new-password": SECRET, "new-password-again": SECRET[::-1]},
        "new-password-again",
    ),
    case("/enrol/app", Cast.begin_enrolment, {"code": "123456"}, "code", unkept="code"),
    case("/enrol/passkey", Cast.begin_enrolment, {"passkey-name": "My phone", "credential": "{}"}, "passkey-name"),
    case("/sign-in", Cast.open_door, {"login": "nobody@clinic.example", "password": SECRET}, "login"),
    case("/sign-in/passkey", Cast.open_door, {"credential": "{}"}, "passkey"),
    case("/sign-in/code", Cast.begin, {"code": "123456"}, "code", unkept="code"),
    case("/sign-in/code", Cast.begin, {"code": "7" * 24}, "recovery-code", unkept="code"),
    case("/sign-in/recovery", Cast.begin, {"recovery-code": SECRET}, "recovery-code", unkept="recovery-code"),
    case("/sign-in/second", Cast.begin, {"credential": "{}"}, "passkey"),
    case(
        "/account/password",
        own("/account/password"),
        {"password": SECRET, "new-password": SECRET[:9], "new-password-again": SECRET},
        "password new-password",
    ),
    case(
        "/account/password",
        own("/account/password"),
        {"password": PASSWORD, "new-password": SECRET, "new-password-again": PASSWORD},
        "new-password-again",
    ),
    case("/account/app", own("/account/app"), {"code": "123456", "password": SECRET}, "password", unkept="code"),
    case("/account/app", own("/account/app"), {"code": "123456", "password": PASSWORD}, "code", unkept="code"),
    case(
        "/account/passkey",
        own("/account/passkey"),
        {"passkey-name": "My phone", "passkey-password": SECRET, "credential": "{}"},
        "passkey-password",
    ),
    case(
        "/account/passkey",
        own("/account/passkey"),
        {"passkey-name": "My phone", "passkey-password": PASSWORD, "credential": "{}"},
        "passkey-name",
    ),
    case("/account/recovery-codes", own("/account/recovery-codes"), {"password": SECRET}, "password"),
    case("/account/remove", own("/account/remove"), {"password": PASSWORD}, "factor"),
    case("/account/remove", own("/account/remove"), {"password": PASSWORD, "factor": "app"}, "factor"),
)

# Nothing is typed there, so that nothing can be wrong.
BUTTONS = {
    "/clinic/account/sessions/<handle>/end": "ends a session that is there, or none",
    "/clinic/audit/verify": "proves the log",
    "/clinic/demonstration": "signs in as one of those who are named on the buttons",
    "/clinic/people/<person_id>/enable": "opens an account, also one that is open",
    "/clinic/responses/next/claim": "takes the response that has waited longest, or none",
    "/clinic/sign-out": "ends the session",
}


@pytest.fixture
def cast(request: pytest.FixtureRequest, clock: Clock) -> Cast:
    """Give everybody, each in the application that their form needs."""
    return Cast(request.getfixturevalue, clock)


def find_person_id(app: Flask, login: str) -> str:
    with app.app_context(), begin_write(get_services().engine) as connection:
        person = find_person_by_login(connection, login)
    assert person is not None
    return person.id


def find_form(visitor: Visitor, rule: str) -> Form:
    """Return the form of the page that goes to an address of this kind."""
    pattern = re.compile(re.sub("<[^>]+>", "[^/]+", rule))
    return next(form for form in visitor.document.forms if pattern.fullmatch(urlsplit(form.action).path))


def list_rules(app: Flask) -> set[str]:
    """Return every address of staff that takes a form."""
    return {
        rule.rule
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/clinic/") and "POST" in (rule.methods or ())
    }


def test_every_form_of_staff_has_a_row(app: Flask) -> None:
    known = {one.rule for one in CASES}
    assert not known & BUTTONS.keys()
    assert sorted(list_rules(app) ^ (known | BUTTONS.keys())) == []


def name_case(one: Case) -> str:
    return f"{one.rule.removeprefix('/clinic')} {' '.join(sorted(one.wrong))}"[:60]


@pytest.mark.parametrize("one", CASES, ids=name_case)
def test_what_is_wrong_is_said_at_its_control_and_what_was_typed_is_still_there(cast: Cast, one: Case) -> None:
    # Given a page with a form
    visitor = one.open(cast)
    # When something wrong is sent in it
    visitor.post(one.typed, form=find_form(visitor, one.rule), action=one.button)
    # Then the page says so above, leads to each control, and describes it
    assert visitor.status == 422, visitor.document.text
    assert visitor.last is not None
    sheet = Sheet(visitor.last.text)
    assert sheet.list_faults() == []
    (summary,) = sheet.list_classed("error-summary")
    links = [element.values["href"] for element in summary.walk() if element.tag == "a"]
    assert set(links) == {f"#{name}" for name in one.wrong}
    # And all that was typed is in its place, but what must not be
    passwords = {element.values["name"] for element in sheet.root.walk() if element.values.get("type") == "password"}
    gone = passwords | one.unkept | {"credential"}
    typed = {name: [value] if isinstance(value, str) else list(value) for name, value in one.typed.items()}
    assert {name: sheet.read(name) for name in typed if name not in gone} == {
        name: values for name, values in typed.items() if name not in gone
    }
    assert not [name for name in typed if name in gone and sheet.read(name) == typed[name]]
    assert SECRET not in visitor.last.text


@pytest.mark.parametrize("rule", BUTTONS)
def test_a_button_is_never_sent_back(app: Flask, rule: str) -> None:
    for roles in ((Role.REVIEWER, Role.ADMINISTRATOR), (Role.AUDITOR,)):
        visitor = staff.sign_in(app, *roles)
        visitor.get("/clinic/account")
        token = find_form(visitor, "/clinic/sign-out").fields["csrf_token"]
        path = re.sub("<[^>]+>", "0" * 32, rule)
        typed = {"csrf_token": token, "as": ["nobody"], "since": ["soon"], "action": ["nothing"]}
        answer = visitor.client.post(path, data=typed, base_url=ORIGIN, headers={"Sec-Fetch-Site": "same-origin"})
        assert answer.status_code in {303, 403, 404}
