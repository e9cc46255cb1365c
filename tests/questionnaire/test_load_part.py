"""A faulty file, continued: answers, numbers, what refers to sources and sentences, examples, languages, the head."""

import pytest

from app.questionnaire.load import MAX_LANGUAGES
from app.questionnaire.load_example import MAX_EXAMPLES
from app.questionnaire.load_item import MAX_ITEMS
from app.questionnaire.load_option import MAX_OPTIONS
from tests.questionnaire.definition_text import (
    ARTICLE,
    HEAD,
    ITEMS,
    SOURCES,
    VALUE_SETS,
    find_faults,
    write_file,
    write_page,
)

TEXT = "put the article's own words back, or, where the article itself has changed, write sha256: "
SHA = "f5d4a6eafa41843aefe8039ea25912b9fb2297f5472c11b437a6b322bb65fd1f"


def write_option(code: str, more: str = "") -> str:
    return f"{{valueCoding: {{code: {code}, display: D}}{more}}}"


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        (
            'answerValueSet: "#yes-on"',
            '10:64: q: answerValueSet is "#yes-on", which is no set here; did you mean "#yes-no"?',
        ),
        ('answerValueSet: "#when"', '10:64: q: answerValueSet is "#when", which is no set here; add it to valueSets'),
        ("answerValueSet: yes-no", '10:64: q: answerValueSet is "yes-no"; write "#yes-no"'),
        (
            f"answerOption: [{write_option('a')}, {write_option('a')}]",
            '10:122: q: the code "a" is written twice, first on line 10; give each answer its own code',
        ),
        (
            f"answerValueSet: '#yes-no', answerOption: [{write_option('no')}]",
            '10:111: q: the code "no" also stands in #yes-no; keep one of the two',
        ),
        (
            f"answerOption: [{write_option('unanswered')}]",
            '10:84: q: the code is "unanswered"; choose another: examples use this word',
        ),
        (
            f"answerOption: [{write_option('not-asked')}]",
            '10:84: q: the code is "not-asked"; choose another: an export uses this word for what is no answer',
        ),
        (
            f"answerOption: [{write_option('a', ', word: maybe')}]",
            '10:106: q: word is "maybe"; write yes, not-sure, prefer-not, no or does-not-apply',
        ),
        ("answerOption: []", "10:13: q: there is no answer to choose; add answerOption or answerValueSet"),
    ],
)
def test_answers_that_cannot_be_chosen_are_told(keys: str, sentence: str) -> None:
    assert find_faults(write_page(f"{{linkId: q, type: choice, text: T, {keys}}}")) == [f"q.yaml:{sentence}"]


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ("minValue: 9, maxValue: 3", "10:59: q: minValue is 9 and maxValue is 3; write the smaller one as minValue"),
        (
            "minValue: 0.5",
            "10:59: q: minValue is 0.5 for a whole number; write a whole number, or type: decimal",
        ),
        (
            "minValue: 1, expected: {min: 0}",
            "10:78: q: expected has min 0, which minValue and maxValue refuse; write a number that is allowed",
        ),
        (
            "maxValue: 9, expected: {max: 12}",
            "10:78: q: expected has max 12, which minValue and maxValue refuse; write a number that is allowed",
        ),
        ("expected: {min: 5, max: 3}", "10:65: q: expected has min 5 and max 3; swap the two"),
        ("expected: {}", "10:59: q: expected says nothing; add min, max or greaterThan"),
        (
            "expected: {greaterThan: lowre}",
            '10:73: q: expected names "lowre", which is no other number on this page; did you mean "lower"?',
        ),
        (
            "expected: {greaterThan: q}",
            (
                '10:73: q: expected names "q", which is no other number on this page; '
                "name a number that stands on the same page"
            ),
        ),
        (
            "keyFacts: ['{q} of {quest}']",
            '10:60: q: keyFacts names "{quest}"; write a linkId in the braces',
        ),
        (
            "keyFacts: ['{one}']",
            '10:60: q: keyFacts names "{one}", which is no question; write a linkId in the braces',
        ),
        ("keyFacts: ['{lowr}']", '10:60: q: keyFacts names "{lowr}"; did you mean "lower"?'),
        ("sources: [KET-UK, KET-US]", '10:67: q: sources names "KET-US"; did you mean "KET-UK"?'),
        ("sources: [WHO]", '10:59: q: sources names "WHO"; add it to sources'),
        (
            "provenance: {article: [avoid-hart]}",
            '10:72: q: article names "avoid-hart"; did you mean "avoid-heart"?',
        ),
        (
            "provenance: {article: [avoid-heart], beyond: true}",
            "10:94: q: provenance has both article and beyond; keep one",
        ),
        ("provenance: {article: []}", "10:71: q: provenance names no sentence; write beyond: true"),
        (
            "provenance: {beyond: false}",
            "10:61: q: provenance says nothing; write article with the sentences, or beyond: true",
        ),
    ],
)
def test_a_value_that_says_nothing_or_too_much_is_told(keys: str, sentence: str) -> None:
    question, lower = f"{{linkId: q, type: integer, text: T, {keys}}}", "{linkId: lower, type: integer, text: T}"
    assert find_faults(write_page(question, lower)) == [f"q.yaml:{sentence}"]


def test_a_sentence_of_the_article_that_was_changed_is_told_with_its_hash() -> None:
    assert find_faults(write_file(ARTICLE.replace("Severe", "Sever"), article="")) == [
        (
            "q.yaml:6:15: article/avoid-heart: the text is not the one that its sha256 was made from, "
            f"so provenance no longer matches; {TEXT}{SHA}"
        )
    ]


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "//label.example"])
def test_a_source_links_to_the_web_and_nowhere_else(url: str) -> None:
    sources = f'sources:\n  KET-UK: {{title: A label, mark: V, url: "{url}"}}\n'
    assert find_faults(write_file(sources, sources="")) == [
        f'q.yaml:2:42: sources/KET-UK: url is "{url}"; write an address that begins with https://'
    ]


def test_a_name_with_a_space_is_told_by_its_own_place() -> None:
    assert find_faults(write_file(SOURCES.replace("KET-UK", "KET UK"), sources="")) == [
        (
            'q.yaml:2:3: questionnaire: "KET UK" is no name that sources can have; '
            "use letters, digits, hyphens, dots and underscores, 64 at most"
        )
    ]


def test_a_fault_in_a_shared_set_is_told_once() -> None:
    faults = find_faults(write_file(VALUE_SETS.replace("code: not-sure", "code: not sure"), value_sets=""))
    remedy = "use letters, digits, hyphens, dots and underscores, 64 at most"
    assert faults == [f'q.yaml:8:30: valueSets/unsure: code is "not sure"; {remedy}']


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ('{smokr: "yes"}', '2:34: examples/A: answers names "smokr"; did you mean "smoker"?'),
        ("{one: 3}", '2:34: examples/A: answers names "one", which is no question; name a question'),
        ("{smoker: yess}", '2:42: examples/A: "yess" is no answer of "smoker"; did you mean "yes"?'),
        ('{smoker: ["yes"]}', '2:42: examples/A: this cannot be an answer to "smoker"; write one code'),
        (
            '{smoker: {codes: "yes", words: a}}',
            (
                '2:42: examples/A: this cannot be an answer to "smoker"; '
                "write codes alone: only an open-choice has own words"
            ),
        ),
        ("{age: seventeen}", '2:39: examples/A: this cannot be an answer to "age"; write a number'),
        ("{age: NaN}", '2:39: examples/A: this cannot be an answer to "age"; write a number'),
        ("{age: [1, 2]}", '2:39: examples/A: this cannot be an answer to "age"; write one text'),
        (
            "{day: tomorrow}",
            (
                '2:39: examples/A: this cannot be an answer to "day"; '
                "write a day as 2026-05-03, or counted from the day of the run as T-10d"
            ),
        ),
        (
            "{day: 2026-05}",
            (
                '2:39: examples/A: this cannot be an answer to "day"; '
                "write a day as 2026-05-03, or counted from the day of the run as T-10d"
            ),
        ),
        ("{rows: [{nmae: x}]}", '2:42: examples/A: "nmae" is no field of "rows"; did you mean "name"?'),
        ("{rows: [x]}", '2:41: examples/A: this cannot be an answer to "rows"; write each row as {name: …}'),
        ("{rows: nothing}", '2:40: examples/A: "nothing" is no answer of "rows"; take it away'),
        (
            "{open: {codes: [other]}}",
            (
                '2:40: examples/A: this cannot be an answer to "open"; '
                "write {codes: [something-else], words: their own words}"
            ),
        ),
        ("{age: 3}, sees: [oen]", '2:50: examples/A: sees names "oen", which is no page; did you mean "one"?'),
        ("{age: 3}, doesNotSee: [age]", '2:56: examples/A: doesNotSee names "age", which is no page; name a page'),
        ("{age: 3}, basedOn: B", '2:52: examples/A: basedOn names "B"; name an example that stands above this one'),
        ("{age: 3}, basedOn: A", '2:52: examples/A: basedOn names "A"; name an example that stands above this one'),
    ],
)
def test_an_example_that_cannot_be_run_is_told(answers: str, sentence: str) -> None:
    items = ITEMS + "".join(
        f"          - {question}\n"
        for question in (
            "{linkId: day, type: date, text: T}",
            (
                "{linkId: open, type: open-choice, repeats: true, text: T, answerOption: ["
                "{valueCoding: {code: other, display: O}, open: true}]}"
            ),
            (
                "{linkId: rows, type: group, repeats: true, maxOccurs: 9, text: T, item: ["
                "{linkId: name, type: string, maxLength: 9, text: N}]}"
            ),
        )
    )
    examples = f"examples:\n  - {{name: A, note: n, answers: {answers}}}\n"
    assert find_faults(examples.encode() + write_file(items)) == [f"q.yaml:{sentence}"]


def test_two_examples_of_one_name_are_told() -> None:
    example = "  - {name: A, note: n, answers: {age: 3}}\n"
    assert find_faults(write_file("examples:\n" + example + example)) == [
        'q.yaml:3:12: examples/A: a second example is called "A"; give each its own name'
    ]


def test_a_text_that_lacks_a_language_is_told() -> None:
    head = HEAD.replace("title: Before your visit", "title: {en: Before}").replace("purpose: To", "purpose: &p To")
    head = head.replace("disclaimer: This form records your answers.", "disclaimer: {en: A, es: B, se: C}")
    faults = find_faults(write_file("languages: [en, es]\n", head=head.replace("&p ", ""), value_sets=""))
    assert faults[:3] == [
        "q.yaml:8:8: questionnaire: title is not written in es; add es: below title",
        "q.yaml:9:10: questionnaire: purpose is written in en alone; write en: …, es: … below purpose",
        (
            'q.yaml:10:28: questionnaire: disclaimer has "se", which is no language here; '
            "add it to languages, or take it away"
        ),
    ]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("status: draft", "status: final", '4:9: questionnaire: status is "final"; write draft, active or retired'),
        ("2026-05-03", "3 May 2026", '5:7: questionnaire: date is "3 May 2026"; write a real day as 2026-05-03'),
        ("2026-05-03", "2026-02-30", '5:7: questionnaire: date is "2026-02-30"; write a real day as 2026-05-03'),
        (
            "language: en",
            "language: English",
            '6:11: questionnaire: language is "English"; write a language tag such as en or es-MX',
        ),
        (
            "https://clinic.example/Questionnaire/visit",
            "clinic.example/",
            (
                '2:6: questionnaire: url is "clinic.example/"; '
                "write an address that begins with https:// and does not end with /"
            ),
        ),
        (
            "title: Before your visit",
            "titel: Before your visit",
            '7:1: questionnaire: there is no key "titel" here; did you mean "title"?',
        ),
        (
            "language: en",
            "language: en\nlanguages: [en, en]",
            "7:17: questionnaire: languages has en twice; keep one of the two",
        ),
    ],
)
def test_a_slip_in_the_head_is_told(old: str, new: str, sentence: str) -> None:
    faults = find_faults(HEAD.replace(old, new).encode() + write_file(head=""))
    assert f"q.yaml:{sentence}" in faults
    assert {fault.split(": ")[1] for fault in faults} == {"questionnaire"}


def test_languages_without_the_own_one_are_told() -> None:
    [fault, *_] = find_faults(write_file("languages: [es]\n"))
    assert fault == "q.yaml:1:12: questionnaire: languages lacks en, the questionnaire's own; add en"


@pytest.mark.parametrize("data", [b"- a\n- b\n", b"hello\n"])
def test_a_file_that_is_no_map_is_told_what_to_write(data: bytes) -> None:
    [fault] = find_faults(data)
    assert fault.startswith("q.yaml:1:1: questionnaire: ")
    assert "write keys such as resourceType, url, " in fault


def test_a_missing_part_is_told_once_and_not_by_all_that_name_it() -> None:
    question = "{linkId: q, type: integer, text: T, sources: [KET-UK], provenance: {article: [avoid-heart]}}"
    whole = write_page(question).decode()
    faults = find_faults(whole.replace(SOURCES, "").replace(ARTICLE, "").encode())
    assert [fault.partition(";")[0] for fault in faults] == [
        "q.yaml:1:1: questionnaire: article is missing",
        "q.yaml:1:1: questionnaire: sources is missing",
    ]


def test_what_costs_a_product_has_a_limit() -> None:
    many = "".join(f"          - {{linkId: q{number}, type: integer, text: T}}\n" for number in range(MAX_ITEMS))
    assert "there are more than 1,000 items" in find_faults(write_file(ITEMS + many))[0]
    options = ", ".join(write_option(f"c{number}") for number in range(MAX_OPTIONS + 1))
    [fault] = find_faults(write_page(f"{{linkId: q, type: choice, text: T, answerOption: [{options}]}}"))
    assert "q: there are more than 100 answers; keep fewer" in fault
    example = "".join(f"  - {{name: A{number}, note: n, answers: {{age: 3}}}}\n" for number in range(MAX_EXAMPLES + 1))
    [fault] = find_faults(write_file("examples:\n" + example))
    assert "there are more than 200 examples; keep fewer" in fault
    languages = ", ".join(f"en-A{number}" for number in range(10, 11 + MAX_LANGUAGES))
    faults = find_faults(write_file(f"languages: [{languages}]\n"))
    assert any("there are more than 40 languages; keep fewer" in fault for fault in faults)


def test_many_misspelt_keys_are_told_without_guessing_for_ever() -> None:
    faults = find_faults("".join(f"languag{number}: x\n" for number in range(20_000)).encode())
    assert len(faults) == 1001
    assert 'there is no key "languag0" here; did you mean "language"?' in faults[-1] + "".join(faults)


def test_where_something_was_refused_nothing_more_is_said() -> None:
    head = HEAD.replace("Before your visit", "{en: *a}").replace("To write things down.", "*a")
    head = head.replace("title:", "languages: *a\ntitle:")
    questions = (
        "{linkId: q, type: integer, text: T, unit: *a, keyFacts: [*a], minValue: *a}",
        "{linkId: r, type: choice, text: T, answerValueSet: *a}",
        "*a",
    )
    faults = find_faults(write_page(*questions).replace(HEAD.encode(), head.encode()))
    assert len(faults) == 8
    assert all(fault.endswith("the alias *a stands here; write out what it stands for") for fault in faults)


def test_a_language_is_written_in_one_text() -> None:
    head = HEAD.replace("title: Before your visit", "title: {en: [a], es: b}")
    assert find_faults(write_file(head=head))[:1] == ["q.yaml:18:13: questionnaire: en is a list; write one text"]


def test_keys_and_values_are_no_text() -> None:
    assert find_faults(write_page("{linkId: {a: b}, type: integer, text: T}")) == [
        "q.yaml:10:22: item: linkId is keys and values; write one text"
    ]


def test_an_answer_that_cannot_be_read_is_told_once() -> None:
    later = (
        "      - linkId: two\n        type: group\n        text: Two\n        item:\n"
        "          - {linkId: q, type: integer, text: T, "
        'enableWhen: [{question: age, operator: "<", answerInteger: many}]}\n'
    )
    assert find_faults(write_page("{linkId: age, type: integer, text: T}", also=later)) == [
        'q.yaml:15:108: q: answerInteger is "many"; write a whole number without leading zeros, nine digits at most'
    ]
