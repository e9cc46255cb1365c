"""Every answer of every question is given once in a real summary, and what would be lost there is found."""

from dataclasses import replace
from decimal import Decimal

import pytest

from app.questionnaire.answer import Answer, Coded, Text
from app.questionnaire.definition import Definition
from app.questionnaire.edition import Edition, build_edition
from app.questionnaire.explore import Explorer
from app.questionnaire.load import load_questionnaire
from app.questionnaire.model import Face, ItemType, PageKind, Word
from app.questionnaire.plain_frame import build_plain_frame
from app.questionnaire.proof import Shown, find_lost, show_answers
from tests.questionnaire.build import edition, option, page, question, when
from tests.support.source import ROOT


@pytest.fixture(scope="module")
def definition() -> Definition:
    return load_questionnaire((ROOT / "questions.yaml").read_bytes(), "questions.yaml")


def show(walked: Edition) -> dict[tuple[str, Answer], Shown | None]:
    frame = build_plain_frame("en")
    return {(item.link_id, answer): shown for item, answer, shown in show_answers(walked, Explorer(walked), frame)}


def test_every_answer_of_the_questionnaire_that_comes_with_the_program_is_given(definition: Definition) -> None:
    walked = build_edition(definition.questionnaire, "")
    shown = show(walked)
    assert walked.share is not None
    apart = {item.link_id for item in walked.share.items}
    asked = [item for item in walked.questions if item.link_id not in apart]
    options = {(item.link_id, Coded((option.code,))) for item in asked for option in item.answer_options}
    assert {key for key in shown if isinstance(key[1], Coded) and key[1].codes} == options
    assert {link_id for link_id, _ in shown} == {item.link_id for item in asked}
    assert all(found and found.row and found.row.is_answered for found in shown.values())


def test_follow_ups_of_follow_ups_are_given_with_the_answers_that_lead_there() -> None:
    walked = edition(
        [
            page("first", question("heart"), question("age", ItemType.INTEGER, max_value=Decimal(120))),
            page("second", question("kind"), conditions=[when("heart", "not-sure")]),
            page("third", question("story", ItemType.TEXT), conditions=[when("kind", "prefer-not")]),
        ]
    )
    shown = show(walked)
    assert len(shown) == 4 + 1 + 4 + 1
    found = shown["story", Text("x")]
    assert found is not None
    assert found.row is not None
    assert found.row.lines[0].text == "x"


def test_what_is_never_asked_is_not_proved_and_not_lost() -> None:
    never = question("never", enable_when=(when("heart", "yes"), when("heart", "no")))
    walked = edition([page("first", question("heart")), page("second", never)])
    assert {link_id for link_id, _ in show(walked)} == {"heart"}
    assert list(find_lost(walked, Explorer(walked))) == []


def test_consent_is_no_part_of_the_summary() -> None:
    walked = edition([page("first", question("heart")), page("last", question("agree"), page=PageKind.SHARE)])
    assert {link_id for link_id, _ in show(walked)} == {"heart"}


@pytest.mark.parametrize("word", list(Word)[:5])
def test_an_answer_stands_under_its_heading_on_the_face_sheet(word: Word) -> None:
    item = question("heart", face=Face.SCREENING, answer_options=(option(word.value),))
    found = show(edition([page("first", item)]))["heart", Coded((word.value,))]
    assert found is not None
    # `build.option` gives no word to *does not apply*, so it stands where an answer without a word does.
    assert found.heading is (Word.YES if word is Word.DOES_NOT_APPLY else word)


def test_own_words_alone_are_an_answer_too() -> None:
    item = question("kind", ItemType.OPEN_CHOICE, face=Face.VISIT, repeats=True)
    found = show(edition([page("first", item)]))["kind", Coded((), "x")]
    assert found is not None
    assert found.entry is not None
    assert found.entry.facts[0].lines[0].text == "x"


def test_a_questionnaire_in_another_language_is_not_held_to_english_headings() -> None:
    walked = edition([page("first", question("heart", face=Face.SCREENING))])
    spanish = build_edition(replace(walked.questionnaire, language="es"), "")
    assert list(find_lost(spanish, Explorer(spanish))) == []
