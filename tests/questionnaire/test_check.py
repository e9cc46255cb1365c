"""Every rule of the check finds its fault and says it in full, with place and remedy, and is silent without one."""

import pytest

from app.questionnaire.check import check_file
from app.questionnaire.finding import OVERRULABLE, RULES, Rule
from tests.questionnaire.check_text import (
    GROUNDS,
    HEADER,
    TODAY,
    WHOLE,
    find_faults,
    write_choice,
    write_conditions,
    write_form,
    write_page,
)
from tests.questionnaire.definition_text import FILE, load, write_file
from tests.support.source import ROOT

AGE = f"{{linkId: age, type: integer, text: How old are you?, minValue: 0, maxValue: 120, {GROUNDS}}}"
UNSURE = 'answerValueSet: "#unsure"'
NEVER = "all: smoker = yes; smoker = no"
LABELS = [("a", "Pain"), ("b", "pain")]


def write_text(name: str, text: str, more: str = GROUNDS) -> str:
    """Return a question for a line of text."""
    return f'{{linkId: {name}, type: string, maxLength: 10, text: "{text}", {more}}}'


def test_a_sound_questionnaire_has_no_faults() -> None:
    follow_up = write_page("two", write_choice("cough"), when="any: smoker = yes; smoker = no")
    assert find_faults(write_form(follow_up)) == []


CONDITIONS = [
    pytest.param(
        [write_page("two", write_choice("cough", when="all: smoker = yes; smoker = no"))],
        """
        q.yaml:15:22: cough: can never be asked: "smoker = yes" and "smoker = no" exclude each other (contradiction);
        change these conditions or take them away
        """,
        id="conditions that exclude each other",
    ),
    pytest.param(
        [write_page("two", write_choice("a", when="all: smoker = no"), write_choice("b"), when="all: smoker = yes")],
        """
        q.yaml:17:22: a: can never be asked: "smoker = yes" and "smoker = no" exclude each other (unreachable);
        change these conditions or take them away
        """,
        id="a question against its page",
    ),
    pytest.param(
        [write_page("two", write_choice("a"), write_choice("b", when="all: smoker = no"), when=NEVER)],
        """
        q.yaml:11:17: two: can never be shown: "smoker = yes" and "smoker = no" exclude each other (contradiction);
        change these conditions or take them away
        """,
        id="a page is told once and not again for each question on it",
    ),
    pytest.param(
        [write_page("two", AGE), write_page("three", write_choice("a", when=f"{NEVER}; age > 18; smoker exists true"))],
        """
        q.yaml:20:22: a: can never be asked: "smoker = yes" and "smoker = no" exclude each other (contradiction);
        change these conditions or take them away
        """,
        id="only the conditions that are to blame",
    ),
    pytest.param(
        [
            write_page("two", write_choice("cough"), when="all: smoker = yes"),
            write_page("three", write_choice("blood", when="all: cough = yes; smoker = no")),
        ],
        """
        q.yaml:22:22: blood: can never be asked: "cough = yes" and "smoker = no" exclude each other, as cough is asked
        only when smoker = yes (contradiction); change these conditions or take them away
        """,
        id="a follow-up against what it follows",
    ),
    pytest.param(
        [
            write_page("two", write_choice("cough", when="all: smoker = yes; smoker = no")),
            write_page("three", write_choice("blood", when="all: cough = yes")),
        ],
        """
        q.yaml:15:22: cough: can never be asked: "smoker = yes" and "smoker = no" exclude each other (contradiction);
        change these conditions or take them away
        q.yaml:20:22: blood: can never be asked: it needs an answer to cough, which can never be asked itself
        (unreachable); mend cough first
        """,
        id="what hangs on a question that is never asked",
    ),
    pytest.param(
        [write_page("two", AGE), write_page("three", write_choice("old", when="all: age > 120"))],
        """
        q.yaml:20:22: old: can never be asked: no answers make "age > 120" true (contradiction); change these conditions
        or take them away
        """,
        id="a number outside the limits",
    ),
    pytest.param(
        [write_page("two", AGE), write_page("three", write_choice("old", when="any: age > 120; age > 130"))],
        """
        q.yaml:20:22: old: can never be asked: no answers make "age > 120 or age > 130" true (contradiction); change
        these conditions or take them away
        """,
        id="an any-list of which none holds",
    ),
    pytest.param(
        [write_page("two", AGE), write_page("three", write_choice("old", when="any: age > 120; smoker = yes"))],
        """
        q.yaml:20:22: old: its condition "age > 120" never holds, whatever is answered (contradiction); change it or
        take it away
        """,
        id="one of an any-list that never holds",
    ),
    pytest.param(
        [write_page("two", write_choice("a", when="any: smoker = no; smoker = yes"), when="all: smoker = yes")],
        """
        q.yaml:17:22: a: its condition "smoker = no" never holds, whatever is answered (contradiction); change it or
        take it away
        """,
        id="one of an any-list that its page rules out",
    ),
    pytest.param(
        [write_page("two", "{linkId: note, type: display, text: You can ask the clinic.}")],
        """
        q.yaml:11:17: two: can be shown with no question on it, whatever is answered (empty-page); ask something on it
        under the same conditions, or move its sentences to another page
        """,
        id="a page with a sentence and no question",
    ),
    pytest.param(
        [
            write_page("two", AGE),
            write_page(
                "three",
                f"{{linkId: note, type: display, text: You can ask the clinic., {write_conditions('all: age < 18')}}}",
                write_choice("cough", when="all: smoker = yes"),
            ),
        ],
        """
        q.yaml:16:17: three: can be shown with no question on it, for example when smoker is not answered and age = 0
        (empty-page); ask something on it under the same conditions, or move its sentences to another page
        """,
        id="a page that can stand empty",
    ),
    pytest.param(
        [write_page("two", f"{{linkId: kinds, type: choice, repeats: true, text: Which?, {UNSURE}, {GROUNDS}}}")],
        """
        q.yaml:15:22: kinds: several answers may be chosen, but every one of them is exclusive (dead-end); take
        `repeats` away, or `exclusive` from the answers that go together
        """,
        id="answers that cannot be combined",
    ),
    pytest.param(
        [
            write_page(
                "two",
                f"{{linkId: top, type: integer, text: Top?, maxValue: 20, expected: {{greaterThan: low}}, {GROUNDS}}}",
                f"{{linkId: low, type: integer, text: Low?, minValue: 20, {GROUNDS}}}",
            )
        ],
        """
        q.yaml:15:22: top: no number up to its maxValue 20 is greater than low, which begins at 20 (dead-end); widen the
        limits, or take `greaterThan` away
        """,
        id="a number that is never large enough",
    ),
]


@pytest.mark.parametrize(("pages", "expected"), CONDITIONS)
def test_what_cannot_be_is_told_with_the_conditions_to_blame(pages: list[str], expected: str) -> None:
    assert " ".join(find_faults(write_form(*pages))) == " ".join(expected.split())


def test_a_questionnaire_that_asks_nobody_anything_is_a_fault() -> None:
    page = write_page("one", "{linkId: note, type: display, text: You can ask the clinic.}")
    found = find_faults(write_file(HEADER + page))
    fault, remedy = "nobody is ever asked anything (dead-end)", "begin with a question that has no conditions"
    assert found[0] == f"q.yaml:1:1: questionnaire: {fault}; {remedy}"


def test_a_support_page_may_hold_sentences_alone() -> None:
    sentence = "{linkId: s, type: display, text: You can call.}"
    assert find_faults(write_form(write_page("support", sentence, when="all: smoker = yes", kind="support"))) == []


def write_screening(answers: str, more: str = "") -> str:
    """Return a choice for the face sheet; its first answer stands at column 108."""
    return f"{{linkId: it, type: choice, text: Is it so?, shortText: It, {answers}, face: screening{more}, {WHOLE}}}"


PAPER = [
    pytest.param(
        write_screening("answerOption: [{valueCoding: {code: a, display: A}}]"),
        """
        q.yaml:15:108: it: its answer "a" has no `word`, so it would stand under Yes on the face sheet (face-word);
        write under which heading it belongs
        """,
        id="an answer without a heading",
    ),
    pytest.param(
        write_screening('answerOption: [{valueCoding: {code: "yes", display: "Yes, once"}, word: "yes"}]'),
        """
        q.yaml:15:108: it: its answer "yes" does not stand on the face sheet in its own words (lost-option); look at its
        place in the file, its words and its `word`
        """,
        id="an answer whose words the heading replaces",
    ),
    pytest.param(
        "{linkId: it, type: choice, text: Is it so?, answerOption: [{valueCoding: {code: a, display: Yes}}, "
        f"{{valueCoding: {{code: b, display: yes}}}}], {GROUNDS}}}",
        """
        q.yaml:15:133: it: its answer "b" reads like "a" (lost-option); give each its own words
        """,
        id="two answers that read alike",
    ),
    pytest.param(
        write_text("it", "Is it so?", f"shortText: It, face: screening, {WHOLE}"),
        """
        q.yaml:15:22: it: an answer of type string would stand under Yes on the face sheet, whatever it says
        (face-word); write face: visit or list, or ask with answers that have a `word`
        """,
        id="free text under the headings",
    ),
    pytest.param(
        write_text("it", "Is it so?", f'shortText: It, face: visit, keyFacts: ["{{smoker}}"], {WHOLE}'),
        """
        q.yaml:15:22: it: its key facts are never shown, because they stand beside screening questions only (lost-fact);
        take `keyFacts` away, or write face: screening
        """,
        id="key facts that have no place",
    ),
    pytest.param(
        write_text("it", "Is it so?", "face: visit, why: We ask., rationale: R., provenance: {beyond: true}"),
        """
        q.yaml:15:22: it: shortText, sources and review are missing (missing-rationale); add them
        """,
        id="grounds that are missing on the face sheet",
    ),
    pytest.param(
        '{linkId: it, type: string, maxLength: 10, text: "Is it so?"}',
        """
        q.yaml:15:22: it: rationale, sources, provenance and review are missing (missing-rationale); add them, or ask it
        only after a question that has all of them
        """,
        id="grounds that are missing elsewhere",
    ),
]


@pytest.mark.parametrize(("question", "expected"), PAPER)
def test_what_would_not_stand_on_the_paper_is_told(question: str, expected: str) -> None:
    assert " ".join(find_faults(write_form(write_page("two", question)))) == " ".join(expected.split())


def test_two_questions_of_one_name_on_the_face_sheet_are_told() -> None:
    more = f"face: visit, {WHOLE}"
    questions = [write_text(name, "Is it so?", f"shortText: {label}, {more}") for name, label in LABELS]
    page = write_page("two", *questions)
    assert find_faults(write_form(page)) == [
        'q.yaml:16:22: b: it is called "pain" on the face sheet, as a is (same-label); give each its own `shortText`'
    ]


def test_a_key_fact_that_is_never_asked_beside_its_question_is_told() -> None:
    screening = write_screening(
        'answerValueSet: "#words"', f', keyFacts: ["{{cough}}"], {write_conditions("all: smoker = no")}'
    )
    pages = (write_page("two", write_choice("cough", when="all: smoker = yes")), write_page("three", screening))
    fault = "its key fact {cough} can never be shown, because cough is never asked together with it (lost-fact)"
    assert find_faults(write_form(*pages)) == [f"q.yaml:20:22: it: {fault}; take it away, or change the conditions"]


def test_a_follow_up_stands_on_the_grounds_of_what_it_follows() -> None:
    second = write_page("two", write_choice("cough"), when="all: smoker = yes")
    third = write_page("three", write_choice("blood", when="all: cough = yes"))
    assert find_faults(write_form(second, third)) == []


def test_faults_of_every_kind_are_told_at_once_in_the_order_of_the_file() -> None:
    pages = (
        write_page("two", write_text("a", "Are you suitable?"), write_choice("b", when=NEVER)),
        write_page("three", write_text("c", "Why?", "why: We ask.")),
    )
    examples = "examples:\n  - {name: Ana, note: N., answers: {}, sees: [two], doesNotSee: [one]}\n"
    found = [fault.split(" (")[1].split(")")[0] for fault in find_faults(write_form(*pages, rest=examples))]
    assert found == ["W-01", "contradiction", "missing-rationale", "example"]


def test_an_overrule_with_a_reason_keeps_a_text_as_it_is() -> None:
    more = f"{GROUNDS}, overrule: [{{rule: W-01, reason: The word is the patient's own.}}]"
    assert find_faults(write_form(write_page("two", write_text("a", "Are you suitable?", more)))) == []


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        ("W-02", "it overrules W-02, which finds nothing here"),
        ("W-9", 'it overrules "W-9", which is no rule'),
        ("unreachable", "it overrules unreachable, which cannot be overruled"),
    ],
)
def test_an_overrule_that_overrules_nothing_is_a_fault(rule: str, fault: str) -> None:
    more = f"{GROUNDS}, overrule: [{{rule: {rule}, reason: I like it.}}]"
    assert find_faults(write_form(write_page("two", write_text("a", "Is it so?", more)))) == [
        f"q.yaml:15:22: a: {fault} (overrule); take the overrule away"
    ]


def test_what_is_proved_cannot_be_overruled() -> None:
    more = ", overrule: [{rule: contradiction, reason: I like it.}]"
    page = write_page("two", write_choice("cough", when="all: smoker = yes; smoker = no", more=more))
    assert [fault.split(": ", 3)[2] for fault in find_faults(write_form(page))] == [
        "can never be asked",
        "it overrules contradiction, which cannot be overruled (overrule); take the overrule away",
    ]


def find_file_faults(data: bytes) -> list[str]:
    checked = check_file(data, FILE, TODAY)
    assert checked.definition is None
    return [f"{fault.item}: {fault.fault}" for fault in checked.faults]


def test_faults_that_keep_a_file_from_being_read_are_told_together_with_what_the_rules_find() -> None:
    pages = (
        write_page("two", write_text("a", "Are you suitable?"), write_choice("b", when=NEVER)),
        write_page("three", write_text("c", "Why?", "why: We ask., halp: Us")),
        write_page("four", write_choice("d", when="all: smokes = yes"), write_text("e", "Why?", "why: We ask.")),
        write_page("five", write_choice("f", when="all: d = maybe; a exists true")),
    )
    assert find_file_faults(write_form(*pages)) == [
        'a: text says "suitable" (W-01)',
        'b: can never be asked: "smoker = yes" and "smoker = no" exclude each other (contradiction)',
        'c: there is no key "halp" here',
        'd: enableWhen names "smokes"',
        "e: rationale, sources, provenance and review are missing (missing-rationale)",
        'f: "maybe" is no answer of "d"',
    ]


@pytest.mark.parametrize(
    "broken",
    [
        write_choice("b", when="all: smoker = yes", more=", halp: us"),
        write_choice("b", when="any: smoker = yes; smoker = perhaps"),
        write_choice("b", when="all: smoker = yes", answers='"#none"'),
    ],
)
def test_nothing_is_said_of_what_hangs_on_a_faulty_item(broken: str) -> None:
    pages = (
        write_page("two", broken),
        write_page("three", write_choice("c", when="all: b = yes; b = no")),
        write_page("four", write_choice("d", when="all: c = yes")),
    )
    assert find_file_faults(write_form(*pages))
    assert all(fault.startswith("b: ") for fault in find_file_faults(write_form(*pages)))


def test_faults_in_shared_answers_leave_the_wording_rules_alone() -> None:
    pages = (write_page("two", write_text("a", "Are you suitable?"), write_choice("b", when=NEVER)),)
    data = write_form(*pages).replace(b'code: "no"', b'kode: "no"')
    found = find_file_faults(data)
    assert 'a: text says "suitable" (W-01)' in found
    assert not [fault for fault in found if fault.startswith("b: can never be asked")]


def test_a_file_that_can_be_read_whole_is_held_to_every_rule() -> None:
    data = write_form(write_page("two", write_choice("b", when=NEVER)))
    checked = check_file(data, FILE, TODAY)
    assert [str(fault) for fault in checked.faults] == find_faults(data)
    assert checked.definition == load(data)


def test_every_rule_is_told_in_the_documentation() -> None:
    assert RULES.keys() == set(Rule)
    page = (ROOT / "docs" / "commands.md").read_text()
    for rule in Rule:
        row = f"| `{rule}` | {RULES[rule]} | {'yes' if rule in OVERRULABLE else 'no'} |"
        assert row in page
