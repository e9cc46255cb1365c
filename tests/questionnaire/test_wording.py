"""What the patient's texts must not say: the examples of clinical.md 3C and the rules of 3B, word for word."""

import pytest

from app.questionnaire.finding import Finding, Rule
from app.questionnaire.model import AnswerOption, Item, ItemType, LocalText, Unit
from app.questionnaire.passage import Part, Passage, list_passages
from app.questionnaire.wording import find_wording
from tests.questionnaire.build import edition, page, question, text


def find(words: str, part: Part = Part.TEXT, kind: ItemType = ItemType.DISPLAY) -> list[Finding]:
    item = Item(link_id="it", type=kind, text=text(words))
    return list(find_wording([Passage(item=item, place="it", part=part, text=words)]))


def find_rules(words: str, part: Part = Part.TEXT, kind: ItemType = ItemType.DISPLAY) -> list[Rule]:
    return [finding.rule for finding in find(words, part, kind) if finding.rule is not Rule.READING_GRADE]


@pytest.mark.parametrize(
    "words",
    [
        "You told us you take a medicine for blood pressure.",
        "You answered “Not sure” about glaucoma. You may want to ask someone who knows your health history.",
        "Here are your answers. Bring them to your visit.",
        "Clinics often ask about this.",
        "You wrote a number we did not expect. Is it right?",
        "We ask everyone this question.",
        "The doctor may ask you more about this.",
        "If you may be in danger now, call {emergency}.",
        "You chose not to say. That is fine.",
        "Questions you want to ask:",
        "Last blood pressure you know: 150 over 95, on 3 May, at home.",
        "This form records your answers. It cannot tell you if ketamine is right for you.",
        "Have you been told that you have glaucoma or high pressure in the eye?",
        "Have you used cannabis or any other drug?",
        "How many of these have you tried?",
    ],
)
def test_what_may_be_said_is_let_through(words: str) -> None:
    assert find_rules(words) == []


@pytest.mark.parametrize(
    ("words", "rules"),
    [
        ("Your blood pressure may be too high for ketamine.", [Rule.W_02]),
        ("You need an eye test before treatment.", [Rule.W_05]),
        ("Good news! Nothing here rules you out.", [Rule.W_01, Rule.W_06]),
        ("This is a contraindication.", [Rule.W_01]),
        ("This reading is dangerous.", [Rule.W_06]),
        ("Because you said Yes, we must ask more.", [Rule.W_06]),
        ("Tell your doctor to lower your dose.", [Rule.W_05]),
        ("Your answers show that you are at risk. Call now.", [Rule.W_02]),
        ("We cannot process your form without this answer.", [Rule.W_06]),
        ("A doctor has reviewed your form.", [Rule.W_06]),
        ("3 of 12 risk factors found", [Rule.W_02, Rule.W_03]),
        ("BP 150/95 (HIGH)", [Rule.W_02]),
        ("You are eligible.", [Rule.W_01]),
        ("Ketamine is unsuitable.", [Rule.W_01]),
        ("You qualify for it.", [Rule.W_01]),
        ("It is not recommended.", [Rule.W_01]),
        ("You are cleared.", [Rule.W_01]),
        ("This is a low-risk answer.", [Rule.W_02]),
        ("That is abnormal.", [Rule.W_02]),
        ("It is a warning sign.", [Rule.W_02]),
        ("Your score is 7.", [Rule.W_03]),
        ("That makes 40 % of them.", [Rule.W_03]),
        ("You have 3 points.", [Rule.W_03]),
        ("Stop taking it.", [Rule.W_05]),
        ("You must bring it.", [Rule.W_05]),
        ("It will help you.", [Rule.W_06]),
        ("Unfortunately it is not.", [Rule.W_06]),
        ("Do you abuse drugs?", [Rule.PERSON_FIRST]),
        ("Are you a drug user?", [Rule.PERSON_FIRST]),
        ("Have you been clean for a year?", [Rule.PERSON_FIRST]),
        ("Did someone commit suicide?", [Rule.PERSON_FIRST]),
        ("Do you suffer from pain?", [Rule.PERSON_FIRST]),
        ("Do you urinate often?", [Rule.PERSON_FIRST]),
    ],
)
def test_what_must_not_be_said_is_found(words: str, rules: list[Rule]) -> None:
    assert find_rules(words) == rules


def test_the_words_that_break_a_rule_are_quoted_whole() -> None:
    first, *_ = find("Talk about contraindications.")
    assert first.fault == 'text says "contraindications"'


@pytest.mark.parametrize(
    ("words", "seam"),
    [
        ("Do you cough? Do you smoke?", "a second question mark"),
        ("Do you cough, and do you smoke?", '"and do you"'),
        ("Which one, and how often?", '"and how"'),
        ("Has it been treated or is it being watched?", '"or is it"'),
        ("Are you pregnant, or is there a chance that you are?", '"or is there"'),
    ],
)
def test_a_question_that_asks_two_things_is_found_at_its_seam(words: str, seam: str) -> None:
    [finding] = [found for found in find(words, kind=ItemType.CHOICE) if found.rule is Rule.DOUBLE_QUESTION]
    assert finding.fault == f"it asks two things, at {seam}"


@pytest.mark.parametrize(
    "words",
    [
        "Have you ever heard or seen things that other people there did not?",
        "Do you see a heart doctor or take heart medicine?",
        "Has someone in your family had psychosis or bipolar disorder?",
        "In the last 3 months, have you had pain when you pee, blood in your pee, or a need to pee more often?",
    ],
)
def test_a_question_about_one_of_several_things_is_no_double_question(words: str) -> None:
    assert Rule.DOUBLE_QUESTION not in find_rules(words, kind=ItemType.CHOICE)


def test_a_displayed_sentence_may_hold_two_questions() -> None:
    assert find_rules("Do you wonder why? Do you want to ask?") == []


@pytest.mark.parametrize("part", [Part.TEXT, Part.HELP, Part.WHY])
def test_the_clinics_placeholders_are_filled_in_these_texts(part: Part) -> None:
    assert find_rules("{clinic}, {emergency} and {crisis-line} are it.", part) == []


@pytest.mark.parametrize(
    ("words", "part", "fault"),
    [
        ("Call {clinics}.", Part.TEXT, "text has {clinics}, which nothing fills"),
        ("Call {clinic.", Part.HELP, "help has {, which nothing fills"),
        ("{clinic} problem", Part.SHORT_TEXT, "shortText has {clinic}, which is not filled there"),
    ],
)
def test_braces_that_nothing_fills_are_found(words: str, part: Part, fault: str) -> None:
    assert [(finding.rule, finding.fault) for finding in find(words, part)] == [(Rule.PLACEHOLDER, fault)]


def test_the_bare_word_other_is_no_answer() -> None:
    other = AnswerOption(code="other", display=text("Other"), system="test")
    item = question("kind", answer_options=(other,))
    [finding] = [
        found for found in find_wording(list_passages(edition([page("p", item)]).questionnaire)) if found.place
    ]
    assert (finding.rule, finding.place) == (Rule.PERSON_FIRST, "kind/other")
    assert finding.fault == 'its answer "other" is the bare word Other'


HARD = "Unpredictable immunological abnormality is considered."


@pytest.mark.parametrize(("part", "is_graded"), [(Part.TEXT, True), (Part.WHY, True), (Part.HELP, False)])
def test_texts_and_reasons_are_graded_and_help_is_not(part: Part, *, is_graded: bool) -> None:
    assert (Rule.READING_GRADE in [finding.rule for finding in find(HARD, part)]) is is_graded


def test_a_hard_text_is_told_with_its_grade_and_its_longest_words() -> None:
    [finding] = [
        found for found in find("Is your immunological response considerable?") if found.rule == "reading-grade"
    ]
    assert finding.fault == ("text reads at grade 21.8, above 8, most of it in immunological, considerable")


def test_headings_and_labels_are_not_graded() -> None:
    assert find(HARD, kind=ItemType.GROUP) != []
    assert Rule.READING_GRADE not in [finding.rule for finding in find(HARD, kind=ItemType.GROUP)]
    assert find("Anesthesia:", kind=ItemType.CHOICE) == []


def test_a_name_that_will_be_filled_in_does_not_count() -> None:
    assert find("I agree that {clinic} may read it.") == []


def test_every_text_a_patient_reads_is_looked_at_and_no_other() -> None:
    rows = Item(
        link_id="rows",
        type=ItemType.GROUP,
        text=text("rows text"),
        repeats=True,
        items=(Item(link_id="name", type=ItemType.STRING, text=text("field text"), help=text("field help")),),
    )
    asked = question(
        "asked",
        help=text("help"),
        why=text("why"),
        unit=Unit(code="a", display=text("years")),
        answer_options=(AnswerOption(code="yes", display=text("answer"), system="test"),),
        key_facts=(text("fact"),),
        rationale=text("rationale"),
        review=text("review"),
    )
    questionnaire = edition([page("p", asked, rows)]).questionnaire
    assert [(passage.place, passage.part.value, passage.text) for passage in list_passages(questionnaire)] == [
        ("title", "title", "Test"),
        ("disclaimer", "disclaimer", "Records only."),
        ("section-1", "text", "Section 1"),
        ("p", "text", "p"),
        ("asked", "text", "asked?"),
        ("asked", "shortText", "Asked"),
        ("asked", "help", "help"),
        ("asked", "why", "why"),
        ("asked", "unit", "years"),
        ("asked/yes", "answer", "answer"),
        ("asked", "keyFacts", "fact"),
        ("rows", "text", "rows text"),
        ("rows/name", "text", "field text"),
        ("rows/name", "help", "field help"),
    ]


def test_only_english_is_held_to_english_rules() -> None:
    spanish = LocalText((("es", "¿Es candidate?"), ("en", "Is it so?"), ("en-GB", "Is it suitable?")))
    item = Item(link_id="it", type=ItemType.DISPLAY, text=spanish)
    passages = [found for found in list_passages(edition([page("p", item)]).questionnaire) if found.link_id == "it"]
    assert [passage.text for passage in passages] == ["Is it so?", "Is it suitable?"]
    assert [finding.rule for finding in find_wording(passages)] == [Rule.W_01]
