"""The house: what may import what, how long a thing may be, and what is never written. It reads; it runs nothing."""

import ast
import re
import sys
from dataclasses import dataclass

import pytest

from tests.support.source import ROOT, Module, read_modules

LONGEST_FILE = 400
LONGEST_FUNCTION = 40


@dataclass(frozen=True, slots=True)
class Room:
    """One part of the program: the rooms it may import from, and the libraries (None: any)."""

    name: str
    rooms: frozenset[str]
    libraries: frozenset[str] | None


def _build_room(name: str, rooms: str = "", libraries: str | None = None) -> Room:
    return Room(name, frozenset(rooms.split()), None if libraries is None else frozenset(libraries.split()))


CORE = (
    "app.settings app.files app.bounded app.logs app.counters "
    "app.clinic app.questionnaire app.vault app.output app.storage"
)

# A module belongs to the room with the longest fitting name, and a room may always import from itself.
HOUSE = tuple(
    _build_room(*row)
    for row in (
        ("app.values", "", ""),
        ("app.settings", "app.values", ""),
        ("app.files", "app.settings", ""),
        ("app.bounded", "", ""),
        ("app.logs", "", "flask structlog"),
        ("app.counters", "", ""),
        ("app.questionnaire", "", "yaml"),
        ("app.vault", "", "cryptography"),
        ("app.output", "app.questionnaire app.counters", "babel noto_cjk_sans_jp_regular pymupdf_fonts segno typst"),
        ("app.storage", "app.questionnaire app.vault", "alembic psycopg redis sqlalchemy"),
        ("app.clinic", "app.settings app.logs app.questionnaire app.vault app.output app.storage", "sqlalchemy"),
        ("app.desk", CORE, "sqlalchemy"),
        ("app.web", f"app.desk {CORE}"),
        ("app.web.patient", f"app.web {CORE}"),
        ("app.web.clinic", f"app.web app.desk {CORE}"),
        ("app.server", f"app app.web app.desk {CORE}"),
        ("app.cli", f"app app.server app.desk {CORE}"),
        ("app", f"app.web app.web.patient app.web.clinic app.desk {CORE}"),
    )
)

LONG_FILES: dict[str, str] = {}  # path: why it is one file
LONG_FUNCTIONS: dict[str, str] = {}  # path:function: why it is one function

# Where the clock and chance may be read; everybody else is told `now`, and is given the bytes.
CLOCK_READERS = ("app.cli", "app.logs", "app.web.services")
CLOCK = re.compile(r"\b((datetime|date)\.(now|utcnow|today)|time\.(time|time_ns|localtime|gmtime))$")
CHANCE = {"random", "uuid"}

PATIENT_PAGES = "app.web.patient"
PRIVATE_KEY = re.compile(r"private|open_response|unseal|decapsulate|Recipient", re.IGNORECASE)

BANNED_IN_APP = {
    "Markup": "text that is called safe is not escaped: let the template escape it",
    "render_template_string": "a template in Python is a place where an answer becomes markup",
    "eval": "no text is run",
    "exec": "no text is run",
    "fork": "threads, locks and pipes do not live through one: start a process",
}
BANNED_IN_TESTS = {
    "skip": "a test that does not run proves nothing",
    "skipif": "a test that does not run proves nothing",
    "importorskip": "a test that does not run proves nothing",
    "xfail": "a fault is mended or not claimed to be tested",
    "Mock": "pass a clock, pass a key, pass a folder",
    "MagicMock": "pass a clock, pass a key, pass a folder",
    "patch": "pass a clock, pass a key, pass a folder",
}
BANNED_IN_TEMPLATES = {
    r"\|\s*safe\b": "an answer must be escaped",
    r"\bautoescape\s+false\b": "an answer must be escaped",
    r"<script\b(?![^>]*\bsrc=)": "scripts stand in files: the content security policy stops any other",
    r"<style\b|\sstyle\s*=": "styles stand in app.css: the content security policy stops any other",
    r"\son[a-z]+\s*=": "scripts stand in files: the content security policy stops any other",
    r"javascript:": "scripts stand in files: the content security policy stops any other",
}
SQL_CALLS = {"text", "execute", "executemany", "exec_driver_sql", "scalar", "scalars"}

APP = read_modules("app")
TESTS = read_modules("tests")
ROOMS = {room.name: room for room in HOUSE}


def find_room(name: str) -> Room:
    """Return the room a module of the program belongs to."""
    parts = name.split(".")
    return next(ROOMS[prefix] for end in range(len(parts), 0, -1) if (prefix := ".".join(parts[:end])) in ROOMS)


def explain_import(module: Module, target: str) -> str | None:
    """Return why a module must not import a name, or None when it may."""
    room = find_room(module.name)
    top = target.partition(".")[0]
    if top == "app":
        goal = find_room(target)
        return None if goal is room or goal.name in room.rooms else f"{room.name} knows nothing of {goal.name}"
    if top in sys.stdlib_module_names or room.libraries is None or top in room.libraries:
        return None
    return f"{room.name} does without {top or 'an import that only running it can tell'}"


def test_every_import_follows_the_house() -> None:
    wrong = [
        f"{module.path}:{line}: imports {target}: {reason}"
        for module in APP
        for line, target in module.list_imports()
        if (reason := explain_import(module, target))
    ]
    assert not wrong, "\n".join(wrong)


def test_every_module_stands_in_a_room_of_its_own_name() -> None:
    homeless = [module.path for module in APP if find_room(module.name).name == "app" and module.name != "app"]
    assert not homeless, f"no row of HOUSE says what these may import: {homeless}"


def test_patient_pages_never_name_a_private_key() -> None:
    wrong = [
        f"{module.path}:{line}: {target}"
        for module in APP
        if module.name.startswith(PATIENT_PAGES)
        for line, target in module.list_imports()
        if PRIVATE_KEY.search(target)
    ]
    assert not wrong, "\n".join(wrong)


def test_clock_and_chance_are_handed_to_whoever_needs_them() -> None:
    wrong = []
    for module in APP:
        if not module.name.startswith(CLOCK_READERS):
            called = ((line, ast.unparse(call.func)) for line, _, call in module.list_calls())
            wrong += [f"{module.path}:{line}: {name}()" for line, name in called if CLOCK.search(name)]
        imports = ((line, name.partition(".")[0]) for line, name in module.list_imports())
        wrong += [f"{module.path}:{line}: {name}" for line, name in imports if name in CHANCE]
    assert not wrong, "\n".join(wrong)


def test_no_file_is_longer_than_its_name_can_hold() -> None:
    long = {module.path: module.lines for module in APP + TESTS if module.lines > LONGEST_FILE}
    assert long.keys() == LONG_FILES.keys(), f"over {LONGEST_FILE} lines, or an exception no longer needed: {long}"


def test_no_function_is_longer_than_its_name_can_hold() -> None:
    long = {
        f"{module.path}:{name}": lines
        for module in APP + TESTS
        for name, lines in module.list_functions()
        if lines > LONGEST_FUNCTION
    }
    assert long.keys() == LONG_FUNCTIONS.keys(), f"over {LONGEST_FUNCTION} lines, or no longer needed: {long}"


@pytest.mark.parametrize(("modules", "banned"), [(APP, BANNED_IN_APP), (TESTS, BANNED_IN_TESTS)])
def test_nothing_banned_is_called(modules: tuple[Module, ...], banned: dict[str, str]) -> None:
    wrong = [
        f"{module.path}:{node.lineno}: {name}: {banned[name]}"
        for module in modules
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Name | ast.Attribute)
        for name in [node.id if isinstance(node, ast.Name) else node.attr]
        if name in banned
    ]
    assert not wrong, "\n".join(wrong)


def test_tests_leave_our_own_code_as_it_is() -> None:
    wrong = [
        f"{module.path}: {argument.arg}"
        for module in TESTS
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef)
        for argument in node.args.args
        if argument.arg in {"monkeypatch", "mocker"}
    ]
    assert not wrong, "\n".join(wrong)


def test_no_template_lets_an_answer_become_markup() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}: {reason}"
        for path in sorted((ROOT / "templates").rglob("*.*"))
        for number, line in enumerate(path.read_text().splitlines(), 1)
        for pattern, reason in BANNED_IN_TEMPLATES.items()
        if re.search(pattern, line, re.IGNORECASE)
    ]
    assert not wrong, "\n".join(wrong)


def is_built(node: ast.expr) -> bool:
    """Tell whether a text is put together where it stands; PRAGMA is let through, for it takes no parameters."""
    if isinstance(node, ast.JoinedStr):
        start = node.values[0]
        return not (isinstance(start, ast.Constant) and str(start.value).startswith("PRAGMA "))
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Add | ast.Mod)
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format"


def test_no_statement_is_put_together_from_text() -> None:
    wrong = [
        f"{module.path}:{line}: {name}(...): bind a parameter"
        for module in APP
        for line, name, call in module.list_calls()
        if name in SQL_CALLS and call.args and is_built(call.args[0])
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("app.questionnaire.load", "flask.Flask"),
        ("app.vault.seal", "app.questionnaire.model"),
        ("app.output.pdf", "app.storage.drafts"),
        ("app.storage.drafts", "app.web"),
        ("app.web.patient.start", "app.web.clinic.people"),
        ("app.web.services", "app.web.patient.start"),
        ("app.cli", "app.web.services"),
    ],
)
def test_an_arrow_that_points_back_is_seen(name: str, target: str) -> None:
    module = Module(name, f"{name.replace('.', '/')}.py", 1, ast.parse(f"import {target}"))
    [(_, imported)] = module.list_imports()
    assert explain_import(module, imported)


@pytest.mark.parametrize(
    "text", ['f"SELECT {name}"', '"SELECT " + name', '"SELECT %s" % name', '"SELECT {}".format(n)']
)
def test_a_statement_made_of_text_is_seen(text: str) -> None:
    [statement] = ast.parse(text).body
    assert isinstance(statement, ast.Expr)
    assert is_built(statement.value)
