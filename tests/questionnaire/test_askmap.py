"""The ask-map says when everything is asked, in words, and fits on 80 columns of paper."""

from dataclasses import replace
from decimal import Decimal

import pytest

from app.questionnaire.askmap import AskMap, build_askmap
from app.questionnaire.askmap_text import WIDTH, draw_askmap
from app.questionnaire.edition import Edition, build_edition
from app.questionnaire.load import load_questionnaire
from app.questionnaire.model import (
    EnableBehavior,
    EnableWhen,
    Item,
    ItemType,
    LocalText,
    Operator,
    PageKind,
    Precision,
    Unit,
)
from tests.questionnaire.build import edition, exists, option, page, question, text, when
from tests.support.source import ROOT

FIRST = page("first", question("heart"), question("age", ItemType.INTEGER), question("story", ItemType.TEXT))


def describe(*conditions: EnableWhen, behavior: EnableBehavior = EnableBehavior.ANY) -> str:
    """Return the words for the conditions of a question on a second page."""
    asked = question("more", enable_when=conditions, enable_behavior=behavior)
    return build(edition([FIRST, page("second", asked)])).sections[0].pages[1].entries[0].asked_when


def build(walked: Edition) -> AskMap:
    return build_askmap(walked, "en")


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (when("heart", "yes"), "1 (Heart) is “Yes”"),
        (when("heart", "yes", Operator.NOT_EQUALS), "1 (Heart) is answered, but not “Yes”"),
        (when("age", Decimal(18)), "2 (Age) is 18"),
        (when("age", Decimal(18), Operator.LESS), "2 (Age) is less than 18"),
        (when("age", Decimal(18), Operator.GREATER), "2 (Age) is more than 18"),
        (when("age", Decimal(18), Operator.LESS_OR_EQUAL), "2 (Age) is 18 or less"),
        (when("age", Decimal(18), Operator.GREATER_OR_EQUAL), "2 (Age) is 18 or more"),
        (exists("story", answer=True), "3 (Story) is answered"),
        (exists("story", answer=False), "3 (Story) is not answered"),
    ],
)
def test_every_kind_of_condition_has_words(condition: EnableWhen, words: str) -> None:
    assert describe(condition) == words


def test_answers_of_one_question_are_named_together() -> None:
    conditions = (when("heart", "yes"), when("age", Decimal(18)), when("heart", "not-sure"))
    assert describe(*conditions) == "1 (Heart) is “Yes” or “Not sure”, or 2 (Age) is 18"


def test_conditions_that_must_all_hold_are_joined_by_and() -> None:
    conditions = (when("heart", "yes", Operator.NOT_EQUALS), when("heart", "no", Operator.NOT_EQUALS))
    words = "1 (Heart) is answered, but not “Yes”, and 1 (Heart) is answered, but not “No”"
    assert describe(*conditions, behavior=EnableBehavior.ALL) == words
    conditions = (when("heart", "yes"), when("heart", "no"))
    assert describe(*conditions, behavior=EnableBehavior.ALL) == "1 (Heart) is “Yes”, and 1 (Heart) is “No”"


def test_a_section_and_a_page_with_conditions_are_both_told() -> None:
    second = page("second", question("more"), conditions=[when("age", Decimal(18))])
    plain = edition([FIRST], [second]).questionnaire
    section = replace(plain.items[1], enable_when=(when("heart", "yes"),))
    walked = build_edition(replace(plain, items=(plain.items[0], section)), "")
    assert build(walked).sections[1].pages[0].asked_when == "1 (Heart) is “Yes”; and 2 (Age) is 18"


def test_placeholders_and_other_languages_are_put_into_words() -> None:
    spanish = LocalText((("en", "May {clinic} read it?"), ("es", "¿Puede leerlo {clinic}? {emergency} {crisis-line}")))
    walked = edition([page("first", Item(link_id="agree", type=ItemType.TEXT, text=spanish))])
    entry = build_askmap(walked, "es").sections[0].pages[0].entries[0]
    assert entry.text == "¿Puede leerlo [name of the clinic]? [emergency number] [crisis line]"


FIELDS = (
    Item(link_id="name", type=ItemType.STRING, text=text("Name")),
    Item(link_id="dose", type=ItemType.STRING, text=text("Dose")),
)
EVERYTHING = edition(
    [
        page(
            "First",
            question(
                "age",
                ItemType.INTEGER,
                min_value=Decimal(0),
                max_value=Decimal(120),
                unit=Unit(code="a", display=text("years")),
                help=text("In whole years."),
                why=text("It helps."),
            ),
            question("weight", ItemType.DECIMAL, min_value=Decimal(1)),
            question("day", ItemType.DATE),
            question("month", ItemType.DATE, date_precision=Precision.MONTH),
            question("story", ItemType.TEXT, max_length=5000),
            question("smoker"),
            question(
                "kinds",
                ItemType.OPEN_CHOICE,
                repeats=True,
                answer_options=(
                    option("heart-attack"),
                    option("a-problem-with-a-long-name-indeed"),
                    option("something-else", is_open=True),
                    option("not-sure", is_exclusive=True),
                ),
            ),
            Item(
                link_id="pills",
                type=ItemType.GROUP,
                text=text("Which pills?"),
                repeats=True,
                max_occurs=40,
                items=FIELDS,
                answer_options=(option("none", is_exclusive=True),),
            ),
        ),
    ],
    [
        page(
            "Support",
            Item(link_id="words", type=ItemType.DISPLAY, text=text("There are people to talk to.")),
            conditions=[when("smoker", "yes"), when("smoker", "not-sure")],
            page=PageKind.SUPPORT,
        ),
        page("Check", question("looked"), page=PageKind.CHECK),
        page("Share", question("agree"), page=PageKind.SHARE),
    ],
)
DRAWN = """\
Test
================================================================================
Every question may be skipped. Version 1 of 2026-01-01, edition 00000000.

Records only.


1  Section 1
--------------------------------------------------------------------------------

1.1  First

   1  age?
      In whole years.
      A whole number from 0 to 120 (years).
      Why: It helps.

   2  weight?
      A number, 1 or more.

   3  day?
      A date.

   4  month?
      A date; the month and year are enough.

   5  story?
      Own words, at most 5,000 characters.

   6  smoker?
      ( ) Yes   ( ) No   ( ) Not sure   ( ) Prefer not

   7  kinds?
      Choose all that fit:
      [ ] Heart attack
      [ ] A problem with a long name indeed
      [ ] Something else: ________________________
      or one of these alone:
      ( ) Not sure

   8  Which pills?
      Up to 40, each with: Name; Dose.
      or one of these alone:
      ( ) None


2  Section 2
--------------------------------------------------------------------------------

2.1  Support
      Only when 6 (Smoker) is “Yes” or “Not sure”.
      The clinic's crisis contacts are shown here.

      There are people to talk to.

2.2  Check
      All answers are shown here, to look over and change.

   9  looked?
      ( ) Yes   ( ) No   ( ) Not sure   ( ) Prefer not

2.3  Share
      Only for answers that are sent to the clinic; nothing has to be sent.

  10  agree?
      ( ) Yes   ( ) No   ( ) Not sure   ( ) Prefer not
"""


def test_everything_is_drawn_for_paper() -> None:
    assert draw_askmap(build(EVERYTHING)) == DRAWN


def test_the_questionnaire_that_comes_with_the_program_fits_and_is_whole() -> None:
    questionnaire = load_questionnaire((ROOT / "questions.yaml").read_bytes(), "questions.yaml").questionnaire
    walked = build_edition(questionnaire, "0123456789")
    drawn = draw_askmap(build(walked))
    assert max(map(len, drawn.splitlines())) <= WIDTH
    words = " ".join(drawn.split())
    for item in walked.items.values():
        told = [item.text, *(option.display for option in item.answer_options), *(field.text for field in item.items)]
        for part in told:
            assert " ".join(part.to("en").split("{")[0].split()) in words
    for hidden in (item.rationale for item in walked.items.values() if item.rationale):
        assert " ".join(hidden.to("en").split()) not in words
