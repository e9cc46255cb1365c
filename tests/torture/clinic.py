"""A real clinic opened from nothing over a real connection: its administrator joins, sets it up, invites reviewers."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tests.torture.client import Client, Reply, Traffic, find_form
from tests.torture.program import Program
from tests.web.clinic.colleague import PASSWORD
from tests.web.clinic.staff import make_codes

SETTINGS = {
    "name": ["Elm Clinic"],
    "contact": ["Call 555 0100"],
    "time_zone": ["Europe/London"],
    "country": ["GB"],
    "emergency": [""],
    "reading_days": ["3"],
    "retention_days": ["400"],
    "protocol_owner": ["Dr Ada Elm"],
    "privacy": [""],
    "minors": ["send"],
    "part_2": ["no"],
    "notice_to": [""],
}
_KEY = re.compile(r'<strong translate="no">([A-Z2-7-]{16,})<')
_RECOVERY = re.compile(r'<code translate="no">([^<]+)</code>')
_SECONDS = 60


class SetUpError(Exception):
    """The clinic could not be opened: a page on the way is not as it should be."""


@dataclass
class Member:
    """Somebody of the clinic with their browser; `late` is how far their server's clock is off."""

    client: Client
    login: str
    late: timedelta = timedelta()
    key: str = field(default="", repr=False)
    codes: list[str] = field(default_factory=list, repr=False)

    def send(self, page: Reply, action: str, typed: Mapping[str, list[str]]) -> tuple[str, Reply]:
        """Fill in a form of a page, send it, and follow where it leads."""
        form = find_form(page.document, action)
        if form is None:
            raise SetUpError(f"no form for {action} ({page.status})")
        reply = self.client.insist("POST", form.action, {**form.fields, **typed})
        return self.client.open(reply.location) if reply.location else (action, reply)

    def join(self, link: str) -> None:
        """Join by a link, and set up an authenticator app."""
        path = link[link.index("/clinic/join/") :]
        _, page = self.client.open(path)
        typed = {"name": [self.login], "new-password": [PASSWORD], "new-password-again": [PASSWORD]}
        typed |= {"login": [self.login]}
        where, page = self.send(page, path, typed)
        found = _KEY.search(page.body.decode())
        if found is None:
            raise SetUpError(f"{where}: no key for an authenticator app ({page.status})")
        self.key = found[1].replace("-", "")
        _, page = self.send(page, "/clinic/enrol/app", {"code": [self.make_code()]})
        if page.status != 200:
            raise SetUpError(f"the authenticator app was not taken ({page.status})")
        self.codes = _RECOVERY.findall(page.body.decode())

    def type_password(self, password: str = PASSWORD) -> Reply:
        """Send name and password, and return the page that shows."""
        _, page = self.client.open("/clinic/sign-in")
        return self.send(page, "/clinic/sign-in", {"login": [self.login], "password": [password]})[1]

    def sign_in(self, code: str = "") -> tuple[str, Reply]:
        """Sign in with password and code, or with a recovery code, and return where that led, and the page."""
        page = self.type_password()
        if code:
            return self.send(page, "/clinic/sign-in/recovery", {"recovery-code": [code]})
        return self.send(page, "/clinic/sign-in/code", {"code": [self.make_code()]})

    def make_code(self) -> str:
        """Return what the authenticator app shows now."""
        (code,) = make_codes(self.key, datetime.now(UTC) + self.late, 0)
        return code


def open_clinic(program: Program, traffic: Traffic, late: timedelta = timedelta(), **settings: list[str]) -> Member:
    """Open a clinic at a server that runs for the first time, and return its administrator."""
    admin = Member(Client(program.url, traffic), "ann@clinic.example", late)
    admin.join(find_link(program))
    where, page = admin.client.open("/clinic/setup")
    where, page = admin.send(page, where, {**SETTINGS, **settings})
    if "saved=opened" not in where:
        raise SetUpError(f"{where}: the clinic was not opened ({page.status})")
    deadline = time.monotonic() + _SECONDS
    while find_form(admin.client.open("/")[1].document, "/start") is None:
        if time.monotonic() > deadline:
            raise SetUpError("patients cannot begin")
        time.sleep(0.2)
    return admin


def find_link(program: Program) -> str:
    """Return the first administrator's link, as the server said it."""
    deadline = time.monotonic() + _SECONDS
    while (found := re.search(r"first administrator, open (\S+)", program.read_log())) is None:
        if time.monotonic() > deadline:
            raise SetUpError("the server announced no link")
        time.sleep(0.05)
    return found[1]


def invite_reviewer(program: Program, traffic: Traffic, login: str) -> Member:
    """Invite a reviewer by the command, let them join, and return them signed in."""
    said = program.run("staff", "invite", login, "--name", login, "--role", "reviewer")
    if said.code != 0:
        raise SetUpError(said.err)
    member = Member(Client(program.url, traffic), login)
    member.join(said.out.split()[-1])
    return member
