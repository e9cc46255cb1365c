"""What the program's own texts say: every word in a patient's template, and every sentence Python hands to gettext.

The questionnaire's texts are checked by `foreword check`; the patterns are the same (clinical.md 3B).
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from jinja2 import Environment

from app.questionnaire.finding import Rule
from app.questionnaire.reading import grade_text
from app.questionnaire.wording import BANS
from tests.support.source import ROOT, read_modules

TEMPLATES = ROOT / "templates"
# Clinicians read these: W-15 asks for what sources say, in the sources' words, so that only promises are looked for.
FOR_CLINICIANS = {"patient/for_clinicians.html", "patient/who_says_what.html"}
PAGES_TO_READ = ("start", "about_ketamine", "privacy", "accessibility", "not_open")
HIGHEST_GRADE = 8.0
CLINICIAN_RULES = {Rule.W_03, Rule.W_06}

# Each with why somebody who read it let it stand.
ALLOWED: dict[tuple[Rule, str], str] = {}

STYLE = re.compile(r"\b(in)?valid\b|\bplease\b|\bsorry\b|\brequired field|\bsubstance abuse\b", re.IGNORECASE)
_GETTEXT = {"gettext", "ngettext", "lazy_gettext", "translate", "Problem"}
_TAG = re.compile(r"<[^<>]*>")
_SENTENCE = re.compile(r"(?<=[.!?:])\s+")
_ENVIRONMENT = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)


def list_template_texts(source: str) -> Iterator[str]:
    """Give every text of a template: what it marks for translation, and whatever stands between its tags."""
    for _, _, found in _ENVIRONMENT.extract_translations(source):  # type: ignore[attr-defined]  # the extension's
        yield from [found] if isinstance(found, str) else filter(None, found or ())  # a variable is no text
    yield "".join(value for _, kind, value in _ENVIRONMENT.lex(source) if kind == "data")


def list_sentences(text: str) -> list[str]:
    """Return the sentences of a text without its markup."""
    return [sentence for sentence in _SENTENCE.split(" ".join(_TAG.sub(" ", text).split())) if sentence]


def list_breaches(sentence: str) -> list[Rule]:
    """Return the rules about words that a sentence breaks."""
    return [ban.rule for ban in BANS if ban.pattern.search(sentence)]


def read_templates() -> dict[str, str]:
    """Return the templates a patient can see, by their path in `templates/`."""
    paths = [*TEMPLATES.glob("*.html"), *TEMPLATES.glob("patient/**/*.html"), *TEMPLATES.glob("components/**/*.html")]
    return {str(path.relative_to(TEMPLATES)): path.read_text() for path in sorted(paths)}


def list_python_texts() -> Iterator[tuple[str, str]]:
    """Give place and text of everything that Python hands to gettext or puts on an error page."""
    for module in read_modules("app"):
        for line, name, call in module.list_calls():
            if name in _GETTEXT:
                constants = (node for part in call.args for node in ast.walk(part) if isinstance(node, ast.Constant))
                yield from ((f"{module.path}:{line}", node.value) for node in constants if isinstance(node.value, str))


@cache
def list_texts() -> tuple[tuple[str, str], ...]:
    """Return place and sentence of all of the program's own texts that patients read, and of the clinicians' page."""
    templates = ((name, text) for name, source in read_templates().items() for text in list_template_texts(source))
    return tuple(
        (place, sentence) for place, text in (*templates, *list_python_texts()) for sentence in list_sentences(text)
    )


def find_breaches() -> dict[tuple[Rule, str], str]:
    """Return every rule that a sentence breaks, with the place of the sentence."""
    return {
        (rule, sentence): place
        for place, sentence in list_texts()
        for rule in list_breaches(sentence)
        if place not in FOR_CLINICIANS or rule in CLINICIAN_RULES
    }


def test_no_text_gives_a_verdict_a_rating_an_instruction_or_a_promise() -> None:
    wrong = {key: place for key, place in find_breaches().items() if key not in ALLOWED}
    assert not wrong, "\n".join(f"{place}: {rule}: {sentence}" for (rule, sentence), place in wrong.items())


def test_every_sentence_that_was_let_through_still_stands_somewhere() -> None:
    gone = ALLOWED.keys() - find_breaches().keys()
    assert not gone, f"take these away: {sorted(sentence for _, sentence in gone)}"


def test_no_text_blames_or_begs() -> None:
    wrong = [f"{place}: {sentence}" for place, sentence in list_texts() if STYLE.search(sentence)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("page", PAGES_TO_READ)
def test_a_page_to_read_stays_within_eight_years_of_school(page: str) -> None:
    texts = _ENVIRONMENT.extract_translations(  # type: ignore[attr-defined]  # the extension's
        (TEMPLATES / "patient" / f"{page}.html").read_text()
    )
    sentences = [sentence.rstrip(".:") for _, _, text in texts for sentence in list_sentences(str(text))]
    grade = grade_text(". ".join(sentences))
    assert grade <= HIGHEST_GRADE, f"{page} reads at grade {grade:.1f}"


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        ("<p>{{ _('You are not eligible.') }}</p>", Rule.W_01),
        ("<p>{% trans %}Your blood pressure is <b>too</b> high.{% endtrans %}</p>", Rule.W_02),
        ("<p>3 of 12 concerns found</p>", Rule.W_03),
        ("{{ ngettext('Stop taking it.', 'Stop taking them.', 2) }}", Rule.W_05),
        ('<p class="{{ kind }}">Good news! Nothing here.</p>', Rule.W_06),
    ],
)
def test_a_bad_text_is_seen_wherever_it_stands_in_a_template(source: str, rule: Rule) -> None:
    sentences = [sentence for text in list_template_texts(source) for sentence in list_sentences(text)]
    assert rule in {rule for sentence in sentences for rule in list_breaches(sentence)}


def test_the_texts_are_found_where_they_are() -> None:
    places = {place.partition(":")[0] for place, _ in list_texts()}
    names = {Path(place).name for place in places}
    assert {"base.html", "start.html", "frame.py", "problems.py"} <= names
