"""A real server with a response in it, everybody who can call it, and every answer it gave them, got by links.

What is typed in it is hostile wherever there is room: markup that would name the page "owned".
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from http import HTTPStatus
from http.cookies import SimpleCookie
from pathlib import Path
from typing import ClassVar
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from app.questionnaire.answer import Answer, Coded, Rows, Text
from tests.bench.walker import Walker
from tests.browser.review_desk import Correspondent
from tests.browser.scenes import merge_patients
from tests.security.sending import WHO
from tests.security.test_s02_closed_by_default import fill, read_matrix
from tests.support.server import Server, launch_server
from tests.web.clinic.colleague import PASSWORD
from tests.web.patient.visitor import Document, Form
from tests.web.raw import FORM, Reply, build_request, send_raw

HOSTILE = '<img src=x onerror="document.title=`owned`"><script>document.title=`owned`</script>'
PATIENTS = ("patient", "sender")
STAFF = ("reviewer", "administrator", "auditor", "lead")
# Who stands for all others where one is enough: nobody, a patient, and staff who may do everything.
_CURIOUS = {"nobody", "patient", "lead"}
_OF_ONE_KIND = 2
_LINK = re.compile(r"""(?:href|src|action)="(/[^"#]*)""")
# What ends a caller's own session or form; and what leads out of the program.
_NOT_SENT = {"/erase", "/clinic/sign-out"}


@dataclass
class Caller:
    """Somebody with cookies and a name, who opens one address at a time and follows nothing."""

    who: str
    server: Server
    cookies: dict[str, str] = field(default_factory=dict)
    start: str = "/"
    host: str = ""
    """What they call the server, where it is not its own address; `about` are headers of every request of theirs."""
    about: Mapping[str, str] = field(default_factory=dict)
    given: list[tuple[str, str]] = field(default_factory=list)
    """Each cookie that was set, as it was told, after the address that set it."""
    tokens: dict[str, str] = field(default_factory=dict)
    """The token of a form of theirs, for patients' pages and for staff's."""

    def is_for(self, address: str) -> bool:
        """Tell whether this caller is sent to an address: everybody to their own half, nobody to both."""
        if self.who == "invited":
            return address == self.start
        return self.who == "nobody" or name_half(address) == ("patients" if self.who in PATIENTS else "staff")

    @property
    def port(self) -> int:
        """Return the server's port."""
        return int(self.server.url.rpartition(":")[2])

    def call(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Send one request, as a browser on one of our own pages would."""
        about = {"Sec-Fetch-Site": "same-origin", **self.about, **({} if body is None else {"Content-Type": FORM})}
        if self.cookies:
            about["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        length = {} if body is None else {"Content-Length": str(len(body))}
        host = self.host or self.server.url.removeprefix("http://")
        request = build_request(host, path, method, body, {**about, **length, **(headers or {})})
        reply = send_raw(self.port, request)
        for name, value in reply.headers:
            if name.lower() == "set-cookie":
                self.given.append((path, value))
                self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(value).items()}
        return reply

    def post(self, path: str, fields: Mapping[str, str] | None = None) -> Reply:
        """Send a form with a token of this caller's."""
        token = self.find_token(path)
        return self.call("POST", path, urlencode({"csrf_token": token, **(fields or {})}).encode())

    def find_token(self, path: str) -> str:
        """Return a token for forms under an address; made up, where this caller has none."""
        half = name_half(path)
        if half not in self.tokens:
            for page in ("/clinic/sign-in", "/clinic/account") if half == "staff" else ("/resume",):
                for form in list_forms(self.call("GET", page)):
                    self.tokens.setdefault(half, form.fields.get("csrf_token", [""])[0])
                if half in self.tokens:
                    break
        return self.tokens.get(half, "none")


@dataclass(frozen=True, slots=True)
class Page:
    """One answer: who asked how for what, which address of the list that is, and what came."""

    who: str
    method: str
    address: str
    rule: str
    reply: Reply

    @property
    def is_html(self) -> bool:
        """Tell whether it is a page."""
        return (self.reply.get("Content-Type") or "").startswith("text/html")

    @property
    def is_found(self) -> bool:
        """Tell whether it is a page, and the one that was asked for."""
        return self.is_html and self.reply.status == HTTPStatus.OK

    def __str__(self) -> str:
        return f"{self.method} {self.address} as {self.who}: {self.reply.status}"


@dataclass(frozen=True)
class Grounds:
    """The server, its callers by name, the reference of what was sent, and every answer."""

    server: Server
    callers: Mapping[str, Caller]
    reference: str
    pages: tuple[Page, ...]

    def list_found(self, who: str) -> list[Page]:
        """Return the HTML pages that somebody could open with a GET."""
        return [page for page in self.pages if (page.who, page.method) == (who, "GET") and page.is_found]


def name_half(path: str) -> str:
    """Return whose pages an address belongs to."""
    return "staff" if path == "/clinic" or path.startswith("/clinic/") else "patients"


def list_forms(reply: Reply) -> list[Form]:
    """Return the forms of a page."""
    return Document(reply.text).forms if (reply.get("Content-Type") or "").startswith("text/html") else []


def type_hostile() -> dict[str, Answer]:
    """Return the answers of somebody who has everything, and types the same wherever there is room."""
    return {
        **merge_patients("ABHGL"),
        "reason-for-visit": Coded(("something-else",), HOSTILE),
        "current-medicines": Rows(((HOSTILE, "", "", HOSTILE),)),
        "bladder-how-long": Text(HOSTILE),
        "other-conditions": Text(HOSTILE),
        "questions-for-doctor": Text(HOSTILE),
    }


@contextmanager
def open_grounds(folder: Path) -> Iterator[Grounds]:
    """Start the server, let everybody in, and open every address there is as each of them; it stops with the block."""
    # Other tests come between two that share this: nobody is signed out by then.
    server = launch_server(folder, {"password_cost": "test", "staff_idle_minutes": 60})
    try:
        yield _open_all(server)
    finally:
        server.stop()


def _open_all(server: Server) -> Grounds:
    correspondent = Correspondent(server, name=HOSTILE, answers=type_hostile())
    correspondent.send()
    reference = correspondent.send(other_conditions=Text(f"{HOSTILE} and more"))
    callers = {caller.who: caller for caller in _let_in(server)}
    pages = [page for caller in callers.values() for page in crawl(caller, reference)]
    pages += [page for caller in callers.values() for page in _send_nothing(caller)]
    return Grounds(server, callers, reference, tuple(pages))


def sign_in(server: Server, who: str, host: str = "", about: Mapping[str, str] | None = None) -> Caller:
    """Return one of the demonstration's staff, who may call the server by another name and send more headers."""
    caller = Caller(who, server, host=host, about=about or {})
    reply = caller.post("/clinic/demonstration", {"as": who})
    assert reply.status == HTTPStatus.SEE_OTHER, reply
    caller.tokens.clear()
    return caller


def _let_in(server: Server) -> Iterator[Caller]:
    yield Caller("nobody", server)
    for who in PATIENTS:
        walker = Walker(server.url)
        walker.start()
        walker.walk(type_hostile())
        if who == "sender":
            walker.ask("GET", "/share/send")
            walker.send(walker.document.forms[0], {**WHO, "patient-name": [HOSTILE]})
            assert walker.path == "/done", walker.path
        walker.connection.close()
        yield Caller(who, server, walker.cookies)
    yield from (sign_in(server, who) for who in STAFF)
    yield from _join(sign_in(server, "administrator"))


def _join(administrator: Caller) -> Iterator[Caller]:
    """Give somebody with an invitation, and the same person when they have chosen a password."""
    yield from (_invite(administrator, who) for who in ("invited", "guest"))


def _invite(administrator: Caller, who: str) -> Caller:
    fields = {"name": HOSTILE, "login": f"{who}@clinic.example", "role": "reviewer"}
    [link] = set(re.findall(r"/clinic/join/[\w-]+", administrator.post("/clinic/people", fields).text))
    guest = Caller(who, administrator.server, start=link)
    if who == "invited":
        return guest
    chosen = {"name": HOSTILE, "new-password": PASSWORD, "new-password-again": PASSWORD}
    guest.tokens["staff"] = list_forms(guest.call("GET", link))[0].fields["csrf_token"][0]
    assert guest.post(link, chosen).get("Location") == "/clinic/enrol"
    guest.start = "/clinic/enrol"
    return guest


def crawl(caller: Caller, reference: str) -> Iterator[Page]:
    """Give the answer to each address on the list that is for a caller, and to all that the pages link to."""
    return _Crawl(caller, reference).run()


class _Crawl:
    """Opens whatever there is: every address of the list, and all that the pages link to, each kind a few times."""

    def __init__(self, caller: Caller, reference: str) -> None:
        self.caller = caller
        self.reference = reference
        self.met: set[str] = set()
        self.counts: Counter[tuple[str, ...]] = Counter()

    def run(self) -> Iterator[Page]:
        listed = [rule for method, rule in read_matrix() if method == "GET" and self.caller.is_for(rule)]
        waiting = [self.caller.start, *(self._fill(rule) for rule in listed if "<secret>" not in rule)]
        if self.caller.who in _CURIOUS:
            waiting += [f"{fill(rule)}?typed={quote(HOSTILE)}" for rule in listed if "<" not in rule]
        while waiting:
            address = waiting.pop(0)
            if not (self.caller.is_for(address) and self._is_new(address)):
                continue
            reply = self.caller.call("GET", address)
            page = Page(self.caller.who, "GET", address, find_rule(address), reply)
            yield page
            if page.is_html:
                waiting += [unescape(link) for link in _LINK.findall(reply.text) if not link.startswith("//")]

    def _fill(self, rule: str) -> str:
        own = rule.replace("<reference>", self.reference).replace("<page_id>", "1")
        return fill(own) + self.EXTRA.get(rule, "").format(self.reference)

    def _is_new(self, address: str) -> bool:
        parts = urlsplit(address)
        rule = find_rule(address)
        kind = (rule, *sorted({name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}))
        self.counts[kind] += 1
        if address in self.met or (self.counts[kind] > _OF_ONE_KIND and not self._is_question(rule)):
            return False
        self.met.add(address)
        return True

    def _is_question(self, rule: str) -> bool:
        return rule == "/questions/<page_id>" and self.caller.who == "patient"

    EXTRA: ClassVar = {"/clinic/responses/print": "?reference={}"}


def _send_nothing(caller: Caller) -> Iterator[Page]:
    """Send each form with a token and nothing else, but for those that end a session."""
    if caller.who not in _CURIOUS:
        return
    for method, rule in read_matrix():
        if method == "POST" and caller.is_for(rule) and rule not in _NOT_SENT:
            yield Page(caller.who, "POST", fill(rule), rule, caller.post(fill(rule)))


def find_rule(address: str) -> str:
    """Return the address of the list that this one is, the plainest that fits."""
    path = unquote(urlsplit(address).path)
    fitting = [rule for rule, pattern in _RULES.items() if pattern.fullmatch(path)]
    return min(fitting, key=lambda rule: (rule.count("<"), -len(rule)), default="none")


_RULES = {
    rule: re.compile(
        "".join(r"[^/]+" if part.startswith("<") else re.escape(part) for part in re.split(r"(<[^>]+>)", rule))
    )
    for _, rule in read_matrix()
}
