"""A good file: everything in it arrives in the questionnaire, as it was written and where it was written."""

import re
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.questionnaire.definition import OwnWords, Place
from app.questionnaire.model import (
    EnableBehavior,
    EnableWhen,
    Expected,
    Face,
    Item,
    ItemType,
    LocalText,
    Operator,
    PageKind,
    Precision,
    Provenance,
    Unit,
    Word,
)
from tests.questionnaire.definition_text import (
    ARTICLE,
    HEAD,
    ITEMS,
    SOURCES,
    find_faults,
    load,
    read_worked_example,
    write_file,
    write_page,
)
from tests.support.source import ROOT

SECOND_PAGE = """\
      - linkId: two
        type: group
        text: Two
        enableWhen: [{question: smoker, operator: "=", answerCoding: {code: "yes"}}]
        item:
"""


def load_question(question: str) -> Item:
    """Return the only question of a file."""
    [section] = load(write_page(question)).questionnaire.items
    return section.items[0].items[0]


def text(english: str) -> LocalText:
    return LocalText((("en", english),))


def test_the_questionnaire_of_this_repository_loads() -> None:
    definition = load((ROOT / "questions.yaml").read_bytes())
    assert len(definition.questionnaire.items) >= 9
    assert len(definition.examples) >= 12


def test_the_file_in_the_guide_loads_and_its_examples_answer_its_questions() -> None:
    first, second = load(read_worked_example()).examples
    assert first.answers["bp-treatment"] == OwnWords(codes=("medicine", "something-else"), words="I walk a lot.")
    assert second.answers == {"high-blood-pressure": "no"}


def test_the_head_of_the_file_arrives() -> None:
    questionnaire = load(write_file()).questionnaire
    assert questionnaire.url == "https://clinic.example/Questionnaire/visit"
    assert (questionnaire.version, questionnaire.status, questionnaire.date) == ("1", "draft", "2026-05-03")
    assert (questionnaire.language, questionnaire.languages) == ("en", ("en",))
    assert questionnaire.title == text("Before your visit")
    assert questionnaire.article_title == "an article"
    assert [(sentence.id, sentence.text) for sentence in questionnaire.article] == [
        ("avoid-heart", "Severe heart or liver disease")
    ]
    assert [(source.key, source.mark, source.url) for source in questionnaire.sources] == [
        ("KET-UK", "V", None),
        ("ESK-EU1", "V2", "https://label.example/eu"),
    ]


def test_sections_hold_pages_and_pages_hold_questions() -> None:
    [section] = load(write_file()).questionnaire.items
    [page] = section.items
    assert (section.link_id, section.page, page.link_id, page.page) == ("start", None, "one", PageKind.QUESTIONS)
    assert [(item.link_id, item.type) for item in page.items] == [
        ("smoker", ItemType.CHOICE),
        ("age", ItemType.INTEGER),
    ]


def test_every_key_of_a_question_arrives() -> None:
    item = load_question(
        "{linkId: q, type: decimal, text: T, shortText: S, help: H, why: W, minValue: 0, maxValue: 300.5, "
        "expected: {min: 30, max: 250}, unit: {code: kg, display: kilos}, face: screening, keyFacts: ['{q} kg'], "
        "rationale: R, sources: [KET-UK], provenance: {article: [avoid-heart]}, review: nobody yet}"
    )
    assert item == Item(
        link_id="q",
        type=ItemType.DECIMAL,
        text=text("T"),
        short_text=text("S"),
        help=text("H"),
        why=text("W"),
        min_value=Decimal(0),
        max_value=Decimal("300.5"),
        expected=Expected(minimum=Decimal(30), maximum=Decimal(250)),
        unit=Unit(code="kg", display=text("kilos")),
        face=Face.SCREENING,
        key_facts=(text("{q} kg"),),
        rationale=text("R"),
        sources=("KET-UK",),
        provenance=Provenance(sentences=("avoid-heart",)),
        review=text("nobody yet"),
    )


def test_what_is_expected_may_reach_the_limits() -> None:
    item = load_question("{linkId: q, type: integer, text: T, minValue: 1, maxValue: 9, expected: {min: 1, max: 9}}")
    assert item.expected == Expected(minimum=Decimal(1), maximum=Decimal(9))


def test_line_ends_and_spaces_around_a_text_are_no_part_of_it() -> None:
    item = load_question("{linkId: q, type: integer, text: ' T\n\n', help: \"\\tH \"}")
    assert (item.text, item.help) == (text("T"), text("H"))


def test_a_question_beyond_the_article_has_no_sentences() -> None:
    item = load_question("{linkId: q, type: text, maxLength: 200, text: T, provenance: {beyond: true}}")
    assert item.provenance == Provenance()
    assert item.max_length == 200


def test_a_date_may_be_of_the_past_and_known_by_its_month() -> None:
    item = load_question("{linkId: q, type: date, text: T, precision: month, past: true}")
    assert (item.date_precision, item.is_past) == (Precision.MONTH, True)


def test_own_answers_come_before_those_of_the_set() -> None:
    item = load_question(
        "{linkId: q, type: open-choice, repeats: true, text: T, answerValueSet: '#unsure', answerOption: ["
        "{valueCoding: {code: else, display: Else}, open: true}]}"
    )
    assert [(option.code, option.is_open, option.is_exclusive) for option in item.answer_options] == [
        ("else", True, False),
        ("not-sure", False, True),
    ]


def test_a_code_belongs_to_the_questionnaire_unless_it_names_another_system() -> None:
    item = load_question(
        "{linkId: q, type: choice, text: T, answerValueSet: '#yes-no', answerOption: ["
        "{valueCoding: {code: LA33-6, display: Yes, system: 'http://loinc.org'}}]}"
    )
    own = "https://clinic.example/Questionnaire/visit/answers"
    assert [option.system for option in item.answer_options] == ["http://loinc.org", own, own]


def test_an_answer_keeps_its_word_for_the_face_sheet() -> None:
    item = load_question("{linkId: q, type: choice, text: T, answerValueSet: '#yes-no'}")
    assert [option.word for option in item.answer_options] == [Word.YES, Word.NO]


def test_rows_have_fields_and_answers_that_stand_alone() -> None:
    item = load_question(
        "{linkId: m, type: group, repeats: true, maxOccurs: 40, text: T, answerOption: ["
        "{valueCoding: {code: none, display: None}}], item: ["
        "{linkId: name, type: string, maxLength: 200, required: true, text: Name}, "
        "{linkId: dose, type: string, maxLength: 200, text: Dose}]}"
    )
    assert item.is_rows
    assert item.max_occurs == 40
    assert [(field.link_id, field.required) for field in item.items] == [("name", True), ("dose", False)]
    assert [option.is_exclusive for option in item.answer_options] == [True]


def test_fields_of_two_groups_may_have_the_same_name() -> None:
    rows = (
        "type: group, repeats: true, maxOccurs: 9, text: T, item: [{linkId: name, type: string, maxLength: 9, text: N}]"
    )
    definition = load(write_page(f"{{linkId: m, {rows}}}", f"{{linkId: n, {rows}}}"))
    assert {"m/name", "n/name"} <= definition.places.keys()
    assert "name" not in definition.places


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ('operator: "!=", answerCoding: {code: "no"}', (Operator.NOT_EQUALS, "no")),
        ("operator: exists, answerBoolean: false", (Operator.EXISTS, False)),
    ],
)
def test_a_condition_on_a_choice_arrives(condition: str, expected: tuple[Operator, str | bool]) -> None:
    when = f"enableWhen: [{{question: smoker, {condition}}}]"
    last = f"          - {{linkId: q, type: text, maxLength: 9, text: T, {when}}}\n"
    item = load(write_file(ITEMS + SECOND_PAGE + last)).questionnaire.items[0].items[1].items[0]
    operator, answer = expected
    assert item.enable_when == (EnableWhen(question="smoker", operator=operator, answer=answer),)


def test_a_page_may_depend_on_a_number_and_on_any_of_several_conditions() -> None:
    page = SECOND_PAGE.replace(
        "}}]", '}}, {question: age, operator: "<", answerInteger: 18}]\n        enableBehavior: any'
    )
    last = "          - {linkId: note, type: display, text: T}\n"
    item = load(write_file(ITEMS + page + last)).questionnaire.items[0].items[1]
    assert item.enable_behavior is EnableBehavior.ANY
    assert item.enable_when[1] == EnableWhen(question="age", operator=Operator.LESS, answer=Decimal(18))


def test_own_language_comes_first_and_every_language_is_kept() -> None:
    head = HEAD.replace("title: Before your visit", "title: {es: Antes de su visita, en: Before your visit}")
    head = head.replace("purpose: To write things down.", "purpose: {en: To write, es: Escribir}")
    head = head.replace("disclaimer: This form records your answers.", "disclaimer: {en: '1–2', es: '1–2'}")
    items = ITEMS.replace("text: Start", "text: {en: Start, es: Inicio}").replace("text: One", "text: '1'")
    items = items[: items.index("          - {linkId: smoker")] + (
        "          - {linkId: age, type: integer, text: {en: Age, es: Edad}, "
        "keyFacts: ['{age}'], rationale: For doctors.}\n"
    )
    data = write_file(items, head=head + "languages: [en, es]\n", value_sets="")
    questionnaire = load(data).questionnaire
    assert questionnaire.languages == ("en", "es")
    assert questionnaire.title == LocalText((("en", "Before your visit"), ("es", "Antes de su visita")))
    assert questionnaire.items[0].items[0].items[0].rationale == text("For doctors.")


@pytest.mark.parametrize(
    "written",
    ["{{7*7}}", "{%raw%}", "%(x)s", "{0.__class__}", "</title><script>", "{clinic}", "{emergency}", "a {b} c"],
)
def test_braces_and_markup_in_a_text_are_text(written: str) -> None:
    assert load_question(f"{{linkId: q, type: integer, text: '{written}'}}").text == text(written)


def test_everything_an_author_is_told_about_has_a_place() -> None:
    places = load(write_file()).places
    assert places["start"] == Place(2, 13)
    assert places["smoker"] == Place(10, 22)
    assert places["smoker/yes"] == Place(33, 30)
    assert {"article/avoid-heart", "sources/KET-UK", "valueSets/yes-no"} <= places.keys()


def test_findings_that_the_author_keeps_are_noted() -> None:
    definition = load(
        write_page("{linkId: q, type: integer, text: T, overrule: [{rule: W-01, reason: It is quoted.}]}")
    )
    assert [(kept.link_id, kept.rule, kept.reason) for kept in definition.overrules] == [("q", "W-01", "It is quoted.")]


EXAMPLES = """\
examples:
  - name: A
    note: first
    answers: {smoker: "yes", age: "40"}
    sees: [one]
    faceSheet: [forty]
  - name: B
    note: second
    basedOn: A
    answers: {age: unanswered}
    doesNotSee: [one]
"""


def test_an_example_starts_from_another_and_can_take_answers_away() -> None:
    first, second = load(write_file(EXAMPLES)).examples
    assert first.answers == {"smoker": "yes", "age": "40"}
    assert second.answers == {"smoker": "yes"}
    assert (first.sees, first.face_sheet, second.does_not_see) == (("one",), ("forty",), ("one",))
    assert (first.place, second.place) == (Place(2, 5), Place(7, 5))


@pytest.mark.parametrize(
    ("question", "written", "answer"),
    [
        ("type: date", "T-10d", "T-10d"),
        ("type: date", "T", "T"),
        ("type: date", "2026-05-03", "2026-05-03"),
        ("type: date, precision: month", "2026-05", "2026-05"),
        ("type: decimal", "1.5", "1.5"),
        ("type: text, maxLength: 9", '""', ""),
        ("type: text, maxLength: 9", '" two\\nlines "', " two\nlines "),
        ('type: choice, answerValueSet: "#yes-no"', "no", "no"),
        ('type: choice, answerValueSet: "#yes-no", repeats: true', '["yes", "no"]', ("yes", "no")),
        ('type: choice, answerValueSet: "#yes-no", repeats: true', "yes", ("yes",)),
    ],
)
def test_an_answer_of_an_example_is_kept_as_written(question: str, written: str, answer: str | tuple[str, ...]) -> None:
    data = write_page(f"{{linkId: q, {question}, text: T}}")
    examples = f"examples:\n  - {{name: A, note: n, answers: {{q: {written}}}}}\n"
    assert load(data + examples.encode()).examples[0].answers == {"q": answer}


def test_rows_and_own_words_are_answers_too() -> None:
    option = "answerOption: [{valueCoding: {code: else, display: E}, open: true}]"
    field = "item: [{linkId: name, type: string, maxLength: 9, text: N}]"
    data = write_page(
        f"{{linkId: m, type: group, repeats: true, maxOccurs: 9, text: T, {field}}}",
        f"{{linkId: o, type: open-choice, text: T, {option}}}",
        f"{{linkId: p, type: open-choice, repeats: true, text: T, {option}}}",
    )
    answers = "{m: [{name: sertraline}], o: {codes: else, words: ' Mine '}, p: {codes: [else], words: Mine}}"
    [example] = load(data + f"examples:\n  - {{name: A, note: n, answers: {answers}}}\n".encode()).examples
    assert example.answers == {
        "m": ({"name": "sertraline"},),
        "o": OwnWords(codes=("else",), words=" Mine "),
        "p": OwnWords(codes=("else",), words="Mine"),
    }


def test_the_order_of_the_top_level_keys_does_not_matter() -> None:
    assert load(write_file()).questionnaire == load(write_file(SOURCES + ARTICLE, sources="", article="")).questionnaire


LINES = read_worked_example().splitlines(keepends=True)


@given(st.lists(st.integers(0, len(LINES)), min_size=2, max_size=4).map(sorted), st.integers(0, 12))
def test_a_torn_file_is_loaded_or_refused_with_places_and_nothing_else(cuts: list[int], spaces: int) -> None:
    pieces = [b"".join(LINES[start:end]) for start, end in pairwise([0, *cuts])]
    torn = b" " * spaces + b"".join(pieces[::2])
    assert all(re.match(r"q\.yaml:[1-9][0-9]*:[1-9][0-9]*: [^;]+; .", fault) for fault in find_faults(torn))
