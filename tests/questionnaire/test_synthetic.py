"""Made-up patients: the same for the same seed, on the path, and never mistaken for a person."""

from collections import Counter
from datetime import date
from decimal import Decimal

import pytest

from app.questionnaire.answer import Answer, Coded, Number
from app.questionnaire.answers import Raw, read_page
from app.questionnaire.edition import Edition
from app.questionnaire.enable import find_way
from app.questionnaire.model import Expected, ItemType, Precision
from app.questionnaire.names import list_name_keys
from app.questionnaire.refill import fill_controls
from app.questionnaire.sent import age_at
from app.questionnaire.synthetic import Draws, Synthesizer, SyntheticResponse
from tests.output.samples import make_edition
from tests.questionnaire.build import edition, option, page, question, when

TODAY = date(2026, 11, 26)
SMALL = edition(
    [
        page(
            "one",
            question("top", ItemType.DECIMAL, max_value=Decimal(300), expected=Expected(greater_than="low")),
            question("low", ItemType.INTEGER, min_value=Decimal(250)),
            question("word", ItemType.STRING, max_length=5),
            question("since", ItemType.DATE, is_past=True, date_precision=Precision.MONTH),
            question("due", ItemType.DATE),
            question("alone", repeats=True, answer_options=(option("none", is_exclusive=True), option("some"))),
            question("open", ItemType.OPEN_CHOICE, answer_options=(option("a"), option("else", is_open=True))),
            question("sure"),
        ),
        page("two", question("more"), conditions=[when("sure", "yes")]),
    ]
)


def make_many(form: Edition, many: int, seed: str = "seed") -> list[SyntheticResponse]:
    maker = Synthesizer(form, seed)
    return [maker.make(number, TODAY) for number in range(many)]


def read_back(form: Edition, answers: dict[str, Answer]) -> dict[str, Answer]:
    """Return the answers as the form reads what a patient would have typed for them."""
    read: dict[str, Answer] = {}
    way = find_way(form, answers)
    for step in (*way.pages, *filter(None, (form.check, form.share))):
        asked = [item for item in step.questions if item.link_id in way.enabled]
        raw: dict[str, tuple[str, ...]] = {}
        for item in asked:
            controls: Raw = fill_controls(item, answers.get(item.link_id))
            raw |= {name: tuple(values) for name, values in controls.items()}
        reading = read_page(asked, raw, TODAY)
        assert not reading.problems, [problem.message for problem in reading.problems]
        read |= {name: answer for name, answer in reading.answers.items() if answer is not None}
    return read


@pytest.mark.parametrize(("form", "many"), [(make_edition(), 150), (SMALL, 400)])
def test_every_answer_could_have_been_typed_into_the_form(form: Edition, many: int) -> None:
    for made in make_many(form, many):
        answers = dict(made.answers)
        assert read_back(form, answers) == answers


def test_the_same_seed_makes_the_same_people_and_another_makes_others() -> None:
    first = make_many(make_edition(), 20)
    assert make_many(make_edition(), 20) == first
    assert make_many(make_edition(), 20, "another") != first
    # One at a time, in any order: a bench may make number 99,999 alone.
    assert Synthesizer(make_edition(), "seed").make(17, TODAY) == first[17]


def test_every_name_says_that_it_is_made_up() -> None:
    people = [made.patient for made in make_many(make_edition(), 500)]
    assert all(person.name.startswith("Test ") for person in people)
    assert len({person.name for person in people}) > 150
    assert all(len(list_name_keys(person.name)) >= 4 for person in people)
    contacts = [person.contact for person in people if person.contact]
    assert all(contact.endswith("@example.org") or contact.startswith("555-01") for contact in contacts)


def test_ages_are_those_of_such_clinics_and_agree_with_the_answer() -> None:
    today = (TODAY.year, TODAY.month, TODAY.day)
    ages = []
    for made in make_many(make_edition(), 1500):
        assert made.patient.birth
        ages.append(age_at(made.patient.birth, today))
        answer = made.answers.get("age")
        assert answer is None or answer == Number(f"{ages[-1]}")
    ages.sort()
    assert ages[0] >= 16
    assert ages[-1] <= 92
    assert 33 <= ages[len(ages) // 2] <= 48
    assert 0 < sum(age < 18 for age in ages) < 20


def test_leap_days_make_no_date_that_is_none() -> None:
    maker = Synthesizer(SMALL, "leap")
    for number in range(800):
        born = maker.make(number, date(2028, 2, 29)).patient.birth
        assert born
        assert date(*born) < date(2028, 2, 29)


def test_answers_are_mixed_and_mostly_no() -> None:
    made = make_many(make_edition(), 600)
    heart = Counter(answer.codes[0] for one in made if isinstance(answer := one.answers.get("heart-disease"), Coded))
    assert heart.most_common(1)[0][0] == "no"
    assert set(heart) == {"yes", "no", "not-sure", "prefer-not"}
    assert any("heart-disease" not in one.answers for one in made)
    asked = {name for one in made for name in one.answers}
    assert len(asked) > 0.95 * len(make_edition().questions)


def test_draws_are_even_enough() -> None:
    draws = Draws("even")
    counts = Counter(draws.below(10) for _ in range(20_000))
    assert all(1800 < counts[number] < 2200 for number in range(10))
