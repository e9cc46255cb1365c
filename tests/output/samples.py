"""Summaries of the questionnaire that is shipped: its example patients, and one with everything at its limit."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache

from app.clinic.profile import build_demonstration
from app.output.frame import REDISCLOSURE, Clinic, Sent, build_frame
from app.questionnaire.answer import Answer, Coded, DateParts, Number, Rows, Text
from app.questionnaire.canonical import dump_canonical, hash_canonical
from app.questionnaire.compare import Given, compare_answers
from app.questionnaire.definition import Definition
from app.questionnaire.edition import Edition, build_edition
from app.questionnaire.examples import read_example
from app.questionnaire.load import load_questionnaire
from app.questionnaire.model import Face, Item, ItemType
from app.questionnaire.sent import Patient
from app.questionnaire.summary import Frame, build_summary
from app.questionnaire.summary_model import NoteView, StaffPart, Summary, VersionView
from tests.support.source import ROOT

TODAY = date(2026, 11, 23)
LONG = "It began a long time ago and nobody could say why. "
HOSTILE = (
    "<script>alert(1)</script> =HYPERLINK(1) {{7*7}} & \"q\" 'a' "
    '#read("/etc/passwd") #panic() $x$ <label> @ref *bold* _it_ \\u{41} `raw` // /* )>>/JS(x)'
)
# Each line is a script of its own; the sixth is what a hand may type to disturb whoever reads.
MANY_SCRIPTS = "\n".join(
    (
        "体の調子が悪いです。夜に眠れません。",
        "أشعر بألم في الصدر منذ 3 أسابيع (خفيف). هل هذا طبيعي؟",
        "Болит голова, особенно по утрам; таблетки не помогают.",
        "मुझे रात को नींद नहीं आती है और सिर में दर्द रहता है।",
        "יש לי כאב גב כבר 5 שנים. 통증이 심합니다. Đau lưng từ năm 2015.",
        "before \u202eevil\u202c after \u2067x\u2069 \x07",
        "Smile 🙂 pill 💊 heart ❤️ hand 👍🏽 family 👨‍👩‍👧 nest 🪺 flag 🇺🇸 ben \u09ac",
        "",
        "two  spaces,\ta tab   and an end",
        "W" * 300,
    )
)


@cache
def read_shipped() -> Definition:
    """Return the questionnaire in the repository."""
    path = ROOT / "questions.yaml"
    return load_questionnaire(path.read_bytes(), path.name)


@cache
def make_edition() -> Edition:
    """Return the edition that it would be served as."""
    questionnaire = read_shipped().questionnaire
    return build_edition(questionnaire, hash_canonical(dump_canonical(questionnaire)))


@cache
def make_clinic() -> Clinic:
    """Return the demonstration clinic under a name of its own."""
    clinic = build_demonstration()
    return replace(clinic, name="Elm Street Clinic")


def answer_as(example: str) -> dict[str, Answer]:
    """Return the answers of the example whose name starts so."""
    found = next(one for one in read_shipped().examples if one.name.startswith(example))
    return read_example(make_edition(), found, TODAY)


def make_summary(
    answers: Mapping[str, Answer], *, name: str = "", reference: str = "", has_companion: bool = False
) -> Summary:
    """Return the summary of these answers."""
    frame = build_frame(make_clinic(), language="en", today=TODAY, translate=str, reference=reference, name=name)
    return build_summary(make_edition(), answers, frame, has_companion=has_companion)


def make_typical() -> Summary:
    """Return the summary of somebody with a heart problem and three medicines, not sent, so without a name."""
    typed: dict[str, Answer] = {
        "questions-for-doctor": Text("How long would a visit take?\nCan my daughter wait with me?")
    }
    return make_summary(answer_as("Test Patient B") | typed)


def make_all_no() -> Summary:
    """Return the summary of somebody who answered No wherever it can be answered."""
    return make_summary(answer_as("BASE"))


def make_all_unknown() -> Summary:
    """Return the summary of somebody who was not sure or preferred not to say."""
    return make_summary(answer_as("Test Patient J"))


def make_many_scripts() -> Summary:
    """Return a summary in many scripts and directions, with a name in four of them."""
    typed: dict[str, Answer] = {
        "other-conditions": Text(MANY_SCRIPTS),
        "questions-for-doctor": Text("هل يمكنني قيادة السيارة بعد العلاج؟ (I want to drive home.)"),
        "current-medicines": Rows((("قرص أبيض", "5 mg", "مرتين", "ألم"), ("薬", "100 mg", "一日一回", "高血圧"))),
    }
    name = "テスト患者L / مريض تجريبي ل / Тестовый пациент Л / परीक्षण रोगी"
    return make_summary(answer_as("テスト") | typed, name=name, reference="K7QM-4TXA")


def make_clinic_copy() -> Summary:
    """Return the typical summary as the clinic prints it: with a name, a reference and the companion."""
    return make_summary(answer_as("Test Patient B"), name="Test Patient B", reference="K7QM-4TXA", has_companion=True)


def answer_yes() -> dict[str, Answer]:
    """Return a Yes to some twenty-five conditions and no answer to what is asked about them."""
    answers = dict(answer_as("BASE"))
    for item in make_edition().questions:
        codes = tuple(option.code for option in item.answer_options)
        if item.face is Face.SCREENING and "does-not-apply" not in codes and "yes" in codes:
            answers[item.link_id] = Coded(("yes",))
    return answers


def make_many_conditions_alone() -> Summary:
    """Return the clinic's copy for somebody who said Yes to some twenty-five conditions and no more about them."""
    return build_summary(make_edition(), answer_yes(), make_sent_frame(has_contact=True), has_companion=True)


def make_many_conditions() -> Summary:
    """Return the clinic's copy for somebody with some twenty-five conditions, two medicines and two questions."""
    answers = answer_yes()
    ask = "How long would a visit take, and may my daughter wait with me?\nShould I take my pills on that morning?"
    rows = (
        ("lisinopril", "10 mg", "once a day", "blood pressure"),
        ("sertraline", "100 mg", "once a day", "depression"),
    )
    answers |= {"questions-for-doctor": Text(ask), "current-medicines": Rows(rows)}
    for item in make_edition().questions:
        codes = tuple(option.code for option in item.answer_options)
        if item.link_id not in answers and codes:
            answers[item.link_id] = Coded(("yes",) if "yes" in codes else codes[:1])
    return build_summary(make_edition(), answers, make_sent_frame(has_contact=True), has_companion=True)


PATIENT = Patient(
    name="Test Amara Osei",
    birth=(1985, 4, 9),
    contact="555-0142, test.42@example.org",
    appointment=(2026, 12, 3),
)
ADDRESS = "https://forms.elmstreet.example/clinic/responses/K7QM-4TXA"


def make_sent_frame(*, has_contact: bool = False, redisclosure: str = "") -> Frame:
    """Return the frame of a response that was sent on the afternoon of the day after today, by the clinic's clock."""
    sent = Sent(
        reference="K7QM-4TXA",
        patient=PATIENT,
        sent_at=datetime(2026, 11, 24, 21, 5, tzinfo=UTC),
        address=ADDRESS,
        has_contact=has_contact,
        redisclosure=redisclosure,
    )
    return build_frame(make_clinic(), language="en", today=date(2026, 11, 24), translate=str, sent=sent)


def make_sent() -> Summary:
    """Return the patient's copy of the typical summary after it was sent."""
    return build_summary(make_edition(), answer_as("Test Patient B"), make_sent_frame())


def make_full_clinic_copy() -> Summary:
    """Return the clinic's copy with all it can hold: what changed, notes, the companion, and the redisclosure line."""
    frame = make_sent_frame(has_contact=True, redisclosure=REDISCLOSURE)
    after = answer_as("Test Patient B")
    before = {**after, "heart-activity": Coded(("not-sure",)), "other-conditions": Text("An old word.")}
    changes = compare_answers(
        Given(edition=make_edition(), answers=before), Given(edition=make_edition(), answers=after), frame
    )
    version = VersionView(
        title="Version 2", who="Robin Hale", when="November 25, 2026", reason="Told by telephone.", changes=changes
    )
    notes = (
        NoteView(who="Robin Hale", when="November 25, 2026", about="", text="Called at ten.\nPrefers mornings."),
        NoteView(who="Sam Wood", when="November 26, 2026", about="Heart problem", text=HOSTILE),
    )
    staff = StaffPart(notes=notes, versions=(version,))
    return build_summary(make_edition(), after, frame, has_companion=True, staff=staff)


def make_extreme() -> Summary:
    """Return a summary with every question answered at its limit: all Yes, every option, every row, every character."""
    answers = {item.link_id: fill_up(item) for item in make_edition().questions}
    return make_summary(answers, name="A name of some length " * 9, reference="K7QM-4TXA")


def fill_up(item: Item) -> Answer:
    """Return the longest answer an item can have, of the options that open most questions."""
    if item.is_rows:
        cells = tuple((LONG * 4)[: child.max_length or 200] for child in item.items)
        return Rows((cells,) * (item.max_occurs or 1))
    match item.type:
        case ItemType.CHOICE | ItemType.OPEN_CHOICE:
            codes = tuple(option.code for option in item.answer_options if not option.is_exclusive)
            yes = next((code for code in codes if code == "yes"), codes[-1] if codes else item.answer_options[0].code)
            own_words = LONG * 4 if any(option.is_open for option in item.answer_options) and item.repeats else ""
            return Coded(codes if item.repeats else (yes,), own_words)
        case ItemType.INTEGER | ItemType.DECIMAL:
            return Number("60")
        case ItemType.DATE:
            return DateParts(2026, 11, 21, ("21", "11", "2026"))
        case _:
            return Text((LONG * 200)[: item.max_length or 5000])


def set_right_to_left(summary: Summary) -> Summary:
    """Return the summary as it stands on a page that reads from right to left."""
    return replace(summary, language="ar", direction="rtl", title="قبل زيارتك")
