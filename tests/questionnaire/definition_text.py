"""Small questionnaire files for tests. What a test is about stands first, so that its lines count from 1."""

from app.questionnaire.definition import Definition
from app.questionnaire.errors import DefinitionError
from app.questionnaire.load import load_questionnaire
from tests.support.source import ROOT

FILE = "q.yaml"

HEAD = """\
resourceType: Questionnaire
url: https://clinic.example/Questionnaire/visit
version: "1"
status: draft
date: 2026-05-03
language: en
title: Before your visit
purpose: To write things down.
disclaimer: This form records your answers.
"""
ARTICLE = """\
article:
  title: an article
  sentences:
    avoid-heart:
      text: Severe heart or liver disease
      sha256: a2013b6a68e96066085737acb1ab24cd8c5455628b03835f9b9553a68e3c32be
"""
SOURCES = """\
sources:
  KET-UK: {title: A label, mark: V}
  ESK-EU1: {title: Another label, mark: V2, url: "https://label.example/eu"}
"""
VALUE_SETS = """\
valueSets:
  yes-no:
    answerOption:
      - {valueCoding: {code: "yes", display: "Yes"}, word: "yes"}
      - {valueCoding: {code: "no", display: "No"}, word: "no"}
  unsure:
    answerOption:
      - {valueCoding: {code: not-sure, display: Not sure}, exclusive: true}
"""
ITEMS = """\
item:
  - linkId: start
    type: group
    text: Start
    item:
      - linkId: one
        type: group
        text: One
        item:
          - {linkId: smoker, type: choice, text: Do you smoke?, answerValueSet: "#yes-no"}
          - {linkId: age, type: integer, text: How old are you?}
"""


def write_file(
    first: str = ITEMS,
    *,
    head: str = HEAD,
    article: str = ARTICLE,
    sources: str = SOURCES,
    value_sets: str = VALUE_SETS,
) -> bytes:
    """Return a whole file that begins with what the test is about; it stands in place of the default of its kind."""
    parts = [first, head, article, sources, value_sets]
    if not first.startswith("item:"):
        parts.append(ITEMS)
    return "".join(part if part.endswith("\n") else part + "\n" for part in parts if part).encode()


def write_page(*questions: str, also: str = "") -> bytes:
    """Return a file whose first question stands on line 10; `also` are further pages, indented as in a file."""
    start = ITEMS[: ITEMS.index("          - {linkId: smoker")]
    body = "".join(f"          - {question}\n" for question in questions)
    return write_file(start + body + also)


def read_worked_example() -> bytes:
    """Return the whole file that docs/questions-yaml.md shows."""
    guide = (ROOT / "docs" / "questions-yaml.md").read_text()
    start = guide.index("# yaml-language-server")
    return guide[start : guide.index("```", start)].encode()


def load(data: bytes) -> Definition:
    """Return the definition of a file, showing its faults when it has any."""
    try:
        return load_questionnaire(data, FILE)
    except DefinitionError as error:
        raise AssertionError("\n".join(str(fault) for fault in error.faults)) from error


def find_faults(data: bytes) -> list[str]:
    """Return what the author of a faulty file is told, line by line."""
    try:
        load_questionnaire(data, FILE)
    except DefinitionError as error:
        return [str(fault) for fault in error.faults]
    return []
