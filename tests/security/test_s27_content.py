"""S27: whatever stands in a questionnaire is text: on every page, on paper, in every file and on the terminal.

Every text of our questionnaire is one that would be code to a template, a page, a database, a printer or a sheet. The
check refuses some of it (braces that nothing fills), so the server is given it as the edition that was good last.
"""

import csv
import io
import json
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from jinja2 import DictLoader
from playwright.sync_api import Dialog
from pypdf import PdfReader

from app.questionnaire.answer import Number
from app.questionnaire.edition import Edition
from app.questionnaire.refill import fill_controls
from app.storage.editions import record_edition
from app.storage.engine import begin_write, create_engine_for, migrate
from app.web.shell import WebApp
from tests.bench.walker import Walker
from tests.browser.patient import load_edition
from tests.cli.conftest import Run, run
from tests.security.hostile import (
    MARKUP,
    PAPER,
    SHEET,
    SQL,
    TEMPLATE,
    Ear,
    answer_all,
    list_cited,
    listen,
    read_edition,
    squash,
    write_hostile_file,
)
from tests.security.sending import WHO
from tests.security.test_s13_everywhere import sign_in
from tests.support.browser import OpenPage
from tests.support.server import Server, StartServer
from tests.web.patient.visitor import Document, check_page

__all__ = ["run"]

READING = ("/", "/about-ketamine", "/for-clinicians", "/privacy", "/accessibility", "/support", "/share", "/share/send")
# What no page shows: what the file is for, the sentence that stands on paper, and what those two pages that have words
# of their own are called in it.
UNSEEN = {
    # Whoever gave both answers that open these finds them once, beside the first.
    "/item/4/item/0/item/3/keyFacts/0",
    "/item/4/item/0/item/3/keyFacts/1",
    "/purpose",
    "/disclaimer",
    "/item/9/item/0/text",
    "/item/9/item/0/item/0/shortText",
    "/item/9/item/1/text",
    "/item/9/item/1/item/0/shortText",
}
REFERENCE = re.compile(r"[0-9A-Z]{5}-[0-9A-Z]{5}")
SAID = re.compile(r"T\d+ \{\{7\*7\}\} \{%raw%\}")


@dataclass
class World:
    """A server whose questionnaire is hostile, somebody who walked through all of it, and what they got."""

    server: Server
    edition: Edition
    texts: dict[str, str]
    ear: Ear
    walker: Walker
    pages: dict[str, str] = field(default_factory=dict)
    paper: bytes = b""

    @property
    def environ(self) -> dict[str, str]:
        """Return the settings of a command that works on the same data."""
        return {"FOREWORD_DATA": str(self.server.data), "FOREWORD_DEMO": "1"}

    def walk(self) -> None:
        """Answer every page, and keep it; then what can be read, and the paper."""
        answers = answer_all("Nothing.") | {"age": Number("16", is_confirmed=True)}
        self.walker.start()
        while self.walker.path != "/check":
            self.pages[self.walker.path] = self.walker.body.decode()
            before = self.walker.path
            form = self.walker.document.forms[0]
            asked = form.fields.get("asked", [""])[0].split()
            typed = {
                control: list(values)
                for link_id in asked
                for control, values in fill_controls(load_edition().items[link_id], answers.get(link_id)).items()
            }
            self.walker.send(form, typed)
            assert (self.walker.status, self.walker.path != before) == (200, True), self.walker.body.decode()
        self.pages["/check"] = self.walker.body.decode()
        for path in (*READING, "/summary"):
            self.walker.ask("GET", path)
            assert self.walker.status == 200, path
            self.pages[path] = self.walker.body.decode()
        self.walker.ask("GET", "/summary.pdf")
        assert self.walker.status == 200
        self.paper = self.walker.body

    def send(self) -> None:
        """Send it to the clinic."""
        self.walker.ask("GET", "/share/send")
        self.walker.send(self.walker.document.forms[0], WHO)
        assert (self.walker.status, self.walker.path) == (200, "/done"), self.walker.body.decode()
        self.pages["/done"] = self.walker.body.decode()


def record_as_newest(data: Path, canonical: str, edition: Edition) -> None:
    """Put an edition into a new database as the one that was good last."""
    data.mkdir(mode=0o700)
    engine = create_engine_for(f"sqlite:///{data / 'foreword.sqlite3'}")
    migrate(engine)
    with begin_write(engine) as connection:
        title = edition.questionnaire.title.to("en")
        record_edition(connection, edition.hash, canonical, language="en", title=title, now=datetime.now(UTC))
    engine.dispose()


@pytest.fixture(scope="module")
def world(start_shared_server: StartServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Walk through a hostile questionnaire with answers that ask for all of it, and send them."""
    folder = tmp_path_factory.mktemp("hostile")
    with listen() as ear:
        text, texts = write_hostile_file(*(f"{TEMPLATE} {MARKUP} {more}" for more in (SQL, PAPER, SHEET, ear.lures)))
        edition, canonical = read_edition(text)
        record_as_newest(folder / "data", canonical, edition)
        server = start_shared_server(data=folder / "data", questions=folder / "no-such-file.yaml")
        world = World(server, edition, texts, ear, Walker(server.url))
        with closing(world.walker.connection):
            world.walk()
            world.send()
            yield world
    assert ear.heard == []


def test_every_text_is_on_a_page_letter_for_letter(world: World) -> None:
    shown = squash(" ".join(Document(html).text for html in world.pages.values()))
    wanted = list_cited(world.texts).items()
    missing = [place for place, text in wanted if squash(text) not in shown and place not in UNSEEN]
    assert missing == []
    assert len(wanted) > 800


def test_no_text_is_more_than_text_on_any_page(world: World) -> None:
    for path, html in world.pages.items():
        document = Document(html)
        check_page(document)  # nothing inline, one heading, no id twice
        assert html.count("<title>") == html.count("</title>") == 1, path
        assert not re.search(r"<(img|link)[^>]+127\.0\.0\.1", html), path
        assert "49" not in [word.strip("&;\"'") for word in html.split()], path
    titles = [Document(html).title for path, html in world.pages.items() if path.startswith("/questions/")]
    assert len(titles) > 50
    assert all(SAID.search(title) and MARKUP in title for title in titles)


def test_staff_are_shown_each_text_letter_for_letter_too(world: World) -> None:
    staff = sign_in(world.server)
    with closing(staff.connection):
        reference = REFERENCE.search(Document(world.pages["/done"]).text)
        assert reference
        page = f"/clinic/responses/{reference.group()}"
        for path in ("/clinic/responses", page, f"{page}/give-out", "/clinic/overview", "/clinic/export"):
            staff.ask("GET", path)
            assert staff.status == 200, path
            document = staff.document
            check_page(document)
            if path == page:
                shown = squash(document.text)
                assert len([one for one in world.edition.questions if squash(one.text.to("en")) in shown]) > 100
            if path in {"/clinic/responses", "/clinic/overview"}:  # where one chooses by a question's short name
                assert SAID.search(document.text), path
        staff.ask("GET", f"{page}.pdf")
        assert staff.status == 200
        text = squash(" ".join(one.extract_text() for one in PdfReader(io.BytesIO(staff.body)).pages))
        assert squash(f"{TEMPLATE} {MARKUP}") in text


def test_every_question_that_was_asked_is_on_the_paper_letter_for_letter(world: World) -> None:
    paper = PdfReader(io.BytesIO(world.paper))
    text = squash(" ".join(page.extract_text() for page in paper.pages))
    asked = [item.text.to("en") for item in world.edition.questions if squash(item.text.to("en")) in text]
    assert len(asked) > 100
    assert squash(world.texts["/disclaimer"]) in text
    assert "root:" not in text
    assert paper.metadata is not None
    assert paper.metadata.title == world.texts["/title"]


def test_the_sheets_have_each_text_in_its_cell(world: World, run: Run) -> None:
    kinds = ("--include", "substance-use", "--include", "pregnancy")
    told = run("export", "-", "--format", "dictionary", *kinds, **world.environ)
    assert (told.code, told.err) == (0, "")
    rows = list(csv.reader(io.StringIO(told.out, newline=""), strict=True))
    cells = squash(" ".join(cell for row in rows for cell in row))
    assert [item.link_id for item in world.edition.questions if squash(item.text.to("en")) not in cells] == []
    for form in ("csv", "json-lines"):
        made = run("export", "-", "--format", form, "--include", "identity", *kinds, **world.environ)
        assert made.code == 0, made.err
        if form == "csv":
            assert len({len(row) for row in csv.reader(io.StringIO(made.out, newline=""), strict=True)}) == 1
        else:
            assert all(json.loads(line) for line in made.out.splitlines())
        assert "49" not in made.out.split()


def test_the_terminal_is_shown_each_text_and_is_not_steered(world: World, run: Run, tmp_path: Path) -> None:
    reference = REFERENCE.search(Document(world.pages["/done"]).text)
    assert reference
    shown = run("response", "show", reference.group(), "--reason", "drill", **world.environ)
    assert shown.code == 0, shown.err
    said = squash(shown.out)
    assert len([item for item in world.edition.questions if squash(item.text.to("en")) in said]) > 100
    assert not [sign for sign in shown.out if ord(sign) < 32 and sign != "\n"]
    # `preview` reads a file: the same questionnaire, and nobody's answers.
    (tmp_path / "q.yaml").write_text(write_hostile_file(f"{TEMPLATE} {MARKUP} {PAPER}")[0])
    (tmp_path / "a.yaml").write_text('age: "62"\n')
    drawn = run("preview", "a.yaml", "--questions", "q.yaml", "--for-clinic")
    assert drawn.code == 0, drawn.err
    assert squash(f"{TEMPLATE} {MARKUP}") in squash(drawn.out)


@pytest.mark.parametrize("name", ["page.html", "picture.svg", "sheet.txt", "mail.eml", "paper.typ", "none", None])
def test_a_template_escapes_whatever_its_name_ends_in(name: str | None) -> None:
    app = WebApp()
    app.jinja_env.loader = DictLoader({name or "": "{{ text }}"})
    template = app.jinja_env.get_template(name) if name else app.jinja_env.from_string("{{ text }}")
    assert template.render(text=MARKUP) == "&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt;"


def test_the_check_refuses_what_nothing_fills_with_its_line(run: Run, tmp_path: Path) -> None:
    text, texts = write_hostile_file(f"{TEMPLATE} {MARKUP}")
    (tmp_path / "q.yaml").write_text(text)
    checked = run("check", "q.yaml")
    assert checked.code == 1
    lines = checked.out.splitlines()
    assert all(re.match(r"q\.yaml:\d+:\d+: ", line) for line in lines)
    assert len([line for line in lines if "(placeholder)" in line]) > 300
    assert len(texts) > 900
    mapped = run("check", "q.yaml", "--map")
    assert squash(TEMPLATE) in squash(mapped.out)


def test_a_browser_runs_and_fetches_nothing_of_it(world: World, open_page: OpenPage) -> None:
    page = open_page(world.server.url)
    dialogs: list[str] = []

    def close(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", close)
    page.goto("/")
    page.get_by_role("button", name="Start").click()
    for path in ("/questions/1", "/questions/9", "/check", "/summary", "/for-clinicians", "/about-ketamine"):
        page.goto(path)
        assert MARKUP in page.locator("body").inner_text(), path
        assert page.evaluate("document.scripts.length") <= 1
    assert dialogs == []
    assert world.ear.heard == []
