"""Who sends, and whether they agree: as typed, asked for no more than is needed, and nothing without a yes."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.questionnaire.answer import Answer, Coded, Number, Text
from app.questionnaire.edition import Edition, Page
from app.questionnaire.handover import hash_answers
from app.questionnaire.identity import Wish, build_share_page, find_consent, is_minor, read_wish
from app.questionnaire.model import ItemType, PageKind
from app.questionnaire.problem import Advice
from tests.questionnaire.build import edition, option, page, question, when

TODAY = date(2026, 5, 10)
AGREEMENT = question("consent", answer_options=(option("agree"), option("do-not-agree")))
WALK = edition(
    [
        page("heart", question("heart-disease")),
        page("more", question("kind"), conditions=[when("heart-disease", "yes")]),
        page("share", AGREEMENT, page=PageKind.SHARE),
    ]
)
WHO = {
    "patient-name": ["Zoë"],
    "patient-birth-day": ["3"],
    "patient-birth-month": ["May"],
    "patient-birth-year": ["1990"],
    "consent": ["agree"],
}


def build(walk: Edition = WALK, *, has_unread: bool = False) -> Page:
    """Return the page that asks who sends."""
    assert walk.share is not None
    return build_share_page(walk.share, str, "en", has_unread=has_unread)


def read(*, has_unread: bool = False, is_adults_only: bool = False, **typed: str) -> Wish:
    """Read the page as somebody fills it in who changed this of it."""
    named = {name.replace("_", "-"): [value] for name, value in typed.items()}
    return read_wish(WALK, build(has_unread=has_unread), {**WHO, **named}, TODAY, is_adults_only=is_adults_only)


def list_advice(wish: Wish) -> list[tuple[str, Advice]]:
    """Return which control is told what, in order."""
    assert wish.patient is None
    return [(problem.control, problem.advice) for problem in wish.problems]


def test_name_and_birth_are_enough() -> None:
    wish = read()
    assert wish.patient is not None
    assert (wish.patient.name, wish.patient.birth, wish.patient.contact) == ("Zoë", (1990, 5, 3), "")
    assert wish.patient.appointment is None


@given(st.text(st.characters(exclude_characters="\r"), min_size=1, max_size=200).filter(lambda text: text.strip()))
def test_a_name_is_kept_character_for_character(name: str) -> None:
    # D-1
    wish = read(patient_name=name)
    assert wish.patient is not None
    assert wish.patient.name == name


@pytest.mark.parametrize(
    ("phone", "email", "contact"),
    [("", "", ""), ("1", "", "1"), ("", "a@b", "a@b"), (" 1 ", "a@b", " 1 , a@b")],
)
def test_phone_and_e_mail_make_one_line(phone: str, email: str, contact: str) -> None:
    wish = read(patient_phone=phone, patient_email=email)
    assert wish.patient is not None
    assert wish.patient.contact == contact


def test_everything_lacking_is_told_at_once_in_the_page_s_order() -> None:
    wish = read(
        has_unread=True,
        patient_name="",
        patient_birth_day="",
        patient_birth_month="",
        patient_birth_year="",
        patient_appointment_day="soon",
        consent="",
    )
    assert list_advice(wish) == [
        ("patient-unread", Advice.LEAVE_OUT),
        ("patient-name", Advice.NEEDED),
        ("patient-birth-day", Advice.NEEDED),
        ("patient-appointment-day", Advice.DATE),
        ("consent", Advice.AGREE_TO_SEND),
    ]


def test_what_cannot_be_read_is_told_once() -> None:
    assert list_advice(read(patient_birth_month="Smarch")) == [("patient-birth-month", Advice.DATE)]
    assert list_advice(read(patient_birth_year="2027")) == [("patient-birth-day", Advice.PAST_DATE)]


@pytest.mark.parametrize(("phone", "email"), [("٠١٢", "a@b"), ("ask for 7", "@"), ("", "")])
def test_a_number_has_digits_and_an_address_an_at_and_no_more_is_asked_of_them(phone: str, email: str) -> None:
    assert read(patient_phone=phone, patient_email=email).patient is not None
    slips = [("patient-phone", Advice.PHONE), ("patient-email", Advice.EMAIL)]
    assert list_advice(read(patient_phone="none", patient_email="none")) == slips


def test_nobody_is_asked_for_more_who_declines() -> None:
    wish = read(patient_name="", patient_birth_year="x", consent="do-not-agree", has_unread=True, is_adults_only=True)
    assert wish == Wish(is_declined=True)


@given(st.text(max_size=20).filter(lambda code: code != "agree"))
def test_nothing_but_a_yes_is_a_yes(code: str) -> None:
    assert read(consent=code).patient is None


def test_both_answers_at_once_are_none() -> None:
    assert read_wish(WALK, build(), {**WHO, "consent": ["agree", "do-not-agree"]}, TODAY).patient is None


@pytest.mark.parametrize(("year", "is_told"), [("2008", False), ("2009", True)])
def test_a_clinic_for_adults_counts_birthdays(year: str, *, is_told: bool) -> None:
    assert (read(patient_birth_year=year, is_adults_only=True).patient is None) is is_told
    assert read(patient_birth_year=year).patient is not None
    assert read(patient_birth_year="2008", patient_birth_day="11", is_adults_only=True).patient is None


def test_an_age_under_18_is_seen_as_typed() -> None:
    ages: dict[str, bool] = {"17": True, " 17 ": True, "0": True, "18": False, "120": False}
    assert {age: is_minor({"age": Number(age)}) for age in ages} == ages
    assert not is_minor({"age": Text("17")})


def test_without_a_question_to_agree_there_is_nothing_to_send_by() -> None:
    bare = edition([page("heart", question("heart-disease")), page("share", question("else"), page=PageKind.SHARE)])
    assert find_consent(bare) is None
    assert find_consent(edition([page("heart", question("heart-disease"))])) is None
    assert read_wish(bare, build(bare), WHO, TODAY) == Wish(is_declined=True)
    assert find_consent(WALK) == AGREEMENT


def test_an_item_of_the_questionnaire_s_own_is_asked_too() -> None:
    names = [item.link_id for item in build().questions]
    assert names == [
        "patient-name",
        "patient-birth",
        "patient-phone",
        "patient-email",
        "patient-appointment",
        "consent",
    ]
    assert [item.type for item in build().questions if item.type is ItemType.DATE] == [ItemType.DATE] * 2


def test_a_hash_tells_whether_what_would_be_sent_has_changed() -> None:
    # What is off the path and the consent itself are no change
    said: dict[str, Answer] = {"heart-disease": Coded(("no",))}
    digest = hash_answers(WALK, said)
    assert hash_answers(WALK, {**said, "kind": Text("x"), "consent": Coded(("agree",))}) == digest
    assert hash_answers(WALK, {}) != digest
    assert hash_answers(WALK, {"heart-disease": Coded(("yes",))}) != digest
    opened: dict[str, Answer] = {"heart-disease": Coded(("yes",)), "kind": Coded(("no",))}
    assert hash_answers(WALK, opened) != hash_answers(WALK, {"heart-disease": Coded(("yes",))})
