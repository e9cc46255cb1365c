"""The paper of a sent response: whose it is, where staff find it, and on the clinic's copy what the clinic added."""

from dataclasses import replace

import pytest

from app.output.frame import REDISCLOSURE
from app.output.payload import build_payload
from app.output.pdf import MOST_IN_BATCH, PdfRenderer, PdfTooLargeError, render_batch
from app.output.text import render_text
from app.questionnaire.summary_model import Summary
from tests.output import samples
from tests.output.conftest import Draw
from tests.output.paper import Paper, squash

STAFF_ONLY = (
    "Notes by clinic staff",
    "What changed",
    "Robin Hale",
    "Why each question is asked",
    "555-0142",
    "test.42@example.org",
)
HEAD = (
    "Name Test Amara Osei",
    "Date of birth April 9, 1985",
    "Sent Tuesday, November 24, 2026, 3:05 PM CST",
    "Appointment December 3, 2026",
    "Reference K7QM-4TXA",
)


@pytest.fixture(scope="module")
def clinic_copy(draw: Draw) -> Paper:
    return draw(samples.make_full_clinic_copy())


@pytest.fixture(scope="module")
def patient_copy(draw: Draw) -> Paper:
    return draw(samples.make_sent(), paper="us-letter")


def test_the_face_says_whose_it_is_and_when_it_was_sent(clinic_copy: Paper, patient_copy: Paper) -> None:
    for paper in (clinic_copy, patient_copy):
        page = paper.pages[0].replace("\u202f", "")
        assert not [words for words in HEAD if squash(words) not in page]


def test_number_and_address_are_each_named_on_the_clinics_copy(clinic_copy: Paper) -> None:
    for label, typed in (("Phone number", "555-0142"), ("E-mail address", "test.42@example.org")):
        assert squash(f"{label} {typed}") in clinic_copy.pages[0]
        assert f"\n{label}: {typed}\n" in render_text(samples.make_full_clinic_copy())


def test_reference_and_redisclosure_stand_on_every_page(clinic_copy: Paper) -> None:
    assert all(squash("Reference K7QM-4TXA") in page for page in clinic_copy.pages)
    assert all(squash(REDISCLOSURE) in page for page in clinic_copy.pages)


def test_what_the_clinic_added_follows_the_answers_and_precedes_the_companion(clinic_copy: Paper) -> None:
    places = [name for name, _ in clinic_copy.list_bookmarks()]
    wanted = ["All answers", "What changed", "Notes by clinic staff", "Why each question is asked"]
    assert [name for name in places if name in wanted] == wanted
    text = clinic_copy.text
    for words in ("Version 2", "Told by telephone.", "Before", "An old word.", "Called at ten.", "Prefers mornings."):
        assert squash(words) in text
    assert squash(samples.HOSTILE) in text
    assert squash("Sam Wood · November 26, 2026 · Heart problem") in text


def test_the_face_says_where_the_answers_end(clinic_copy: Paper, patient_copy: Paper) -> None:
    places = dict(clinic_copy.list_bookmarks())
    assert squash(f"All answers follow on pages 2 to {places['What changed']}.") in clinic_copy.pages[0]
    assert squash(f"All answers follow on pages 2 to {len(patient_copy.pages)}.") in patient_copy.pages[0]


def test_staffs_words_stand_without_the_marks_of_the_patients(clinic_copy: Paper) -> None:
    assert squash("“Called at ten.") not in clinic_copy.text
    assert squash("“An old word.”") in clinic_copy.text


def test_the_patients_copy_has_nothing_of_the_clinics(patient_copy: Paper) -> None:
    assert not [words for words in STAFF_ONLY if squash(words) in patient_copy.text]
    assert squash(REDISCLOSURE) not in patient_copy.text
    assert not [words for words in STAFF_ONLY if words in render_text(samples.make_sent())]


def test_the_code_is_a_figure_that_says_what_it_is(clinic_copy: Paper, draw: Draw) -> None:
    def list_alternatives(paper: Paper) -> list[str]:
        return [str(value) for key, value in paper.walk_objects() if key == "/Alt"]

    assert list_alternatives(clinic_copy) == ["QR code: the address of the clinic’s own page about this response"]
    assert list_alternatives(draw(samples.make_typical())) == []


def test_the_address_is_nowhere_but_in_the_squares(clinic_copy: Paper) -> None:
    summary = samples.make_full_clinic_copy()
    assert samples.ADDRESS not in build_payload(summary, paper="a4", large_print=False)
    assert squash("elmstreet.example") not in clinic_copy.text


def test_plain_text_holds_the_same(clinic_copy: Paper) -> None:
    text = render_text(samples.make_full_clinic_copy())
    for words in ("Appointment: December 3, 2026", "Version 2", "        “An old word.”", "    Prefers mornings."):
        assert words in text
    assert text.index("All answers") < text.index("What changed") < text.index("Why each question is asked")
    assert REDISCLOSURE in text
    assert squash("Notes by clinic staff") in clinic_copy.text


def test_a_clinics_copy_in_large_print_and_from_right_to_left_is_drawn(draw: Draw) -> None:
    large = draw(replace(samples.make_full_clinic_copy(), companion=()), large_print=True)
    assert squash("Prefers mornings.") in large.text
    turned = draw(samples.set_right_to_left(samples.make_full_clinic_copy()))
    assert squash("Told by telephone.") in turned.text


@pytest.fixture(scope="module")
def batch() -> list[Summary]:
    make = (samples.make_all_no, samples.make_all_unknown, samples.make_sent)
    return [replace(one(), reference=f"K7QM-000{place}") for place, one in enumerate(make)]


def test_a_batch_is_the_summaries_one_after_another(batch: list[Summary], draw: Draw) -> None:
    together = Paper(render_batch(batch, paper="us-letter"))
    alone = [page for one in batch for page in draw(one, paper="us-letter").pages]
    assert together.pages == alone
    assert all(f"K7QM-000{place}" in together.text for place in range(3))
    assert "pdfuaid:part" in together.properties


def test_no_page_of_a_batch_is_blank_and_each_summary_begins_its_own(batch: list[Summary]) -> None:
    pages = Paper(render_batch(batch)).pages
    firsts = [page for page in pages if squash("Summary for your visit") in page]
    assert len(firsts) == 3
    assert all(squash("Page 1 of") in page for page in firsts)
    assert min(map(len, pages)) > 400


def test_a_batch_leaves_no_process_behind(batch: list[Summary]) -> None:
    renderer = PdfRenderer(keeps_process=False)
    assert renderer.render_batch(batch[:1]) == renderer.render(batch[0])
    assert renderer.find_worker() is None


@pytest.mark.parametrize("many", [0, MOST_IN_BATCH + 1])
def test_a_batch_has_its_limits(many: int) -> None:
    with pytest.raises(PdfTooLargeError):
        render_batch([samples.make_all_no()] * many)


def test_a_batch_with_more_text_than_memory_is_refused_by_name() -> None:
    with pytest.raises(PdfTooLargeError):
        render_batch([samples.make_extreme()] * 20)
