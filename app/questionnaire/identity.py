"""Who a patient says they are when they send, and whether they agree: asked only then, and read like any answer.

The consent itself is the questionnaire's own item, so that its words belong to the edition. It must never ask for
more than a clinic needs to find its patient (clinical.md L-15), and never store anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from app.questionnaire.answer import Answer, Coded, DateParts, Number, Text
from app.questionnaire.answers import CONFIRMED, Raw, get_first, read_page, read_whole
from app.questionnaire.edition import Edition, Page
from app.questionnaire.model import AnswerOption, Item, ItemType, LocalText
from app.questionnaire.problem import Advice, Problem
from app.questionnaire.sent import Day, Patient, age_at

OWN: Final = "patient-"
"""What the names of these controls begin with; those of the questionnaire's own questions may too."""

NAME: Final = "patient-name"
BIRTH: Final = "patient-birth"
PHONE: Final = "patient-phone"
EMAIL: Final = "patient-email"
APPOINTMENT: Final = "patient-appointment"
UNREAD: Final = "patient-unread"
"""Asked only where something typed could not be read: whether to send without it."""

AGREE: Final = "agree"
DECLINE: Final = "do-not-agree"
ADULT: Final = 18
_AGE: Final = "age"
_JOINT: Final = ", "
LONGEST: Final = 200
"""The most characters of a name, a phone number, or an e-mail address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants to send as whom; `patient` is None as long as there are problems, or they do not agree."""

    patient: Patient | None = field(default=None, repr=False)
    problems: tuple[Problem, ...] = ()
    is_declined: bool = False


def find_consent(edition: Edition) -> Item | None:
    """Return the question by which a patient agrees to send; without one, nothing can be sent in this edition."""
    questions = edition.share.questions if edition.share else ()
    return next((item for item in questions if any(option.code == AGREE for option in item.answer_options)), None)


def build_share_page(page: Page, translate: Callable[[str], str], language: str, *, has_unread: bool) -> Page:
    """Return the questionnaire's share page with the questions about the patient before its own.

    `translate` gives the program's words in `language`.
    """

    def say(text: str) -> LocalText:
        return LocalText(((language, translate(text)),))

    optional = say("You can leave this blank.")
    unread = Item(
        link_id=UNREAD,
        type=ItemType.CHOICE,
        repeats=True,
        text=say("Some of what you typed could not be read"),
        answer_options=(AnswerOption(code="leave-out", display=say("Send my answers without it"), system=""),),
    )
    asked = (
        *((unread,) if has_unread else ()),
        _ask(NAME, say("Your name"), say("Name"), say("As the clinic knows you.")),
        replace(_ask(BIRTH, say("Your date of birth"), say("Date of birth")), type=ItemType.DATE, is_past=True),
        _ask(PHONE, say("Phone number"), say("Phone number"), optional),
        _ask(EMAIL, say("E-mail address"), say("E-mail address"), optional),
        replace(
            _ask(APPOINTMENT, say("Date of your appointment"), say("Appointment"), optional),
            type=ItemType.DATE,
            max_length=None,
        ),
        *page.questions,
    )
    return replace(page, items=asked, questions=asked, link_ids=frozenset(item.link_id for item in asked))


def read_wish(edition: Edition, page: Page, raw: Raw, today: date, *, is_adults_only: bool = False) -> Wish:
    """Return what was typed on a share page: who sends, or what to do first; somebody who declines is asked nothing."""
    reading = read_page(page.questions, raw, today)
    consent = find_consent(edition)
    choice = reading.answers.get(consent.link_id) if consent else None
    if consent is None or choice == Coded((DECLINE,)):
        return Wish(is_declined=True)
    lacking = [
        *_find_lacking(page.questions, reading.answers),
        *_find_unreachable(page.questions, reading.answers),
        *_find_minor(reading.answers, today, is_adults_only),
        *_find_past_visit(page.questions, reading.answers, raw, today),
    ]
    if choice != Coded((AGREE,)):
        option = next(option for option in consent.answer_options if option.code == AGREE)
        words = (("label", _name(consent)), ("option", option.display.translations[0][1]))
        lacking.append(Problem(consent.link_id, consent.link_id, Advice.AGREE_TO_SEND, words))
    unread = {problem.link_id for problem in reading.problems}
    problems = [*reading.problems, *(problem for problem in lacking if problem.link_id not in unread)]
    if problems:
        order = [item.link_id for item in page.questions]
        return Wish(problems=tuple(sorted(problems, key=lambda problem: order.index(problem.link_id))))
    return Wish(patient=_read_patient(reading.answers))


def list_contacts(contact: str) -> tuple[tuple[str, str], ...]:
    """Return what `Patient.contact` holds, each part with its name in English, as it was typed.

    Number and address are kept as one text, and staff may have written another: what is plainly neither stays whole.

    >>> list_contacts("555 0100, ann@example.org")
    (('Phone number', '555 0100'), ('E-mail address', 'ann@example.org'))
    >>> list_contacts("ann@example.org"), list_contacts("12 Elm Street, or 555 0100")
    ((('E-mail address', 'ann@example.org'),), (('Contact', '12 Elm Street, or 555 0100'),))
    """
    first, _, last = contact.rpartition(_JOINT)
    parts = (first, last) if _is_phone(first) and _is_email(last) else (contact,)
    return tuple((_name_contact(part), part) for part in parts if part)


def _name_contact(typed: str) -> str:
    return "E-mail address" if _is_email(typed) else "Phone number" if _is_phone(typed) else "Contact"


def _is_email(typed: str) -> bool:
    return "@" in typed and len(typed.split()) == 1


def _is_phone(typed: str) -> bool:
    return "@" not in typed and sum(map(str.isdecimal, typed)) > sum(map(str.isalpha, typed))


def is_minor(answers: Mapping[str, Answer]) -> bool:
    """Tell whether somebody gave an age under 18.

    >>> is_minor({"age": Number("17")}), is_minor({"age": Number("18")}), is_minor({})
    (True, False, False)
    """
    age = answers.get(_AGE)
    return isinstance(age, Number) and age.value < ADULT


def _ask(link_id: str, text: LocalText, label: LocalText, hint: LocalText | None = None) -> Item:
    return Item(link_id=link_id, type=ItemType.STRING, text=text, short_text=label, help=hint, max_length=LONGEST)


def _name(item: Item) -> str:
    return item.label.translations[0][1]


def _find_lacking(questions: Sequence[Item], answers: Mapping[str, Answer | None]) -> list[Problem]:
    needed = {NAME: (NAME, Advice.NEEDED), BIRTH: (f"{BIRTH}-day", Advice.NEEDED), UNREAD: (UNREAD, Advice.LEAVE_OUT)}
    return [
        Problem(item.link_id, *needed[item.link_id], (("label", _name(item)),))
        for item in questions
        if item.link_id in needed and answers.get(item.link_id) is None
    ]


def _find_unreachable(questions: Sequence[Item], answers: Mapping[str, Answer | None]) -> list[Problem]:
    """Return a slip that nobody could be reached by; more is not asked of a number or an address."""
    phone, email = _read_text(answers.get(PHONE)), _read_text(answers.get(EMAIL))
    slips = {
        PHONE: Advice.PHONE if phone and not any(character.isdecimal() for character in phone) else None,
        EMAIL: Advice.EMAIL if email and "@" not in email else None,
    }
    return [
        Problem(item.link_id, item.link_id, advice, (("label", _name(item)),))
        for item in questions
        if (advice := slips.get(item.link_id))
    ]


def _find_minor(answers: Mapping[str, Answer | None], today: date, is_adults_only: bool) -> list[Problem]:  # noqa: FBT001
    birth = _read_day(answers.get(BIRTH))
    if not is_adults_only or birth is None or age_at(birth, (today.year, today.month, today.day)) >= ADULT:
        return []
    return [Problem(BIRTH, f"{BIRTH}-year", Advice.ADULTS_ONLY, ())]


def _find_past_visit(
    questions: Sequence[Item], answers: Mapping[str, Answer | None], raw: Raw, today: date
) -> list[Problem]:
    """Return a doubt about an appointment before today: a slip, or a visit that has been, and then it may stay."""
    visit = _read_day(answers.get(APPOINTMENT))
    if visit is None or visit >= (today.year, today.month, today.day):
        return []
    return [
        Problem(APPOINTMENT, f"{APPOINTMENT}-day", Advice.PAST_DAY, (("label", _name(item)),), is_doubt=True)
        for item in questions
        if item.link_id == APPOINTMENT and get_first(raw, APPOINTMENT + CONFIRMED) != read_whole(item, raw)
    ]


def _read_patient(answers: Mapping[str, Answer | None]) -> Patient:
    contacts = (_read_text(answers.get(PHONE)), _read_text(answers.get(EMAIL)))
    return Patient(
        name=_read_text(answers.get(NAME)),
        birth=_read_day(answers.get(BIRTH)),
        contact=_JOINT.join(filter(None, contacts)),
        appointment=_read_day(answers.get(APPOINTMENT)),
    )


def _read_text(answer: Answer | None) -> str:
    return answer.text if isinstance(answer, Text) else ""


def _read_day(answer: Answer | None) -> Day | None:
    if not isinstance(answer, DateParts) or answer.day is None:
        return None
    return answer.year, answer.month, answer.day
