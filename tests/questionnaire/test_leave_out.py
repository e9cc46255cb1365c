"""Leaving out what some laws protect: all of it, everywhere, and nothing else (clinical.md L-21)."""

import pytest

from app.questionnaire.answer import Answer, Coded, Text
from app.questionnaire.leave_out import drop_marked_options, leave_out, list_left_out
from app.questionnaire.model import Sensitive
from app.questionnaire.plain_frame import build_plain_frame
from app.questionnaire.sensitive import map_sensitive
from app.questionnaire.summary import build_summary
from app.questionnaire.summary_model import Summary
from tests.browser.patient import list_examples, load_edition, read_answers

EDITION = load_edition()
BOTH = frozenset(Sensitive)


def build(answers: dict[str, Answer], tags: frozenset[Sensitive]) -> Summary:
    kept = drop_marked_options(EDITION, answers, tags)
    summary = build_summary(EDITION, kept, build_plain_frame("en"), has_companion=True)
    return leave_out(summary, EDITION, list_left_out(EDITION, tags))


def list_named(summary: Summary) -> set[str]:
    """Return every question that stands anywhere in a summary."""
    faces = [entry for face in summary.faces for entry in (*face.visit, *face.lists)]
    faces += [entry for face in summary.faces for group in face.groups for entry in group.entries]
    rows = [row.link_id for section in summary.sections for row in section.rows]
    return {*rows, *(entry.link_id for entry in faces), *(entry.link_id for entry in summary.companion)}


@pytest.mark.parametrize("number", range(12))
@pytest.mark.parametrize(
    "tags", [frozenset({tag}) for tag in Sensitive] + [BOTH], ids=lambda tags: "+".join(sorted(tags))
)
def test_what_speaks_of_it_is_nowhere_and_all_else_is_there(number: int, tags: frozenset[Sensitive]) -> None:
    answers = read_answers(list_examples()[number])
    whole = build_summary(EDITION, answers, build_plain_frame("en"), has_companion=True)
    gone = {link_id for link_id, found in map_sensitive(EDITION).items() if found & tags}
    assert list_named(build(answers, tags)) == list_named(whole) - gone


def test_one_answer_of_several_goes_and_the_others_stay() -> None:
    answers: dict[str, Answer] = {"reason-for-visit": Coded(("depression", "alcohol-or-drugs"))}
    marked = {
        option.code
        for option in EDITION.items["reason-for-visit"].answer_options
        if Sensitive.SUBSTANCE_USE in option.sensitive
    }
    (code,) = marked
    answers = {"reason-for-visit": Coded(("depression", code)), "questions-for-doctor": Text("As it is")}
    kept = drop_marked_options(EDITION, answers, {Sensitive.SUBSTANCE_USE})
    assert kept == {"reason-for-visit": Coded(("depression",)), "questions-for-doctor": Text("As it is")}
    assert drop_marked_options(EDITION, {"reason-for-visit": Coded((code,))}, BOTH) == {}
    assert drop_marked_options(EDITION, answers, ()) == answers


def test_nothing_chosen_leaves_everything() -> None:
    answers = read_answers(list_examples()[0])
    assert build(answers, frozenset()) == build_summary(EDITION, answers, build_plain_frame("en"), has_companion=True)
