"""security.md S2: every address with every method, as nobody, a patient and each role, against a list for people."""

import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.routing import Rule

from app.storage.people import Role
from tests.support.source import ROOT
from tests.web.clinic.conftest import SignIn
from tests.web.patient.visitor import ORIGIN, Visitor, make_visitor

MATRIX = Path(__file__).with_name("access-matrix.txt")
WHO = ("nobody", "patient", "reviewer", "administrator", "auditor")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
CELLS = {"open", "sign-in", "refused"}
# What a request may leave behind that was turned away: that it was here.
TRACES = {"staff_sessions", "throttles", "audit_entries", "audit_head", "sqlite_sequence"}
SAMPLES = {"reference": "0000000000", "page": "1", "name": "none.css", "filename": "none"}


@dataclass(frozen=True, slots=True)
class Line:
    """What the list says of one method of one address."""

    method: str
    rule: str
    cells: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.method:<5}{self.rule:<52}" + "".join(f"{cell:<10}" for cell in self.cells).rstrip()


def read_matrix() -> dict[tuple[str, str], Line]:
    """Return the list by method and address; a public one is open to all."""
    found = {}
    for text in MATRIX.read_text().splitlines():
        if not text.strip() or text.startswith("#"):
            continue
        method, rule, *cells = text.split()
        if cells == ["public"]:
            cells = ["open"] * len(WHO)
        assert len(cells) == len(WHO), text
        assert set(cells) <= CELLS, text
        found[method, rule] = Line(method, rule, tuple(cells))
    return found


def list_rules(app: Flask) -> Iterator[tuple[str, Rule]]:
    """Give each method of each address, HEAD with GET."""
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD"}):
            yield method, rule


def fill(rule: str) -> str:
    """Return an address of this form, of something that is not there."""
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: SAMPLES.get(found.group(1), "0" * 32), rule)


def read_token(visitor: Visitor, path: str) -> str:
    """Return a form token of the visitor's session on this half of the program."""
    for page in ("/clinic/account", "/clinic/sign-in") if path.startswith("/clinic") else ("/resume",):
        visitor.get(page)
        tokens = [form.fields["csrf_token"][0] for form in visitor.document.forms if "csrf_token" in form.fields]
        if tokens:
            return tokens[0]
    raise AssertionError(path)


def call(visitor: Visitor, method: str, path: str) -> str:
    """Return how a request ends, as the list has it: open means that the page itself answered."""
    data = {"csrf_token": read_token(visitor, path)} if method == "POST" else None
    headers = {"Sec-Fetch-Site": "same-origin"}
    answer = visitor.client.open(path, method=method, base_url=ORIGIN, data=data, headers=headers)
    if answer.status_code == 405:
        return "405"
    if answer.status_code in {302, 303} and answer.headers["Location"].endswith("/clinic/sign-in"):
        return "sign-in"
    return "refused" if answer.status_code == 403 else "open"


class Cast:
    """Everybody who calls; whoever may do something does it in a session of their own, which it may end."""

    def __init__(self, app: Flask, sign_in: SignIn) -> None:
        self.app = app
        self.sign_in = sign_in
        self._kept: dict[str, Visitor] = {}

    def find(self, who: str, *, is_new: bool = False) -> Visitor:
        """Return somebody, signed in where they can be."""
        if is_new or who not in self._kept:
            self._kept[who] = self._make(who)
        return self._kept[who]

    def _make(self, who: str) -> Visitor:
        if who == "nobody":
            return make_visitor(self.app)
        if who == "patient":
            patient = make_visitor(self.app)
            patient.start()
            return patient
        return self.sign_in(Role(who))


@pytest.fixture
def cast(app: Flask, sign_in: SignIn) -> Cast:
    """Give everybody who calls."""
    return Cast(app, sign_in)


def test_the_list_names_every_address_and_no_other(app: Flask) -> None:
    listed = read_matrix()
    there = {(method, rule.rule) for method, rule in list_rules(app)}
    missing = [f"{method:<5}{rule}" for method, rule in sorted(there - listed.keys(), key=str)]
    gone = [f"{method:<5}{rule}" for method, rule in sorted(listed.keys() - there, key=str)]
    assert (missing, gone) == ([], []), f"{MATRIX.name} lacks {missing}, and names {gone} in vain"


@pytest.mark.parametrize("who", WHO)
def test_everybody_gets_as_far_as_the_list_says(cast: Cast, who: str) -> None:
    listed = read_matrix()
    column = WHO.index(who)
    wrong = []
    for method, rule in list_rules(cast.app):
        line = listed.get((method, rule.rule))
        if line is None:
            continue  # another test names it
        visitor = cast.find(who, is_new=method == "POST")
        seen = call(visitor, method, fill(rule.rule))
        if seen != line.cells[column]:
            wrong.append(f"{line}\n      but for {who}: {seen}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("who", WHO)
def test_no_other_method_is_answered(cast: Cast, who: str) -> None:
    visitor = cast.find(who)
    answered = []
    for rule in cast.app.url_map.iter_rules():
        for method in METHODS:
            others = [other for other in cast.app.url_map.iter_rules() if other.rule == rule.rule]
            if any(method in (other.methods or ()) for other in others):
                continue
            if call(visitor, method, fill(rule.rule)) != "405":
                answered.append(f"{method} {rule.rule}")
    assert not answered


def dump(app: Flask, tmp_path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return all rows of all tables that hold anything but traces."""
    assert app.extensions
    with closing(sqlite3.connect(tmp_path / "foreword.sqlite3")) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return {
            table: connection.execute(f'SELECT * FROM "{table}"').fetchall()  # noqa: S608  our own table names
            for table in tables
            if table not in TRACES
        }


@pytest.mark.parametrize("who", ["nobody", "patient", "auditor"])
def test_whoever_is_turned_away_changes_nothing(cast: Cast, who: str, tmp_path: Path) -> None:
    column, listed = WHO.index(who), read_matrix()
    visitor = cast.find(who)
    before = dump(cast.app, tmp_path)
    for (method, rule), line in listed.items():
        if line.cells[column] != "open":
            call(visitor, method, fill(rule))
    assert dump(cast.app, tmp_path) == before


def test_looking_changes_nothing(cast: Cast, tmp_path: Path) -> None:
    # S3: every GET twice, by whoever may.
    for who in WHO[2:]:
        visitor = cast.find(who)
        before = dump(cast.app, tmp_path)
        for method, rule in list_rules(cast.app):
            if method == "GET" and rule.rule.startswith("/clinic"):
                for _ in range(2):
                    call(visitor, "GET", fill(rule.rule))
        assert dump(cast.app, tmp_path) == before


def test_a_page_that_says_nothing_is_refused_to_everybody(app: Flask, cast: Cast) -> None:
    app.add_url_rule("/clinic/forgotten", endpoint="clinic.forgotten", view_func=lambda: "all the answers")
    for who in WHO:
        assert call(cast.find(who), "GET", "/clinic/forgotten") == ("sign-in" if who in WHO[:2] else "refused")


def test_where_patients_are_served_alone_nothing_of_staff_is_there(tmp_path: Path) -> None:
    settings = {"FOREWORD_DATA": str(tmp_path / "data"), "FOREWORD_ROLE": "patient"}
    script = (
        "import sys; from app import create_app; from app.settings import load_settings\n"
        f"app = create_app(load_settings({settings!r}))\n"
        "print([rule.rule for rule in app.url_map.iter_rules() if rule.rule.startswith('/clinic')])\n"
        "print([name for name in sys.modules if name.startswith(('app.web.clinic', 'flask_security', 'argon2'))])"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n[]\n"
