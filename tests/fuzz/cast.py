"""Everybody who sends: signed in for real once, with what a page of theirs would hold, and made anew when it is spent.

Beside the server that is tried, the same program stands here on the same database and keys. It makes drafts, sessions
and responses that cost the campaign no request, and opens what was sealed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from typing import Final

from flask import Flask
from sqlalchemy import Engine

from app.desk.looking import Sought, seal_sought
from app.desk.staff import invite
from app.questionnaire.answer import Answer, Text
from app.questionnaire.refill import fill_controls
from app.storage.access import find_access
from app.storage.drafts import Draft, create_draft, find_draft, save_draft
from app.storage.engine import begin_read, begin_write
from app.storage.invitations import Purpose
from app.storage.people import Role, create_person, find_person_by_login
from app.storage.responses import find_receipt
from app.storage.sessions import find_session
from app.vault.codes import encode_secret, hash_receipt, make_secret, parse_resume_code
from app.vault.reference import format_reference, parse_reference
from app.vault.staff import hash_token
from app.web.clinic.identity.signing import let_in
from app.web.clinic.session import is_alive
from app.web.services import Services, get_services
from tests.bench.signin import RealClock
from tests.browser.patient import list_examples, load_edition, read_answers
from tests.web.clinic.colleague import Colleague, join_as
from tests.web.clinic.sender import Sender
from tests.web.clinic.staff import COOKIE as STAFF
from tests.web.patient.conftest import Clock
from tests.web.patient.sender import WHO
from tests.web.patient.sender import send as send_form
from tests.web.patient.visitor import ORIGIN, Document, Visitor, make_visitor

DRAFT: Final = "__Host-foreword-draft"
SESSION: Final = "__Host-foreword"
HOST: Final = ORIGIN.removeprefix("https://")
SENTINELS: Final = ("sentinel-draft", "sentinel-sent")
STAFF_ROLES: Final = {
    "reviewer": (Role.REVIEWER,),
    "administrator": (Role.ADMINISTRATOR,),
    "auditor": (Role.AUDITOR,),
    "lead": (Role.REVIEWER, Role.ADMINISTRATOR),
}
PATIENTS: Final = ("patient-new", "patient-part", "patient-checked", "patient-sent")
HALF_IN: Final = ("pending", "joining")
"""Somebody whose password was right and whose code is still to come, and somebody who sets up their first one."""
ROLES: Final = ("nobody", *PATIENTS, *SENTINELS, *STAFF_ROLES, *HALF_IN)
CANARY: Final = "Kanarienvogel Würger 7731: is it “safe” with tea?"
"""What the sentinels' drafts and responses say, and no other: whoever else reads it reads another's answers."""


@dataclass
class Cast:
    """All of them; `known` is what stands for the placeholders of a recipe, by role."""

    app: Flask
    clock: RealClock
    known: dict[str, dict[str, str]] = field(default_factory=dict)
    people: dict[str, Colleague] = field(default_factory=dict)
    stages: dict[str, Draft] = field(default_factory=dict)
    made: Counter[str] = field(default_factory=Counter)
    sentinel_drafts: list[str] = field(default_factory=list)
    sentinel_references: list[str] = field(default_factory=list)

    @property
    def services(self) -> Services:
        """Return what the program beside the server works with."""
        with self.app.app_context():
            return get_services()

    @property
    def engine(self) -> Engine:
        """Return its database."""
        return self.services.engine

    def assemble(self) -> None:
        """Bring everybody in."""
        style = next(link for link in read_links(make_visitor(self.app)) if link.startswith("/static/"))
        self.known["nobody"] = {"cookie": "", "token": "none", "draft": "0" * 32, "revision": "1"}
        self.known["nobody"]["asset"] = style.rpartition("/")[2]
        for role, roles in STAFF_ROLES.items():
            self.people[role] = join_as(self.app, self.clock(), f"{role}@clinic.example", *roles)
            self._sign_in_for_real(self.people[role])
            self._note_staff(role, self.people[role].visitor)
        self._bring_patients()
        self._note_half_in()
        self.replenish()
        self._review_sentinels()

    def _review_sentinels(self) -> None:
        """Read, note and mark what the sentinel sent, and keep a second response in somebody's hands."""
        with begin_read(self.engine) as connection:
            sent = find_receipt(connection, hash_receipt(parse_resume_code(self.known["sentinel-sent"]["code"])))
        assert sent is not None
        other = Sender(self.app, Clock(self.clock() - timedelta(days=2)), name="Second Sentinel", birth=(1951, 2, 3))
        other.answers = {**other.answers, "questions-for-doctor": Text(CANARY)}
        held = other.send()
        self.sentinel_references = [sent.reference, parse_reference(held)]
        lead = self.people["lead"].visitor
        for reference, action in ((format_reference(sent.reference), "complete"), (held, "claim")):
            lead.get(f"/clinic/responses/{reference}")
            lead.post(
                {"note": f"{CANARY} {action}"},
                form=lead.find_form(f"/clinic/responses/{reference}/review"),
                action=action,
            )
            assert lead.status == HTTPStatus.OK, lead.document.text

    @staticmethod
    def _sign_in_for_real(colleague: Colleague) -> None:
        """Sign in with password and recovery code: a code of the app was good just now, and is good once."""
        visitor = colleague.begin()
        form = visitor.find_form("/clinic/sign-in/recovery")
        visitor.post({"recovery-code": colleague.codes[0]}, form=form)
        assert "/sign-in" not in visitor.path, visitor.document.text

    def _bring_patients(self) -> None:
        answers = next(read_answers(example) for example in list_examples() if example.name == "Test Patient B")
        new, part, *_, checked = self._walk(answers)
        self.stages = {"patient-new": new, "patient-part": part, "patient-checked": checked, "patient-sent": checked}
        *_, told = self._walk({**answers, "questions-for-doctor": Text(CANARY)})
        self.stages |= dict.fromkeys(SENTINELS, told)
        for role in (*PATIENTS, *SENTINELS):
            self.renew(role)
        self.sentinel_drafts = [self.known[role]["draft"] for role in SENTINELS]

    def _walk(self, answers: Mapping[str, Answer]) -> list[Draft]:
        """Answer every page as the answers say; return the draft at the beginning, half-way and at the end."""
        visitor = make_visitor(self.app)
        visitor.start()
        stages = [self._take(visitor)]
        while visitor.path != "/check":
            form = visitor.document.forms[0]
            typed: dict[str, Sequence[str]] = {}
            for link_id in form.fields.get("asked", [""])[0].split():
                typed |= fill_controls(load_edition().items[link_id], answers.get(link_id))
            visitor.post(typed, form=form)
            stages.append(self._take(visitor))
        return [stages[0], stages[len(stages) // 2], stages[-1]]

    def _take(self, visitor: Visitor) -> Draft:
        draft = self._open(read_cookie(visitor, DRAFT))
        assert draft is not None
        return draft

    def _open(self, code: str) -> Draft | None:
        with begin_read(self.engine) as connection:
            return find_draft(connection, parse_resume_code(code), self.clock())

    def is_alive(self, role: str) -> bool:
        """Tell whether somebody still has what they came with: a draft, or a session."""
        known = self.known[role]
        if role in STAFF_ROLES or role in HALF_IN:
            token = known["cookie"].partition("=")[2]
            with begin_read(self.engine) as connection:
                stored = find_session(connection, hash_token("session", token))
            return stored is not None and is_alive(stored, self.clock(), self.services.settings)
        return role == "nobody" or self._open(known["code"]) is not None

    def renew(self, role: str) -> None:
        """Begin anew with somebody: a new draft, or a new session."""
        if role in STAFF_ROLES:
            self._open_session(role)
        elif role in HALF_IN:
            self._note_half_in()
        elif role != "nobody":
            self._note_patient(role, self._make_patient(role))

    def _make_patient(self, role: str) -> Visitor:
        secret = make_secret()
        with begin_write(self.engine) as connection:
            edition, stage, now = self.services.editions.get_newest().edition.hash, self.stages[role], self.clock()
            draft = create_draft(connection, secret=secret, edition_hash=edition, content=stage.content, now=now)
            # The content speaks of revisions: it has to be saved as often as it was where it comes from.
            for _ in range(stage.revision):
                draft = save_draft(connection, secret, draft, stage.content, now)
        visitor = make_visitor(self.app)
        visitor.client.set_cookie(DRAFT, encode_secret(secret), domain=HOST, secure=True)
        self.made["drafts"] += 1
        if role.endswith("-sent"):
            self.made.update(("responses", "response_versions"))
            send_form(visitor, {**WHO, "patient-name": "Zoë O’Test"})
            assert visitor.path == "/done", visitor.document.text
        return visitor

    def _note_patient(self, role: str, visitor: Visitor) -> None:
        visitor.get("/resume")
        draft = self._open(read_cookie(visitor, DRAFT))
        assert draft is not None
        cookie = "; ".join(f"{name}={read_cookie(visitor, name)}" for name in (DRAFT, SESSION))
        code = read_cookie(visitor, DRAFT)
        self.known[role] = self.known["nobody"] | {
            "cookie": cookie,
            "token": find_token(visitor.document),
            "draft": draft.id,
            "revision": str(draft.revision),
            "code": code,
        }

    def _open_session(self, role: str) -> None:
        """Sign in without a page: a code is good once in thirty seconds, and the campaign cannot wait for it."""
        login, visitor = self.people[role].login, make_visitor(self.app)
        with self.app.test_request_context("/clinic/sign-in", base_url=ORIGIN):
            with begin_read(self.engine) as connection:
                person = find_person_by_login(connection, login)
                access = find_access(connection, person.id) if person else None
            assert access is not None
            self.app.preprocess_request()
            answer = self.app.process_response(self.app.make_response(let_in(access, by="password")))
        value = answer.headers["Set-Cookie"].partition("=")[2].partition(";")[0]
        visitor.client.set_cookie(STAFF, value, domain=HOST, secure=True)
        self._note_staff(role, visitor)

    def _note_staff(self, role: str, visitor: Visitor) -> None:
        visitor.get("/clinic/account")
        known = {"cookie": f"{STAFF}={read_cookie(visitor, STAFF)}", "token": find_token(visitor.document)}
        self.known[role] = self.known["nobody"] | known

    def _note_half_in(self) -> None:
        visitor = self.people["auditor"].begin()
        self.known["pending"] = self._note_form(visitor)
        with begin_write(self.engine) as connection:
            login = "joining@clinic.example"
            person = find_person_by_login(connection, login) or create_person(
                connection, login=login, name="Joe Ning", roles={Role.AUDITOR}, now=self.clock()
            )
            secret = invite(connection, person, Purpose.PERSON, self.clock())
        visitor = make_visitor(self.app)
        visitor.get(f"/clinic/join/{secret}")
        typed = {"name": "Joe Ning", "new-password": "orbit seven kettle violin"}
        typed["new-password-again"] = typed["new-password"]
        visitor.post(typed, form=visitor.find_form(f"/clinic/join/{secret}"))
        self.known["joining"] = self._note_form(visitor)
        self.made["invitations"] += 1

    def _note_form(self, visitor: Visitor) -> dict[str, str]:
        known = {"cookie": f"{STAFF}={read_cookie(visitor, STAFF)}", "token": find_token(visitor.document)}
        return self.known["nobody"] | known

    def replenish(self) -> None:
        """Make responses, people and invitations that may be changed and erased, and let everybody know of them."""
        yesterday = Clock(self.clock() - timedelta(days=1))
        sender = Sender(self.app, yesterday, name="Throw Away", birth=(1970, 1, 1))
        reference = sender.send()
        self.made.update(("responses", "response_versions", "people", "invitations"))
        with begin_write(self.engine) as connection:
            login = f"thrown-{make_secret().hex()}@clinic.example"
            person = create_person(connection, login=login, name="Thrown Away", roles={Role.AUDITOR}, now=self.clock())
            secret = invite(connection, person, Purpose.PERSON, self.clock())
        sought = seal_sought(self.services.desk, Sought(name="Throw Away", birth=(1970, 1, 1)))
        words = {"reference": reference, "person": person.id, "invitation": secret, "find": sought}
        words |= {"find-cut": sought[:-3], "find-flip": sought[:20] + ("A" if sought[20] != "A" else "B") + sought[21:]}
        # In their place at once, and not word by word: others are sending.
        for role, known in self.known.items():
            self.known[role] = known | words


def read_links(visitor: Visitor) -> list[str]:
    """Return what the first page links to, its style sheet among it."""
    visitor.get("/")
    assert visitor.last is not None
    return re.findall(r'href="([^"]+)"', visitor.last.get_data(as_text=True))


def find_token(document: Document) -> str:
    """Return the form token of a page."""
    return next((form.fields["csrf_token"][0] for form in document.forms if "csrf_token" in form.fields), "none")


def read_cookie(visitor: Visitor, name: str) -> str:
    """Return a cookie's value, or nothing."""
    cookie = visitor.client.get_cookie(name, domain=HOST)
    return cookie.value if cookie else ""
