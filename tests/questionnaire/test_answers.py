"""What is typed is read as an answer or as what to do next, and never changed."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.questionnaire.answer import Answer, Coded, DateParts, Number, Rows, Text, dump_answer, load_answer
from app.questionnaire.answers import list_controls, read_answer, read_page
from app.questionnaire.errors import StoredAnswerError
from app.questionnaire.model import Expected, Item, ItemType, Precision
from app.questionnaire.refill import fill_controls
from tests.questionnaire.build import option, question, text, yes_no

TODAY = date(2026, 5, 10)
AGE = question("age", ItemType.INTEGER, min_value=Decimal(0), max_value=Decimal(120))
WEIGHT = question("weight", ItemType.DECIMAL)
NOTE = question("note", ItemType.TEXT, max_length=5000)
KIND = question(
    "kind",
    ItemType.OPEN_CHOICE,
    repeats=True,
    answer_options=(
        option("asthma"),
        option("copd"),
        option("something-else", is_open=True),
        option("none", is_exclusive=True),
        *yes_no()[2:],
    ),
)
WHEN = question("when", ItemType.DATE, date_precision=Precision.MONTH, is_past=True)
BIRTH = question("birth", ItemType.DATE)
MEDICINES = Item(
    link_id="medicines",
    type=ItemType.GROUP,
    text=text("Medicines"),
    repeats=True,
    max_occurs=3,
    answer_options=(option("none"), *yes_no()[2:]),
    items=(
        question("name", ItemType.STRING, required=True, max_length=20),
        question("dose", ItemType.STRING, max_length=20),
    ),
)
TOP = question(
    "top", ItemType.INTEGER, expected=Expected(minimum=Decimal(70), maximum=Decimal(250), greater_than="low")
)
LOW = question("low", ItemType.INTEGER, expected=Expected(minimum=Decimal(40), maximum=Decimal(150)))


def read(item: Item, **typed: str | list[str]) -> Answer | None:
    reading = read_answer(item, spread(typed), TODAY)
    assert not reading.problems
    return reading.answer


def refuse(item: Item, **typed: str | list[str]) -> tuple[str, str]:
    reading = read_answer(item, spread(typed), TODAY)
    assert reading.answer is None
    return reading.problems[0].control, reading.problems[0].message


def spread(typed: dict[str, str | list[str]]) -> dict[str, list[str]]:
    return {name.replace("_", "-"): [value] if isinstance(value, str) else value for name, value in typed.items()}


@pytest.mark.parametrize("typed", ["0", "17", "18", "64", "65", "120", " 40 "])
def test_ages_from_0_to_120_are_kept_as_typed(typed: str) -> None:
    assert read(AGE, age=typed) == Number(typed)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("121", "Age: enter a number from 0 to 120"),
        ("-1", "Age: enter a number from 0 to 120"),
        ("40.5", "Age: enter a whole number, using digits only"),
        ("seventeen", "Age: enter a whole number, using digits only"),
        ("9" * 400, "Age: enter a whole number, using digits only"),
        ("1e3", "Age: enter a whole number, using digits only"),
    ],
)
def test_other_ages_are_answered_with_what_to_enter(typed: str, sentence: str) -> None:
    assert refuse(AGE, age=typed) == ("age", sentence)


def test_a_decimal_is_kept_as_typed() -> None:
    assert read(WEIGHT, weight="70.50") == Number("70.50")
    assert refuse(WEIGHT, weight="70,5")[1] == "Weight: enter a number, like 1.5"


@pytest.mark.parametrize("item", [AGE, WEIGHT, NOTE, KIND, WHEN, BIRTH, MEDICINES, question("heart")])
def test_nothing_typed_is_not_answered_and_no_problem(item: Item) -> None:
    assert read_answer(item, {}, TODAY) == read_answer(item, {name: [""] for name in list_controls(item)}, TODAY)
    assert read(item) is None


@pytest.mark.parametrize("item", [AGE, WEIGHT, NOTE, WHEN, BIRTH])
def test_blanks_are_not_answered(item: Item) -> None:
    assert read_answer(item, {name: [" \n "] for name in list_controls(item)}, TODAY).answer is None


def test_5000_characters_are_kept_and_5001_are_refused_with_the_count() -> None:
    assert read(NOTE, note="x" * 5000) == Text("x" * 5000)
    assert refuse(NOTE, note="x" * 5001) == (
        "note",
        "Note: shorten this to 5000 characters or fewer. It now has 5001",
    )


def test_line_ends_are_counted_and_kept_as_html_has_them() -> None:
    assert read(NOTE, note="a\r\nb\rc\n") == Text("a\nb\nc\n")


def test_a_choice_is_one_of_the_answers_shown() -> None:
    heart = question("heart")
    assert read(heart, heart="not-sure") == Coded(("not-sure",))
    assert refuse(heart, heart="tampered") == ("heart", "Heart: choose from the answers shown")
    assert refuse(heart, heart=["yes", "no"]) == ("heart", "Heart: choose one answer")


def test_several_choices_stand_in_questionnaire_order_with_own_words() -> None:
    chosen = read(KIND, kind=["something-else", "asthma"], kind_something_else="  Dust. ")
    assert chosen == Coded(("asthma", "something-else"), "  Dust. ")


def test_own_words_without_the_box_ticked_are_kept_and_nothing_is_ticked_for_the_person() -> None:
    assert read(KIND, kind_something_else="Dust") == Coded((), "Dust")


@pytest.mark.parametrize("alone", ["none", "not-sure", "prefer-not"])
def test_an_exclusive_answer_stands_alone(alone: str) -> None:
    assert read(KIND, kind=alone) == Coded((alone,))
    name = alone.replace("-", " ").capitalize()
    sentence = f"Kind: choose “{name}” alone, or choose only other answers"
    assert refuse(KIND, kind=[alone, "asthma"]) == ("kind", sentence)
    assert refuse(KIND, kind=alone, kind_something_else="Dust") == ("kind", sentence)


@pytest.mark.parametrize("month", ["3", "03", "Mar", "March", "march", "MAR.", "٣"])
def test_a_month_is_a_number_or_a_name(month: str) -> None:
    answer = read(WHEN, when_day="9", when_month=month, when_year="2026")
    assert answer == DateParts(2026, 3, 9, ("9", month, "2026"))


def test_the_day_may_be_left_out_where_the_month_is_enough() -> None:
    assert read(WHEN, when_month="May", when_year="2026") == DateParts(2026, 5, None, ("", "May", "2026"))
    assert refuse(BIRTH, birth_month="May", birth_year="2000") == (
        "birth-day",
        "Birth: enter a day, a month and a year with four digits",
    )


@pytest.mark.parametrize(
    ("day", "month", "year", "control", "sentence"),
    [
        ("11", "5", "2026", "when-day", "When: enter a date that is today or earlier"),
        ("", "6", "2026", "when-month", "When: enter a date that is today or earlier"),
        ("31", "4", "2026", "when-day", "When: enter a date that is in the calendar"),
        ("29", "2", "2025", "when-day", "When: enter a date that is in the calendar"),
        ("1", "13", "2025", "when-month", "When: enter a date that is in the calendar"),
        ("1", "1", "25", "when-year", "When: enter the year with four digits"),
        ("1", "", "2025", "when-month", "When: enter at least a month and a year, like May 2026"),
        ("1", "May", "", "when-year", "When: enter at least a month and a year, like May 2026"),
        ("one", "May", "2025", "when-day", "When: enter at least a month and a year, like May 2026"),
        ("1", "Ma", "2025", "when-month", "When: enter at least a month and a year, like May 2026"),
    ],
)
def test_other_dates_are_answered_at_the_box_to_mend(
    day: str, month: str, year: str, control: str, sentence: str
) -> None:
    assert refuse(WHEN, when_day=day, when_month=month, when_year=year) == (control, sentence)


def test_today_is_no_future_date() -> None:
    assert read(WHEN, when_day="10", when_month="5", when_year="2026") is not None


def test_rows_are_kept_as_typed_and_empty_rows_are_none() -> None:
    typed = {"medicines-1-name": ["sertraline"], "medicines-1-dose": [" 100 mg"], "medicines-7-name": ["zinc"]}
    reading = read_answer(MEDICINES, typed, TODAY)
    assert reading.answer == Rows((("sertraline", " 100 mg"), ("zinc", "")))


def test_a_row_that_is_begun_has_a_name() -> None:
    assert refuse(MEDICINES, medicines_2_dose="100 mg") == (
        "medicines-2-name",
        "Medicines, line 2: enter “Name”, or empty the other boxes of that line",
    )


def test_more_rows_than_there_is_room_for_are_refused_and_none_is_cut() -> None:
    typed = {f"medicines-{number}-name": [f"m{number}"] for number in range(1, 5)}
    (problem,) = read_answer(MEDICINES, typed, TODAY).problems
    assert problem.control == "medicines-4-name"
    assert problem.message == "Medicines: enter 3 at most, and tell the doctor about the rest"


def test_rows_and_none_are_not_both_an_answer() -> None:
    assert refuse(MEDICINES, medicines="none", medicines_1_name="zinc")[0] == "medicines"
    assert read(MEDICINES, medicines="none") == Coded(("none",))


def test_an_unexpected_number_is_asked_about_and_can_be_kept() -> None:
    typed = {"top": ["85"], "low": ["150"]}
    reading = read_page((TOP, LOW), typed, TODAY)
    assert [(each.control, each.is_doubt) for each in reading.problems] == [("top", True)]
    assert reading.answers == {"top": Number("85"), "low": Number("150")}
    kept = read_page((TOP, LOW), {**typed, "top-confirmed": ["85"]}, TODAY)
    assert kept.problems == ()
    assert kept.answers["top"] == Number("85", is_confirmed=True)


def test_a_confirmed_number_that_is_changed_is_asked_about_again() -> None:
    reading = read_page((TOP,), {"top": ["60"], "top-confirmed": ["85"]}, TODAY)
    assert reading.problems[0].is_doubt


def test_doubts_wait_until_nothing_is_wrong() -> None:
    reading = read_page((TOP, AGE), {"top": ["60"], "age": ["x"]}, TODAY)
    assert [each.control for each in reading.problems] == ["age"]


cells = st.text(alphabet=st.characters(exclude_characters="\r", exclude_categories=["Cs"]), min_size=1, max_size=20)
answers = st.one_of(
    st.tuples(
        st.just(KIND),
        st.lists(st.sampled_from(["asthma", "copd", "something-else"]), min_size=1, unique=True).map(
            lambda codes: Coded(tuple(sorted(codes, key=["asthma", "copd", "something-else"].index)))
        ),
    ),
    st.tuples(st.just(NOTE), cells.filter(str.strip).map(Text)),
    st.tuples(st.just(AGE), st.integers(0, 120).map(lambda age: Number(str(age)))),
    st.tuples(
        st.just(MEDICINES),
        st.lists(st.tuples(cells.filter(str.strip), cells), min_size=1, max_size=3).map(lambda rows: Rows(tuple(rows))),
    ),
)


@given(answers)
def test_an_answer_put_back_into_its_controls_is_read_as_itself(given_answer: tuple[Item, Answer]) -> None:
    item, answer = given_answer
    assert read_answer(item, fill_controls(item, answer), TODAY).answer == answer


@given(answers)
def test_dump_and_load_agree(given_answer: tuple[Item, Answer]) -> None:
    item, answer = given_answer
    assert load_answer(item.link_id, dump_answer(answer)) == answer


@pytest.mark.parametrize("stored", [{}, {"rows": 3}, {"date": [2026]}, {"date": 1, "typed": []}])
def test_a_stored_answer_that_is_none_is_named_and_not_quoted(stored: dict[str, object]) -> None:
    with pytest.raises(StoredAnswerError) as caught:
        load_answer("age", stored)
    assert str(caught.value) == "the stored answer of 'age' cannot be read"
