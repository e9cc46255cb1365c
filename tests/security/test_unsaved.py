"""security.md S38, design D-4: the database goes away while somebody saves, and nothing typed is lost or doubled."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from sqlalchemy import make_url

from app.questionnaire.answer import Text
from tests.bench.walker import Walker
from tests.browser.patient import list_examples, read_answers
from tests.security.sending import WHO, open_files
from tests.support.server import Server, StartServer

TYPED = 'Zoë’s <b>own</b> words & "more",\nin two lines'
CLOSED = 503
CODE = "ABCD-EFGH-JKMN-PQRS-TUVW-XYZ2"


@contextmanager
def lose_database(url: str) -> Iterator[None]:
    """Close a PostgreSQL database to everybody and hang up on whoever is connected, until the block ends."""
    parsed = make_url(url)
    name = parsed.database or ""
    with psycopg.connect(
        host=str(parsed.query["host"]), user="postgres", dbname="postgres", autocommit=True
    ) as connection:
        switch = "UPDATE pg_database SET datallowconn = %s WHERE datname = %s"
        connection.execute(switch, (False, name))
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        yield
        connection.execute(switch, (True, name))


@pytest.fixture
def server(start_server: StartServer, postgres_url: str) -> Iterator[Server]:
    """Start a server on PostgreSQL."""
    server = start_server(database_url=postgres_url)
    yield server
    server.stop(may_have_failed=True)


@pytest.fixture
def walker(server: Server) -> Iterator[Walker]:
    """Give somebody who has begun a form."""
    walker = Walker(server.url)
    walker.start()
    yield walker
    walker.connection.close()


def test_a_page_that_could_not_be_saved_comes_back_with_what_was_typed(walker: Walker, postgres_url: str) -> None:
    # Given somebody at a page with a text, and before it pages that are saved
    while "other-conditions" not in walker.document.forms[0].fields:
        walker.send(walker.document.forms[0])
    page, form = walker.path, walker.document.forms[0]
    # When the database goes away as they save
    with lose_database(postgres_url):
        walker.send(form, {"other-conditions": [TYPED]})
        # Then they are told so, with what they typed and a button that sends it again
        assert walker.status == CLOSED
        assert walker.document.headings == ["This is not saved yet"]
        kept = walker.document.forms[0]
        assert kept.action == page
        assert kept.fields["other-conditions"] == [TYPED]
        # Also as often as they try
        walker.send(kept)
        assert walker.status == CLOSED
        kept = walker.document.forms[0]
    # And when it is back, the button saves it and leads on
    walker.send(kept)
    assert walker.status == 200
    assert walker.path != page
    walker.ask("GET", page)
    assert walker.document.forms[0].fields["other-conditions"] == [TYPED]
    # And a second press changes nothing
    walker.send(kept)
    assert walker.status == 200


def test_what_could_not_be_sent_is_sent_once(server: Server, walker: Walker, postgres_url: str) -> None:
    # Given somebody who is about to send
    walker.walk({**read_answers(list_examples()[0]), "other-conditions": Text(TYPED)})
    walker.ask("GET", "/share/send")
    form = walker.document.forms[0]
    # When the database goes away as they do
    with lose_database(postgres_url):
        walker.send(form, WHO)
        assert walker.status == CLOSED
        kept = walker.document.forms[0]
        assert {name: kept.fields[name] for name in WHO} == WHO
    # Then the button of that page sends it, once
    walker.send(kept)
    assert (walker.status, walker.path) == (200, "/done")
    walker.send(kept)
    with open_files(server.data, postgres_url) as files:
        (opened,) = files.open_all()
    assert opened.sent.patient.name == WHO["patient-name"][0]  # type: ignore[union-attr]  # one that does not open has none


def test_a_post_of_another_site_is_not_repeated(walker: Walker, postgres_url: str) -> None:
    form = walker.document.forms[0]
    with lose_database(postgres_url):
        walker.connection.request(
            "POST", form.action, "other-conditions=planted", {"Content-Type": "application/x-www-form-urlencoded"}
        )
        answer = walker.connection.getresponse()
        body = answer.read()
    assert answer.status in {400, CLOSED}
    assert b"planted" not in body


def test_our_script_gets_a_page_without_a_form_and_keeps_its_own(walker: Walker, postgres_url: str) -> None:
    # Given the page as the browser has it, which the script leaves as it is when an answer has no form
    form = walker.document.forms[0]
    with lose_database(postgres_url):
        body = "&".join(f"{name}={values[0]}" for name, values in form.fields.items())
        about = {"Content-Type": "application/x-www-form-urlencoded", "X-Foreword-Step": "1"}
        headers = {**about, "Cookie": walker.cookie_header, "Sec-Fetch-Site": "same-origin"}
        walker.connection.request("POST", form.action, body, headers)
        answer = walker.connection.getresponse()
        text = answer.read().decode()
    assert answer.status == CLOSED
    assert "<form" not in text
    assert "What you typed is still here. Wait a minute, then save it again." in text
    assert "go back" not in text


def test_who_erased_is_not_told_of_something_typed_and_can_erase_again(walker: Walker, postgres_url: str) -> None:
    walker.ask("GET", "/erase")
    form = walker.document.forms[0]
    with lose_database(postgres_url):
        walker.send(form)
        assert walker.status == CLOSED
        assert walker.document.headings == ["We do not know whether your answers are erased"]
        assert "Your answers may still be on this server." in walker.document.text
        assert "typed" not in walker.document.text
        assert "are kept" not in walker.document.text
    # When it is back, the page that is named erases them
    assert "/erase" in walker.document.links
    walker.ask("GET", "/erase")
    walker.send(walker.document.forms[0])
    assert (walker.status, walker.document.headings) == (200, ["Everything is erased"])


@pytest.mark.parametrize(("path", "typed"), [("/", {}), ("/resume", {"code": [CODE]})])
def test_what_has_no_typed_answers_is_not_repeated_and_a_code_stands_nowhere(
    server: Server, postgres_url: str, path: str, typed: dict[str, list[str]]
) -> None:
    walker = Walker(server.url)
    walker.ask("GET", path)
    form = next(form for form in walker.document.forms if form.action in {"/start", "/resume"})
    with lose_database(postgres_url):
        walker.send(form, typed)
    walker.connection.close()
    assert walker.status == CLOSED
    assert walker.document.headings == ["That was not done yet"]
    assert walker.document.forms == []
    assert path in walker.document.links
    assert CODE not in walker.body.decode()
    assert "write down" not in walker.document.text
