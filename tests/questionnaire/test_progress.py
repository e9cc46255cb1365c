"""A draft while it is filled in: nothing typed is lost, and a change opens its follow-ups only."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from app.questionnaire.answer import Coded, Number, Rows, Text
from app.questionnaire.answers import PageReading, read_page
from app.questionnaire.edition import Edition, Page
from app.questionnaire.enable import find_way
from app.questionnaire.handover import Handover
from app.questionnaire.model import ItemType
from app.questionnaire.progress import (
    Progress,
    dump_progress,
    find_reached,
    is_overtaken,
    keep_answers,
    keep_typed,
    load_progress,
)
from app.questionnaire.response import Status, complete_response
from app.questionnaire.sent import Patient
from tests.questionnaire.build import edition, page, question, when

TODAY = date(2026, 5, 10)
WALK = edition(
    [
        page("heart", question("heart-disease")),
        page("more", question("kind"), conditions=[when("heart-disease", "yes")]),
        page("deeper", question("stent"), conditions=[when("kind", "yes")]),
        page("age-page", question("age", ItemType.INTEGER)),
    ]
)
START = Progress(language="en")


def find(link_id: str, walk: Edition = WALK) -> Page:
    found = walk.find_page(link_id)
    assert found is not None
    return found


def save(progress: Progress, link_id: str, revision: int = 1, **typed: str) -> Progress:
    place = find(link_id)
    raw = {name.replace("_", "-"): [value] for name, value in typed.items()}
    reading = read_page(place.questions, raw, TODAY)
    progress = keep_answers(WALK, progress, place, reading, revision, before=find_way(WALK, progress.answers))
    return keep_typed(progress, place, raw, revision) if reading.problems else progress


def test_a_page_is_saved_and_the_place_to_resume_at_is_noted() -> None:
    progress = save(START, "heart", heart_disease="no")
    assert progress.answers == {"heart-disease": Coded(("no",))}
    assert progress.at == "heart"
    assert progress.changed_in == {"heart": 1}


def test_what_cannot_be_read_is_kept_as_typed_and_the_old_answer_does_not_stand_for_it() -> None:
    progress = save(save(START, "age-page", age="40"), "age-page", age="seventeen")
    assert progress.pending == {"age-page": {"age": ("seventeen",)}}
    assert "age" not in progress.answers
    mended = save(progress, "age-page", age="17")
    assert mended.pending == {}
    assert mended.answers == {"age": Number("17")}


def test_a_change_notes_the_pages_it_opens_and_no_others() -> None:
    progress = save(save(START, "heart", heart_disease="no"), "age-page", age="40")
    changed = save(progress, "heart", heart_disease="yes")
    assert changed.opened == ("more",)
    deeper = save(changed, "more", kind="yes")
    assert deeper.opened == ("deeper",)
    assert save(deeper, "deeper", stent="no").opened == ()


def test_answers_off_the_path_stay_in_the_draft_and_are_dropped_from_the_response() -> None:
    progress = save(save(START, "heart", heart_disease="yes"), "more", kind="yes")
    closed = save(progress, "heart", heart_disease="no")
    assert closed.answers["kind"] == Coded(("yes",))
    now = datetime(2026, 5, 10, tzinfo=UTC)
    response = complete_response(WALK, closed.answers, language="en", now=now)
    assert response.status is Status.COMPLETED
    assert response.answers == {"heart-disease": Coded(("no",))}
    assert response.dropped == ("kind",)
    again = save(closed, "heart", heart_disease="yes")
    assert complete_response(WALK, again.answers, language="en", now=now).dropped == ()


def overtaken(progress: Progress, link_id: str, seen: int, **typed: str) -> bool:
    raw = {name.replace("_", "-"): [value] for name, value in typed.items()}
    return is_overtaken(progress, find(link_id), seen, raw, read_page(find(link_id).questions, raw, TODAY))


def test_a_second_tab_with_other_answers_is_noticed_and_a_double_click_is_not() -> None:
    progress = save(START, "heart", revision=3, heart_disease="no")
    assert overtaken(progress, "heart", 2, heart_disease="yes")
    assert not overtaken(progress, "heart", 2, heart_disease="no")
    assert not overtaken(progress, "heart", 3, heart_disease="yes")
    assert not overtaken(progress, "age-page", 0, age="40")


def test_a_second_tab_is_noticed_also_when_what_it_brings_or_what_is_there_cannot_be_read() -> None:
    progress = save(START, "age-page", revision=3, age="40")
    assert overtaken(progress, "age-page", 2, age="forty")
    pending = save(progress, "age-page", revision=4, age="seventeen")
    assert overtaken(pending, "age-page", 3, age="41")
    assert not overtaken(pending, "age-page", 3, age="seventeen")


def test_changing_one_answer_from_the_check_page_keeps_the_place_to_resume_at() -> None:
    progress = save(save(START, "heart", heart_disease="no"), "age-page", age="40")
    reading = PageReading({"heart-disease": Coded(("yes",))}, ())
    before = find_way(WALK, progress.answers)
    changed = keep_answers(WALK, progress, find("heart"), reading, 5, before=before, is_changing=True)
    assert changed.at == "age-page"
    assert changed.opened == ("more",)


def test_who_stays_on_a_page_is_done_with_the_one_before_it_and_no_further() -> None:
    progress = save(save(START, "heart", heart_disease="yes"), "age-page", age="40")

    def stay(on: str) -> str:
        before = find_way(WALK, progress.answers)
        return keep_answers(WALK, progress, find(on), PageReading({}, ()), 5, before=before, is_staying=True).at

    assert [stay("heart"), stay("more"), stay("deeper")] == ["", "heart", "more"]


def test_what_an_earlier_change_opened_does_not_lead_a_later_one_away() -> None:
    opened = save(save(START, "age-page", age="40"), "heart", heart_disease="yes")
    assert opened.opened == ("more",)
    assert save(opened, "age-page", age="41").opened == ()


def test_saving_the_same_again_changes_no_revision() -> None:
    progress = save(START, "heart", revision=3, heart_disease="no")
    assert save(progress, "heart", revision=4, heart_disease="no").changed_in == {"heart": 3}


anything = st.text()
answers = st.dictionaries(
    st.sampled_from(["heart-disease", "kind", "age", "note", "rows"]),
    st.one_of(
        st.lists(anything, max_size=3).map(lambda codes: Coded(tuple(codes))),
        anything.map(Text),
        st.lists(st.tuples(anything, anything), max_size=3).map(lambda rows: Rows(tuple(rows))),
    ),
)


@given(answers, st.dictionaries(anything, st.lists(anything).map(tuple)))
def test_dump_and_load_agree(given_answers: dict[str, Coded], typed: dict[str, tuple[str, ...]]) -> None:
    progress = replace(START, answers=given_answers, pending={"heart": typed}, opened=("m",), changed_in={"heart": 2})
    assert load_progress(dump_progress(progress)) == progress


def test_a_dump_is_json_and_nothing_else() -> None:
    assert json.loads(dump_progress(START))["language"] == "en"


SENT = Handover(
    version=2,
    sent_at=datetime(2026, 5, 10, 9, 30, tzinfo=UTC),
    patient=Patient(name="Zoë \ud800", birth=(1990, 5, 3), contact="1, a@b", appointment=(2026, 6, 1)),
    answers="0" * 64,
)


def test_what_was_typed_to_send_and_what_was_sent_come_back_as_they_were() -> None:
    progress = replace(START, share={"patient-name": ("Zoë \ud800",), "consent": ("agree",)}, sent=SENT)
    assert load_progress(dump_progress(progress)) == progress
    bare = replace(SENT, patient=Patient(name="Zoë"))
    assert load_progress(dump_progress(replace(progress, sent=bare))).sent == bare


def test_a_draft_of_the_program_before_opens_too() -> None:
    stored = json.loads(dump_progress(save(START, "heart", heart_disease="no")))
    del stored["share"], stored["sent"]
    again = load_progress(json.dumps(stored).encode())
    assert (again.share, again.sent) == ({}, None)


def test_where_a_draft_stands_is_told_by_pages_that_everybody_sees() -> None:
    # Whoever is on a page that only some answers open is at the one before it
    assert find_reached(WALK, START) == find("heart").number
    opened = save(START, "heart", heart_disease="yes")
    assert find_reached(WALK, opened) == find("heart").number
    assert find_reached(WALK, save(opened, "more", kind="yes")) == find("heart").number
    assert find_reached(WALK, save(save(opened, "more", kind="yes"), "age-page", age="4")) == find("age-page").number
    assert find_reached(WALK, save(START, "age-page", age="x")) == find("age-page").number


def test_who_has_sent_ends_nowhere() -> None:
    assert find_reached(WALK, replace(save(START, "age-page", age="4"), sent=SENT)) is None


def test_the_same_number_of_pages_says_the_same_whatever_was_answered() -> None:
    yes, no = save(START, "heart", heart_disease="yes"), save(START, "heart", heart_disease="no")
    assert find_reached(WALK, yes) == find_reached(WALK, no)
