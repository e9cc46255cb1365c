"""The summary: fixed headings, questionnaire order, every word as given, nothing cut in silence."""

from dataclasses import replace
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.output.frame import Clinic, build_frame
from app.questionnaire.answer import Answer, Coded, DateParts, Number, Rows, Text
from app.questionnaire.crisis import CrisisLine, CrisisSet
from app.questionnaire.enable import find_way
from app.questionnaire.model import (
    AnswerOption,
    Face,
    Item,
    ItemType,
    LocalText,
    Provenance,
    Unit,
    Word,
)
from app.questionnaire.shorten import COMPRESSIONS, Marks, cut_text, shorten_face
from app.questionnaire.summary import build_summary, list_unsent
from app.questionnaire.summary_model import FaceEntry, FaceGroup, FaceSheet, Summary
from tests.output.samples import answer_as, make_edition, make_summary
from tests.questionnaire.build import edition, option, page, question, text, when, yes_no
from tests.support.examples import count_examples

CRISIS = CrisisSet(
    country="US",
    country_name="United States",
    emergency_label="911",
    emergency_tel="911",
    contacts=(CrisisLine(name="988 Lifeline", tel="988", sms="988", hours="24 hours a day"),),
)
FRAME = build_frame(
    Clinic(name="Elm Clinic", contact="", time_zone="UTC", crisis=CRISIS, is_demonstration=False),
    language="en",
    today=date(2026, 5, 10),
    translate=str,
)
HEART = question("heart-disease", face=Face.SCREENING, key_facts=(text("kind: {kind}"), text("{top} over {low} mmHg")))
ALCOHOL = question(
    "alcohol",
    face=Face.SCREENING,
    answer_options=(
        replace(option("never"), word=Word.NO),
        replace(option("weekly"), word=Word.YES),
        *yes_no()[2:],
    ),
)
KIND = question("kind", ItemType.OPEN_CHOICE, repeats=True, answer_options=(option("stent"), option("valve")))
MMHG = Unit(code="mm[Hg]", display=text("mmHg"))
WALK = edition(
    [page("visit", question("reason", ItemType.TEXT, face=Face.VISIT), question("age", ItemType.INTEGER))],
    [
        page("heart", HEART, ALCOHOL, question("stroke", face=Face.SCREENING)),
        page("more", KIND, conditions=[when("heart-disease", "yes")]),
        page("bp", question("top", ItemType.INTEGER, unit=MMHG), question("low", ItemType.INTEGER, unit=MMHG)),
    ],
    [
        page(
            "medicines",
            Item(
                link_id="medicines",
                type=ItemType.GROUP,
                text=text("Medicines"),
                repeats=True,
                face=Face.LIST,
                items=(question("name", ItemType.STRING), question("dose", ItemType.STRING)),
            ),
            question("when", ItemType.DATE),
        )
    ],
)


def summarize(**answers: Answer) -> Summary:
    return build_summary(WALK, {name.replace("_", "-"): answer for name, answer in answers.items()}, FRAME)


def find_group(summary: Summary, word: Word) -> FaceGroup:
    (group,) = (group for group in summary.faces[0].groups if group.word is word)
    return group


def say(entry: FaceEntry) -> list[str]:
    return ["".join(line.text for line in fact.lines) for fact in entry.facts]


def test_all_headings_are_there_for_everyone_in_one_order() -> None:
    for summary in (summarize(), summarize(heart_disease=Coded(("yes",)))):
        assert [group.heading for group in summary.faces[-1].groups] == [
            "Yes",
            "Not sure",
            "Prefer not to say",
            "No",
            "Does not apply",
            "Not answered",
        ]


def test_items_stand_under_the_word_that_was_given_in_questionnaire_order() -> None:
    summary = summarize(stroke=Coded(("yes",)), heart_disease=Coded(("yes",)), alcohol=Coded(("never",)))
    assert [entry.link_id for entry in find_group(summary, Word.YES).entries] == ["heart-disease", "stroke"]
    assert [entry.link_id for entry in find_group(summary, Word.NO).entries] == ["alcohol"]


def test_an_answer_that_says_more_than_its_heading_stands_in_its_own_words() -> None:
    assert say(find_group(summarize(alcohol=Coded(("weekly",))), Word.YES).entries[0]) == ["Weekly"]
    assert say(find_group(summarize(alcohol=Coded(("never",))), Word.NO).entries[0]) == ["Never"]
    assert say(find_group(summarize(stroke=Coded(("no",))), Word.NO).entries[0]) == []


def test_key_facts_stand_beside_and_those_without_an_answer_are_left_out() -> None:
    summary = summarize(heart_disease=Coded(("yes",)), kind=Coded(("stent", "valve"), "a pacer"), top=Number("182"))
    facts = say(find_group(summary, Word.YES).entries[0])
    assert facts == ["kind: Stent; Valve; a pacer", "182 over not answered mmHg"]
    assert say(find_group(summarize(heart_disease=Coded(("yes",))), Word.YES).entries[0]) == []


def test_a_key_fact_stands_beside_the_answer_that_opened_its_question_and_once() -> None:
    shared = (text("since: {since}"), text("care: {care}"))
    walk = edition(
        [
            page("told", *(question(name, face=Face.SCREENING, key_facts=shared) for name in ("one", "other"))),
            page(
                "more",
                question("since", ItemType.TEXT),
                question("care", ItemType.TEXT),
                conditions=[when("one", "yes"), when("other", "yes")],
            ),
        ]
    )

    def list_facts(one: str, other: str) -> dict[str, list[str]]:
        answers: dict[str, Answer] = {
            "one": Coded((one,)),
            "other": Coded((other,)),
            "since": Text("May"),
            "care": Text("Elm"),
        }
        groups = build_summary(walk, answers, FRAME).faces[0].groups
        return {entry.link_id: say(entry) for group in groups for entry in group.entries}

    facts = ["since: May", "care: Elm"]
    assert list_facts("yes", "no") == {"one": facts, "other": []}
    assert list_facts("no", "yes") == {"one": [], "other": facts}
    assert list_facts("yes", "yes") == {"one": facts, "other": []}


@pytest.mark.parametrize(("one", "other"), [("yes", "no"), ("no", "yes")])
def test_mood_facts_of_the_shipped_questionnaire_never_stand_under_no(one: str, other: str) -> None:
    answers = answer_as("Test Patient F") | {"bipolar-diagnosis": Coded((one,)), "high-energy-time": Coded((other,))}
    summary = make_summary(answers | {"ride-home": Coded(("no",)), "drive-or-machines": Coded(("yes",))})
    opener = "bipolar-diagnosis" if one == "yes" else "high-energy-time"
    told = {entry.link_id: say(entry) for entry in find_group(summary, Word.YES).entries}
    assert any("mood treatment now: Yes" in fact for fact in told[opener])
    assert any("last time: In the last 6 weeks" in fact for fact in told[opener])
    assert told["drive-or-machines"] == []
    denied = {entry.link_id: say(entry) for entry in find_group(summary, Word.NO).entries}
    assert denied["ride-home"] == []
    assert not any("mood" in fact or "last time" in fact for facts in denied.values() for fact in facts)


def test_the_five_words_for_not_knowing_are_five() -> None:
    codes = ("no", "not-sure", "prefer-not", "does-not-apply")
    stroke = question("stroke", answer_options=(*yes_no(), option("does-not-apply")))
    walk = edition([page("heart", stroke)])
    shown = [
        build_summary(walk, answers, FRAME).sections[0].rows[0].answer.lines[0].text
        for answers in [*({"stroke": Coded((code,))} for code in codes), {}]
    ]
    assert shown == ["No", "Not sure", "Prefer not", "Does not apply", "Not answered"]


def test_answers_stand_in_questionnaire_order_with_units_dates_and_rows() -> None:
    summary = summarize(
        top=Number("118"),
        when=DateParts(2026, 5, 3, ("3", "May", "2026")),
        medicines=Rows((("zinc", "1 mg"),)),
        reason=Text("Sleep <b>"),
    )
    rows = {row.link_id: row.answer for section in summary.sections for row in section.rows}
    assert list(rows) == ["reason", "age", "heart-disease", "alcohol", "stroke", "top", "low", "medicines", "when"]
    assert rows["top"].lines[0].text == "118 mmHg"
    assert rows["when"].lines[0].text == "May 3, 2026"
    assert rows["medicines"].table is not None
    assert rows["medicines"].table.rows == (("zinc", "1 mg"),)
    assert rows["reason"].lines[0].text == "Sleep <b>"
    assert rows["reason"].lines[0].is_own_words


def test_answers_of_disabled_items_never_reach_the_summary_and_are_listed_as_not_sent() -> None:
    answers: dict[str, Answer] = {"heart-disease": Coded(("no",)), "kind": Coded(("stent",), "SECRET")}
    assert "SECRET" not in repr(build_summary(WALK, answers, FRAME))
    assert [row.link_id for row in list_unsent(WALK, answers, FRAME)] == ["kind"]


def test_the_patients_copy_has_no_companion_and_the_clinics_has() -> None:
    rationale = question(
        "heart-disease",
        rationale=text("Ketamine raises blood pressure."),
        provenance=Provenance(),
        sources=(),
        review=LocalText((("en", "not yet reviewed by a clinician"),)),
    )
    walk = edition([page("heart", rationale)])
    assert build_summary(walk, {}, FRAME).companion == ()
    (entry,) = build_summary(walk, {}, FRAME, has_companion=True).companion
    assert entry.rationale == "Ketamine raises blood pressure."


def test_the_face_sheet_says_where_a_cut_answer_goes_on() -> None:
    summary = summarize(reason=Text("word " * 1000))
    whole, *shorter = summary.faces
    assert whole.visit[0].continued_at is None
    assert shorter
    for face in shorter:
        assert face.visit[0].continued_at == "reason"
    assert say(shorter[-1].visit[0]) == ["word word word word word word…"]


def test_what_is_as_short_as_the_mark_that_would_replace_it_is_never_cut() -> None:
    summary = summarize(reason=Text("Sleep"), heart_disease=Coded(("yes",)), top=Number("182"), low=Number("118"))
    assert len(summary.faces) == 1


def list_entries(face: FaceSheet) -> list[FaceEntry]:
    return [*face.visit, *face.lists, *(entry for group in face.groups for entry in group.entries)]


def count_cells(entry: FaceEntry) -> int:
    mark = len(f" ({FRAME.words.continued} 12)") if entry.continued_at else 0
    return len("; ".join(say(entry))) + mark


def test_no_step_makes_an_entry_longer_and_facts_go_before_what_the_visit_is_for() -> None:
    summary = summarize(
        reason=Text("May I drive home, and who waits with me? " * 9),
        heart_disease=Coded(("yes",)),
        kind=Coded(("stent", "valve"), "a pacer of which the battery is low " * 9),
        medicines=Rows(tuple((f"medicine {number}", f"{number} mg") for number in range(30))),
    )
    for longer, shorter in pairwise(summary.faces):
        for before, after in zip(list_entries(longer), list_entries(shorter), strict=True):
            assert count_cells(after) <= count_cells(before)
    heart = [next(one for one in list_entries(face) if one.link_id == "heart-disease") for face in summary.faces]
    empty = next(place for place, entry in enumerate(heart) if not entry.facts)
    assert len(say(summary.faces[empty].visit[0])[0]) > len("May I drive home, and who waits with me?")
    assert say(summary.faces[empty].lists[0])[0].startswith("medicine 0; medicine 1; medicine 2; ")


def test_a_list_that_says_the_same_in_running_text_is_not_marked_as_cut() -> None:
    names = Rows(tuple((name, "") for name in ("zinc", "iron", "salt", "fish oil")))
    (*_, last) = summarize(medicines=names, reason=Text("word " * 1000)).faces
    assert say(last.lists[0]) == ["zinc; iron; salt; fish oil"]
    assert last.lists[0].continued_at is None


def test_what_was_chosen_stays_longer_than_what_was_typed() -> None:
    walk = edition(
        [
            page(
                "p",
                question("allergy", face=Face.SCREENING, key_facts=(text("to: {what}"), text("ketamine: {it}"))),
                question("what", ItemType.TEXT),
                question("it"),
            )
        ]
    )
    answers: dict[str, Answer] = {"allergy": Coded(("yes",)), "what": Text("nuts " * 60), "it": Coded(("no",))}
    faces = [find_entry(face, "allergy") for face in build_summary(walk, answers, FRAME).faces]
    cut = [say(entry) for entry in faces if entry.continued_at and entry.facts]
    assert any(len(facts) > 1 for facts in cut)
    assert all(facts[-1] == "ketamine: No" for facts in cut)


def find_entry(face: FaceSheet, link_id: str) -> FaceEntry:
    return next(entry for entry in list_entries(face) if entry.link_id == link_id)


def test_a_fact_that_fits_the_line_its_mark_would_take_is_cut_only_at_the_last() -> None:
    answers = answer_as("BASE") | {"sleep-apnea": Coded(("yes",)), "sleep-machine": Coded(("yes",))}
    *faces, _ = make_summary(answers | {"questions-for-doctor": Text("word " * 900)}).faces
    assert len(faces) > 5
    for face in faces[:-1]:
        assert say(find_entry(face, "sleep-apnea")) == ["machine or mask at night: Yes"]


def test_half_a_pair_of_numbers_is_never_left() -> None:
    last = summarize(heart_disease=Coded(("yes",)), kind=Coded(("stent",), "long " * 30), top=Number("182")).faces[-1]
    assert say(next(one for one in list_entries(last) if one.link_id == "heart-disease")) == []


@given(st.text(max_size=200), st.integers(0, 200))
def test_a_cut_text_is_the_texts_beginning(whole: str, limit: int) -> None:
    cut = cut_text(whole, limit)
    assert whole.startswith(cut)
    assert len(cut) <= limit


any_codes = st.sampled_from(["yes", "no", "not-sure", "prefer-not"]).map(lambda code: Coded((code,)))


def choose(item: Item) -> st.SearchStrategy[Answer | None]:
    """Return an answer that leads on, another, or none; what is typed is short."""
    codes = [option.code for option in item.answer_options]
    if not codes:
        return st.none() | st.just(Text("as typed")) if item.type in {ItemType.TEXT, ItemType.STRING} else st.none()
    if item.repeats:
        return st.none() | st.just(
            Coded(tuple(option.code for option in item.answer_options if not option.is_exclusive))
        )
    return st.none() | st.sampled_from([*codes, *(["yes"] * 4 if "yes" in codes else [])]).map(
        lambda code: Coded((code,))
    )


@settings(max_examples=count_examples(40))
@given(st.fixed_dictionaries({item.link_id: choose(item) for item in make_edition().questions}))
def test_no_question_that_was_asked_and_not_answered_is_passed_over_in_silence(
    chosen: dict[str, Answer | None],
) -> None:
    answers = {link_id: answer for link_id, answer in chosen.items() if answer is not None}
    walk, last = make_edition(), make_edition().share
    asked = find_way(walk, answers).enabled - (last.link_ids if last else frozenset())
    unanswered = [item.link_id for item in walk.questions if item.link_id in asked and item.link_id not in answers]
    whole, *shorter = make_summary(answers).faces
    assert [entry.link_id for entry in whole.groups[-1].entries] == unanswered
    for face in shorter:
        group = face.groups[-1]
        named = [entry.link_id for entry in group.entries]
        screening = [name for name in unanswered if walk.items[name].face is Face.SCREENING]
        assert sorted([*named, *group.more]) == sorted(unanswered)
        assert set(screening) <= set(named)
        assert len(named) > len(screening) or not group.more


@settings(max_examples=count_examples(60))
@given(
    st.fixed_dictionaries({}, optional={"heart-disease": any_codes, "stroke": any_codes, "reason": st.text().map(Text)})
)
def test_every_screening_item_is_on_the_face_sheet_once_whatever_was_answered(answers: dict[str, Answer]) -> None:
    summary = build_summary(WALK, answers, FRAME)
    for face in (*summary.faces, shorten_face(summary.faces[0], COMPRESSIONS[-1], Marks(continued=22, more=21))):
        entries = [entry.link_id for group in face.groups for entry in group.entries if not entry.is_countable]
        assert sorted(entries) == ["alcohol", "heart-disease", "stroke"]


@pytest.mark.parametrize("answers", [{}, {"heart-disease": Coded(("yes",))}])
def test_the_crisis_lines_and_the_disclaimer_are_the_same_for_all(answers: dict[str, Answer]) -> None:
    summary = build_summary(WALK, answers, FRAME)
    assert [(contact.name, contact.how) for contact in summary.contacts] == [("988 Lifeline", "call or text 988")]
    assert summary.disclaimer == "Records only."


def test_an_option_without_words_of_its_own_is_still_shown() -> None:
    plain = AnswerOption(code="a", display=text("A"), system="test")
    walk = edition([page("p", question("q", answer_options=(plain,), face=Face.SCREENING))])
    summary = build_summary(walk, {"q": Coded(("a",))}, FRAME)
    assert say(find_group(summary, Word.YES).entries[0]) == ["A"]
