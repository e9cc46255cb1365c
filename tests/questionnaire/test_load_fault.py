"""A faulty file: one small file for each fault, and what its author is told, to the letter."""

import pytest

from tests.questionnaire.definition_text import ITEMS, find_faults, write_file, write_page

SECOND_PAGE = "      - linkId: two\n        type: group\n        text: Two\n        item:\n"
SMOKER = '{linkId: smoker, type: choice, text: T, answerValueSet: "#yes-no"}'
AGE = "{linkId: age, type: integer, text: T}"
CHOICE = 'type: choice, text: T, answerValueSet: "#yes-no"'
FIELD = "{linkId: name, type: string, maxLength: 9, text: N}"
ROWS = "type: group, repeats: true, text: T"
OPTION = "{valueCoding: {code: other, display: O}, open: true}"


def say(place: str, sentence: str) -> str:
    return f"q.yaml:{place}: {sentence}"


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        (
            "{linkId: q, type: integer, text: T, minvalue: 3}",
            '10:49: q: there is no key "minvalue" here; did you mean "minValue"?',
        ),
        ("{linkId: q, type: integer, text: T, initial: 3}", '10:49: q: there is no key "initial" here; take it away'),
        ("{linkId: q, text: T}", "10:13: q: type is missing; add type: What kind of answer it takes."),
        ("{linkId: q, type: chioce, text: T}", '10:31: q: type is "chioce"; did you mean "choice"?'),
        (
            "{linkId: q, type: date, text: T, precision: year}",
            '10:57: q: precision is "year"; write day or month',
        ),
        ("{linkId: q, type: date, text: T, past: yes}", '10:52: q: past is "yes"; write true or false'),
        (
            "{linkId: q, type: string, text: T, maxLength: 007}",
            '10:59: q: maxLength is "007"; write a whole number without leading zeros, nine digits at most',
        ),
        (
            "{linkId: q, type: string, text: T, maxLength: 12:30}",
            '10:59: q: maxLength is "12:30"; write a whole number without leading zeros, nine digits at most',
        ),
        (
            "{linkId: q, type: string, text: T, maxLength: 0}",
            "10:59: q: maxLength is 0; write a number from 1 to 100,000",
        ),
        (
            "{linkId: q, type: string, text: T}",
            "10:13: q: maxLength is missing; add maxLength: The most characters of a text.",
        ),
        (
            "{linkId: q, type: decimal, text: T, minValue: 1e3}",
            '10:59: q: minValue is "1e3"; write a number such as 12 or 0.5, without leading zeros',
        ),
        (
            "{linkId: Has Space, type: integer, text: T}",
            (
                '10:22: Has Space: linkId is "Has Space"; '
                "begin with a small letter, then small letters, digits and hyphens, 64 at most"
            ),
        ),
        ("{linkId: q, type: integer, text: [T]}", "10:46: q: text is a list; write one text"),
        (
            "{linkId: q, type: integer, text: #T\n            }",
            "11:13: q: text is empty; write it, in double quotes when it begins with #",
        ),
        (
            "{linkId: q, type: integer, text: T, sources: KET-UK}",
            '10:58: q: sources is "KET-UK"; write a list, each line beginning with a hyphen, or [one, two]',
        ),
        (
            "{linkId: q, type: integer, text: T, unit: kg}",
            '10:55: q: "kg" stands where keys should; write keys such as code, display',
        ),
    ],
)
def test_a_key_or_value_that_cannot_be_is_told(question: str, sentence: str) -> None:
    assert find_faults(write_page(question)) == [f"q.yaml:{sentence}"]


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        (
            f"{{linkId: q, {CHOICE}, maxLength: 3}}",
            "10:86: q: maxLength does not fit an item of type choice; take it away",
        ),
        (
            "{linkId: q, type: text, maxLength: 9, text: T, unit: {code: kg, display: kg}}",
            "10:66: q: unit does not fit an item of type text; take it away",
        ),
        (
            "{linkId: q, type: integer, text: T, required: true}",
            "10:59: q: required does not fit an item of type integer; take it away: every question may be skipped",
        ),
        (
            "{linkId: q, type: display, text: T, why: W}",
            "10:54: q: why does not fit a displayed sentence; take it away",
        ),
        (
            "{linkId: q, type: integer, text: T, page: check}",
            "10:55: q: page does not fit an item of type integer; take it away",
        ),
        (
            "{linkId: q, type: integer, text: T, item: [{linkId: r, type: integer, text: T}]}",
            (
                "10:55: q: an item is nested under an item of type integer; "
                "put it after this one, on a later page with an enableWhen when it depends on the answer"
            ),
        ),
        (
            "{linkId: q, type: group, text: T, item: []}",
            (
                "10:31: q: a group stands where a question should; "
                "add repeats: true when it asks for rows, or move it up to be a page"
            ),
        ),
        (
            "{linkId: q, type: choice, text: T, answerOption: [" + OPTION + "]}",
            (
                '10:31: q: the answer "other" has a line for own words, which only an open-choice can have; '
                "write type: open-choice, or take open away"
            ),
        ),
        (
            '{linkId: q, type: open-choice, text: T, answerValueSet: "#yes-no"}',
            "10:31: q: no answer has a line for own words, and an open-choice has one; write open: true at one answer",
        ),
        (
            "{linkId: q, type: choice, text: T}",
            "10:13: q: there is no answer to choose; add answerOption or answerValueSet",
        ),
        (f"{{linkId: q, {ROWS}, item: [{FIELD}]}}", "10:13: q: maxOccurs is missing; add maxOccurs: The most rows."),
        (f"{{linkId: q, {ROWS}, maxOccurs: 9, item: []}}", "10:82: q: a group of rows is empty; put an item into it"),
        (
            f"{{linkId: q, {ROWS}, maxOccurs: 9, item: [{FIELD.replace('string', 'text')}]}}",
            '10:104: name: type is "text" in a row; write type: string',
        ),
        (
            f"{{linkId: q, {ROWS}, maxOccurs: 9, item: [{FIELD}, {FIELD}]}}",
            '10:145: q: the field "name" is written twice, first on line 10; give each field its own linkId',
        ),
    ],
)
def test_a_key_that_does_not_fit_its_item_is_told(question: str, sentence: str) -> None:
    assert find_faults(write_page(question)) == [f"q.yaml:{sentence}"]


def test_questions_stand_on_pages_and_pages_in_sections() -> None:
    remedy = "put questions on a page, and pages in a section; both are of type group"
    items = (
        f"item:\n  - {{linkId: q, type: integer, text: T}}\n  - {{linkId: s, type: group, text: S, item: [{AGE}]}}\n"
    )
    assert find_faults(write_file(items)) == [
        say("2:23", f'q: type is "integer" where a section stands; {remedy}'),
        say("3:66", f'age: type is "integer" where a page stands; {remedy}'),
    ]


@pytest.mark.parametrize(
    ("questions", "sentence"),
    [
        (
            (AGE, AGE),
            '11:22: age: the linkId "age" is written twice, first on line 10; give the newer one another name',
        ),
        (
            ("{linkId: one, type: integer, text: T}",),
            '10:22: one: the linkId "one" is written twice, first on line 6; give the newer one another name',
        ),
        (
            ("{linkId: d-day, type: integer, text: T}", "{linkId: d, type: date, text: T}"),
            '11:22: d: its form control "d-day" has the name of the item "d-day"; give one of the two another linkId',
        ),
        (
            (AGE, "{linkId: age-confirmed, type: date, text: T}"),
            (
                '10:22: age: its form control "age-confirmed" has the name of the item "age-confirmed"; '
                "give one of the two another linkId"
            ),
        ),
        (
            (
                f"{{linkId: o, type: open-choice, text: T, answerOption: [{OPTION}]}}",
                "{linkId: o-something-else, type: date, text: T}",
            ),
            (
                '10:22: o: its form control "o-something-else" has the name of the item "o-something-else"; '
                "give one of the two another linkId"
            ),
        ),
        (
            (f"{{linkId: m, {ROWS}, maxOccurs: 9, item: [{FIELD}]}}", "{linkId: m-12-name, type: date, text: T}"),
            (
                '10:22: m: its form control "m-12-name" has the name of the item "m-12-name"; '
                "give one of the two another linkId"
            ),
        ),
        (
            (
                f"{{linkId: m, {ROWS}, maxOccurs: 9, item: [{FIELD.replace('name', 'x-day')}]}}",
                "{linkId: m-1-x, type: date, text: T}",
            ),
            (
                '10:22: m: its form control "m-1-x-day" has the name of a control of "m-1-x"; '
                "give one of the two another linkId"
            ),
        ),
    ],
)
def test_two_things_of_one_name_are_told(questions: tuple[str, ...], sentence: str) -> None:
    assert find_faults(write_page(*questions)) == [f"q.yaml:{sentence}"]


@pytest.mark.parametrize(
    ("condition", "sentence"),
    [
        (
            'question: smokr, operator: "=", answerCoding: {code: "yes"}',
            '18:73: q: enableWhen names "smokr"; did you mean "smoker"?',
        ),
        (
            'question: weather, operator: "=", answerCoding: {code: "yes"}',
            '18:73: q: enableWhen names "weather"; name a question on an earlier page',
        ),
        (
            "question: one, operator: exists, answerBoolean: true",
            '18:73: q: enableWhen names "one", which is no question; name a question on an earlier page',
        ),
        (
            "question: near, operator: exists, answerBoolean: true",
            (
                '18:73: q: enableWhen names "near", which stands on the same page; '
                "move it to an earlier page, or name a question that stands on one"
            ),
        ),
        (
            "question: far, operator: exists, answerBoolean: true",
            (
                '18:73: q: enableWhen names "far", which stands on a later page; '
                "move it to an earlier page, or name a question that stands on one"
            ),
        ),
        (
            'question: smoker, operator: "=", answerCoding: {code: noo}',
            '18:117: q: "noo" is no answer of "smoker"; did you mean "no"?',
        ),
        (
            'question: smoker, operator: "=", answerCoding: {code: sometimes}',
            '18:117: q: "sometimes" is no answer of "smoker"; write one of yes, no',
        ),
        (
            'question: smoker, operator: ">", answerCoding: {code: "yes"}',
            '18:91: q: the operator > does not fit "smoker", which is of type choice; write =, != or exists',
        ),
        (
            'question: words, operator: "=", answerCoding: {code: "yes"}',
            '18:90: q: the operator = does not fit "words", which is of type text; write exists',
        ),
        (
            'question: age, operator: "<", answerDecimal: 18',
            '18:108: q: answerDecimal does not fit "age"; write answerInteger',
        ),
        (
            "question: age, operator: exists, answerInteger: 1",
            "18:88: q: exists is compared with answerInteger; write answerBoolean: true, or false",
        ),
        (
            'question: age, operator: "<"',
            (
                "18:62: q: enableWhen has no answer to compare with; "
                "add one of answerCoding, answerInteger, answerDecimal, answerBoolean"
            ),
        ),
        (
            'question: age, operator: "<", answerInteger: 18, answerDecimal: 18',
            "18:62: q: enableWhen has more than one answer to compare with; keep one of answerInteger, answerDecimal",
        ),
        (
            'question: age, operator: "=<", answerInteger: 18',
            '18:88: q: operator is "=<"; write exists, =, !=, >, <, >= or <=',
        ),
    ],
)
def test_a_condition_that_can_never_be_judged_is_told(condition: str, sentence: str) -> None:
    question = f"{{linkId: q, type: integer, text: T, enableWhen: [{{{condition}}}]}}"
    near, far = AGE.replace("age", "near"), AGE.replace("age", "far")
    later = (
        f"{SECOND_PAGE}          - {near}\n          - {question}\n"
        f"{SECOND_PAGE.replace('two', 'three')}          - {far}\n"
    )
    words = "{linkId: words, type: text, maxLength: 9, text: T}"
    assert find_faults(write_page(SMOKER, AGE, words, also=later)) == [f"q.yaml:{sentence}"]


def test_a_section_and_a_page_look_back_as_well() -> None:
    condition = "enableWhen: [{question: age, operator: exists, answerBoolean: true}]"
    items = ITEMS.replace("    text: Start", f"    text: Start\n    {condition}")
    items = items.replace("        text: One", f"        text: One\n        {condition}")
    remedy = "move it to an earlier page, or name a question that stands on one"
    assert find_faults(write_file(items)) == [
        say("5:29", f'start: enableWhen names "age", which stands on the same page; {remedy}'),
        say("10:33", f'one: enableWhen names "age", which stands on the same page; {remedy}'),
    ]


def test_it_is_said_how_several_conditions_join() -> None:
    condition = "{question: age, operator: exists, answerBoolean: true}"
    questions = (
        f"{{linkId: q, type: integer, text: T, enableWhen: [{condition}, {condition}]}}",
        "{linkId: r, type: integer, text: T, enableBehavior: any}",
    )
    later = SECOND_PAGE + "".join(f"          - {question}\n" for question in questions)
    assert find_faults(write_page(AGE, also=later)) == [
        say("15:61", "q: several conditions, and not said how they join; add enableBehavior: any, or all"),
        say("16:65", "r: enableBehavior stands without enableWhen; add enableWhen, or take it away"),
    ]


def test_check_and_share_are_the_same_for_everyone() -> None:
    condition = "{question: age, operator: exists, answerBoolean: true}"
    later = SECOND_PAGE.replace("        item:", "        page: check\n        item:")
    later += f"          - {{linkId: q, type: display, text: T, enableWhen: [{condition}]}}\n"
    sentence = "two: a condition stands on the check page, which is the same for everyone; take enableWhen away"
    assert find_faults(write_page(AGE, also=later)) == [say("14:15", sentence)]


def test_the_support_page_asks_nothing_and_there_is_one() -> None:
    page = SECOND_PAGE.replace("        item:", "        page: support\n        item:")
    later = page + "          - {linkId: q, type: display, text: T}\n"
    later += page.replace("two", "three") + "          - {linkId: r, type: integer, text: T}\n"
    assert find_faults(write_page(AGE, also=later)) == [
        say("20:15", "three: there is a second page of kind support, the first on line 14; keep one of the two"),
        say(
            "22:31",
            "r: a question stands on the support page, which holds displayed sentences only; move it to another page",
        ),
    ]


def test_an_empty_section_is_told() -> None:
    items = "item:\n  - {linkId: s, type: group, text: S}\n  - {linkId: t, type: group, text: T, item: []}\n"
    needed = "What it holds: pages in a section, questions on a page, fields in a row."
    assert find_faults(write_file(items)) == [
        say("2:5", f"s: item is missing; add item: {needed}"),
        say("3:45", "t: a section is empty; put an item into it"),
    ]


def test_every_fault_is_told_at_once_and_in_the_order_of_the_file() -> None:
    questions = (
        "{linkId: q, type: integer, text: T, txet: T}",
        "{linkId: q, type: choice, text: T}",
        "{linkId: r, type: integer, text: &a T, sources: [KET]}",
    )
    faults = find_faults(write_page(*questions))
    assert [fault.split(": ")[0] for fault in faults] == [
        "q.yaml:10:49",
        "q.yaml:11:13",
        "q.yaml:11:22",
        "q.yaml:12:46",
        "q.yaml:12:62",
    ]


def test_a_fault_is_not_told_again_by_what_depends_on_it() -> None:
    broken = "{linkId: smoker, type: choice, text: T, answerOption: [{valueCoding: {code: a b, display: A}}]}"
    condition = '{question: smoker, operator: "=", answerCoding: {code: ab}}'
    later = SECOND_PAGE + f"          - {{linkId: q, type: integer, text: T, enableWhen: [{condition}]}}\n"
    examples = "examples:\n  - {name: A, note: n, answers: {smoker: ab}}\n"
    [fault] = find_faults(write_page(broken, also=later) + examples.encode())
    assert fault.startswith('q.yaml:10:89: smoker: code is "a b"; ')
