"""security.md S19, D-11, D-13: no line of the log and no number tells by its name what somebody answered."""

import json
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from http.cookies import SimpleCookie

import pytest

from app.questionnaire.answer import Answer, Coded
from app.questionnaire.refill import fill_controls
from app.web.access import name_route
from app.web.patient.step import STEP_HEADER
from tests.bench.walker import Walker
from tests.browser.patient import load_edition
from tests.security.sending import WHO
from tests.security.test_unsaved import lose_database
from tests.support.ports import find_free_port
from tests.support.server import Server, StartServer
from tests.web.patient.visitor import Form
from tests.web.test_metrics import Numbers, scrape

READING = ("/summary", "/summary.pdf", "/share", "/share/send")
SUPPORT = "/support"
COUNTED = ("_total", "_count")


@dataclass
class Wanderer(Walker):
    """A person whose way is noted; with our script a step is one request."""

    has_script: bool = False
    posted: set[str] = field(default_factory=set)

    def ask(self, method: str, path: str, body: bytes | None = None) -> None:
        """Send one request and follow where it leads."""
        if body is not None:
            self.posted.add(path)
        if body is None or not self.has_script:
            super().ask(method, path, body)
            return
        about = {"Content-Type": "application/x-www-form-urlencoded", STEP_HEADER: "1"}
        headers = {"Cookie": self.cookie_header, "Sec-Fetch-Site": "same-origin", **about}
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        self.body, self.status, self.path = answer.read(), answer.status, answer.headers.get("Content-Location", path)
        for header in answer.headers.get_all("Set-Cookie") or ():
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(header).items()}
        if self.status in {302, 303}:
            self.ask("GET", answer.headers["Location"])

    def answer(self, answers: Mapping[str, Answer]) -> None:
        """Answer the questions of one page, and save it."""
        form = self.document.forms[0]
        asked = form.fields.get("asked", [""])[0].split()
        filled = [fill_controls(load_edition().items[link_id], answers.get(link_id)) for link_id in asked]
        self.send(form, {control: list(values) for one in filled for control, values in one.items()})


@dataclass(frozen=True, slots=True)
class Watched:
    """A server, and where it tells its numbers."""

    server: Server
    port: int

    def walk(self, walker: Wanderer, answers: Mapping[str, Answer]) -> tuple[set[str], set[object]]:
        """Have somebody answer, look at everything and send; return what the log and the numbers say of it."""
        lines, (numbers, _) = len(self.server.read_log().splitlines()), scrape(self.port)
        with closing(walker.connection):
            walker.start()
            walker.walk(answers)
            for path in READING:
                walker.ask("GET", path)
            walker.send(walker.document.forms[0], WHO)
        assert walker.path == "/done", walker.body.decode()
        said = self.server.read_log().splitlines()[lines:]
        return set(read_lines(said)), set(find_changed(numbers, scrape(self.port)[0]))


def read_lines(lines: Iterable[str]) -> Iterable[str]:
    """Return each line without what is another at every request."""
    for line in lines:
        about = json.loads(line)
        yield json.dumps({name: about[name] for name in about if name not in {"request", "time", "ms"}})


def find_changed(before: Numbers, after: Numbers) -> Iterable[object]:
    """Return the names of what was counted more of; how long anything took is another matter each time."""
    for name, number in after.items():
        if name[0].startswith("foreword_") and name[0].endswith(COUNTED) and number > before.get(name, 0):
            yield name


def choose(*, other_than_no: bool) -> dict[str, Answer]:
    """Return No to every question that has it, or what stands first beside it."""
    chosen: dict[str, Answer] = {}
    for item in load_edition().questions:
        codes = [option.code for option in item.answer_options]
        if "no" in codes:
            others = [code for code in codes if code != "no"]
            chosen[item.link_id] = Coded((others[0] if other_than_no else "no",))
    return chosen


@pytest.fixture(scope="module")
def watched(start_shared_server: StartServer) -> Watched:
    """Start a server that is watched, and that has drawn its first paper."""
    port = find_free_port()
    watched = Watched(start_shared_server(metrics=f"127.0.0.1:{port}"), port)
    watched.walk(Wanderer(watched.server.url), {})
    return watched


@pytest.mark.parametrize("has_script", [False, True], ids=["without script", "with script"])
def test_all_no_and_all_other_leave_the_same_names_in_log_and_numbers(watched: Watched, *, has_script: bool) -> None:
    # Given somebody who says No to everything, and somebody who says something else to everything
    calm, other = (Wanderer(watched.server.url, has_script=has_script) for _ in range(2))
    said = watched.walk(calm, choose(other_than_no=False))
    said_of_other = watched.walk(other, choose(other_than_no=True))
    # When only one of them was led by the support page
    assert (SUPPORT in calm.posted, SUPPORT in other.posted) == (False, True)
    # Then neither the log nor the numbers have a word of it
    assert said == said_of_other
    log, numbers = said
    assert len(log) > 5
    assert any('"POST"' in line and "/questions/" in line for line in log)
    assert ("foreword_drafts_saved_total", ()) in numbers


def test_every_step_of_the_form_has_one_name(watched: Watched) -> None:
    assert name_route(SUPPORT) == name_route("/questions/<page_id>")
    walker = Wanderer(watched.server.url)
    with closing(walker.connection):
        walker.ask("GET", SUPPORT)
        walker.ask("POST", SUPPORT, b"")
    log, (_, numbers) = watched.server.read_log(), scrape(watched.port)
    assert walker.status >= 400
    assert SUPPORT not in log + numbers


def test_a_failure_tells_no_more_of_the_support_step_than_of_a_page(
    start_server: StartServer, postgres_url: str
) -> None:
    # Given somebody on a page with questions, and somebody on the support page
    server = start_server(database_url=postgres_url)
    calm, other = (Wanderer(server.url) for _ in range(2))
    calm.start()
    other.start()
    page = calm.document.forms[0]
    while other.path != SUPPORT:
        other.answer(choose(other_than_no=True))
    support = next(form for form in other.document.forms if form.action == SUPPORT)
    # When the database does not answer what both send
    with lose_database(postgres_url):
        calm.ask("GET", "/check")  # whoever comes first finds that a connection was cut
        said = [read_more(server, walker, form) for walker, form in ((calm, page), (other, support))]
    # Then what is logged of both is the same
    assert [walker.status for walker in (calm, other)] == [503, 503]
    assert said[0] == said[1]
    assert any("database failed" in line and "app/web/patient/questions.py" in line for line in said[0])
    for walker in (calm, other):
        walker.connection.close()
    server.stop(may_have_failed=True)


def read_more(server: Server, walker: Wanderer, form: Form) -> list[str]:
    """Send a form and return what was logged of it."""
    lines = len(server.read_log().splitlines())
    walker.send(form)
    return list(read_lines(server.read_log().splitlines()[lines:]))
