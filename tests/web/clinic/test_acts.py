"""The words for what the audit log can hold: as many as there are codes in the program, and no more."""

import ast
import re
from pathlib import Path
from typing import Final

from app.web.clinic.acts import ACTS, CHANGES
from tests.support.source import read_modules

CODE = re.compile(r"[a-z]+\.[a-z]+(-[a-z]+)*")
TABLE = "app.web.clinic.acts"
FILES = {".html", ".key", ".pdf", ".pem", ".typ", ".yaml"}
ENDPOINTS = ("clinic.", "patient.")
COLUMNS = ("app.storage.migrations", "app.storage.tables", "app.storage.staff_tables")
OTHERS: Final = {"foreword.request": "a name in the server's environ", "waitress.queue": "a logger"}


def list_codes() -> set[str]:
    """Return every text in the program that is written as the log's codes are, and means nothing else."""
    modules = [module for module in read_modules("app") if module.name != TABLE and not module.name.startswith(COLUMNS)]
    texts = {
        node.value
        for module in modules
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value)
    }
    return {text for text in texts - OTHERS.keys() if Path(text).suffix not in FILES and not text.startswith(ENDPOINTS)}


def test_every_code_that_the_program_can_write_has_words_and_no_other_has() -> None:
    assert ACTS.keys() == list_codes()


def test_what_changes_a_response_is_among_them() -> None:
    assert set(CHANGES) <= ACTS.keys()


def test_no_two_codes_have_the_same_words() -> None:
    assert len(set(ACTS.values())) == len(ACTS)
