"""The face sheet: one page, every heading, one style, nothing cut in silence."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from app.output.payload import Paper as PaperSize
from app.output.pdf import PdfRenderer
from app.questionnaire.answer import Answer, Coded, Number, Rows, Text
from app.questionnaire.model import Item, ItemType
from app.questionnaire.summary_model import FaceEntry, FaceSheet, Summary
from tests.output import samples
from tests.output.conftest import Draw
from tests.output.paper import Paper, Word, squash
from tests.support.examples import count_examples

SAMPLES = (
    samples.make_typical,
    samples.make_all_no,
    samples.make_all_unknown,
    samples.make_many_scripts,
    samples.make_clinic_copy,
    samples.make_sent,
    samples.make_extreme,
)
PAPERS: tuple[PaperSize, ...] = ("a4", "us-letter")
PHASES = (Phase.explicit, Phase.generate)  # a page takes long to draw: a failing example is shown as it came
SMALLEST = 8.5
LARGE = 18.0
CRISIS = "If you may be in danger now, call 911."
ASKED = {row.link_id: row.question for section in samples.make_extreme().sections for row in section.rows}


def list_entries(face: FaceSheet) -> Iterator[FaceEntry]:
    yield from (*face.visit, *face.lists)
    for group in face.groups:
        yield from group.entries


def list_texts(face: FaceSheet) -> Iterator[str]:
    for entry in list_entries(face):
        yield entry.label
        yield from (line.text for fact in entry.facts for line in fact.lines)


def find_face(summary: Summary, page: str) -> FaceSheet:
    """Return the face that stands on the page: the first of which every word is there."""
    return next(face for face in summary.faces if all(squash(text) in page for text in list_texts(face)))


def find_foot(summary: Summary) -> str:
    """Return what stands at the foot of the first page, as one squashed text."""
    words = summary.words
    hours = {contact: f" ({contact.hours})" if contact.hours else "" for contact in summary.contacts}
    contacts = "".join(f"{contact.name}: {contact.how}{hours[contact]}." for contact in summary.contacts)
    marks = [f"{words.reference_label} {summary.reference}"] if summary.reference else []
    marks += [f"{words.date_label} {summary.date}", f"{words.edition_label} {summary.edition}"]
    return squash(CRISIS + contacts + summary.disclaimer + "·".join(marks))


def check_face(paper: Paper, summary: Summary) -> None:
    """Fail unless the face sheet is the first page, whole, and under its foot's rule there is nothing but the foot."""
    places = dict(reversed(paper.list_bookmarks()))
    assert places["All answers"] == 2
    words = paper.list_words(1)
    contacts = max(word.y for word in words if word.text.startswith("If you may"))
    foot = find_foot(summary)
    under = [word.text for word in words if word.y <= contacts]
    # The page's number is drawn digit by digit at times; every other word has to be one of the foot's.
    assert [
        text for text in under if squash(text) not in foot and not set(squash(text)) <= set("Pageof0123456789")
    ] == []
    box = paper.reader.pages[0].mediabox
    assert all(0 < word.x < box.right and 0 < word.y < box.top for word in words)
    assert paper.pages[0].count(squash(CRISIS)) == 1


@pytest.mark.parametrize("size", PAPERS)
@pytest.mark.parametrize("make", SAMPLES)
def test_the_face_sheet_is_exactly_the_first_page(make: Callable[[], Summary], size: PaperSize, draw: Draw) -> None:
    summary = make()
    paper = draw(summary, paper=size)
    check_face(paper, summary)
    headings = [heading for heading, page in paper.list_bookmarks() if page == 1]
    assert headings == [
        "Summary for your visit",
        "What I want to talk about and ask",
        "Medicines",
        *(group.heading for group in summary.faces[0].groups),
    ]


def answer_item(item: Item) -> st.SearchStrategy[Answer | None]:
    text = st.text(max_size=300)
    if item.is_rows:
        row = st.tuples(*(text for _ in item.items))
        return st.none() | st.lists(row, min_size=1, max_size=item.max_occurs or 40).map(lambda rows: Rows(tuple(rows)))
    match item.type:
        case ItemType.CHOICE | ItemType.OPEN_CHOICE:
            codes = st.sampled_from([option.code for option in item.answer_options])
            several = st.lists(codes, min_size=1, max_size=8 if item.repeats else 1, unique=True).map(tuple)
            return st.none() | st.builds(Coded, several, text if item.repeats else st.just(""))
        case ItemType.INTEGER | ItemType.DECIMAL:
            return st.none() | st.integers(0, 300).map(lambda number: Number(str(number)))
        case ItemType.TEXT | ItemType.STRING:
            return st.none() | st.builds(Text, text | text.map(lambda part: (part * 60)[:5000]))
        case _:
            return st.none()


ANY_ANSWERS = st.fixed_dictionaries({item.link_id: answer_item(item) for item in samples.make_edition().questions})


@settings(max_examples=count_examples(12), phases=PHASES)
@given(answers=ANY_ANSWERS, name=st.text(max_size=200), size=st.sampled_from(PAPERS))
def test_any_answers_in_any_script_make_one_face_sheet(
    answers: dict[str, Answer | None], name: str, size: PaperSize, renderer: PdfRenderer
) -> None:
    given_answers = {link_id: answer for link_id, answer in answers.items() if answer is not None}
    summary = samples.make_summary(given_answers, name=name)
    check_face(Paper(renderer.render(summary, paper=size)), summary)


WORDS = st.text("abc WWW,;", min_size=1, max_size=400)


@example(labels=["abc WWW " * 50] * 47, size="us-letter", name="W" * 3000, clinic="W" * 400)
@settings(max_examples=count_examples(6), phases=PHASES)
@given(
    labels=st.lists(WORDS, min_size=47, max_size=47),
    size=st.sampled_from(PAPERS),
    name=st.text("ab W\n", max_size=3000),
    clinic=WORDS,
)
def test_even_labels_no_face_foresees_make_one_page(
    labels: list[str], size: PaperSize, name: str, clinic: str, renderer: PdfRenderer
) -> None:
    summary = samples.make_extreme()
    new = iter(labels * 2)
    faces = tuple(
        replace(
            face,
            groups=tuple(
                replace(group, entries=tuple(replace(entry, label=next(new)) for entry in group.entries))
                for group in face.groups
            ),
        )
        for face in (summary.faces[0], summary.faces[-1])
    )
    summary = replace(summary, faces=faces, name=name, clinic=clinic)
    check_face(Paper(renderer.render(summary, paper=size)), summary)


@pytest.mark.parametrize("make", [samples.make_typical, samples.make_all_no, samples.make_all_unknown])
def test_what_stands_on_the_page_is_one_of_the_faces_with_all_its_words(
    make: Callable[[], Summary], draw: Draw
) -> None:
    summary = make()
    page = draw(summary).pages[0]
    face = find_face(summary, page)
    marks = sum(entry.continued_at is not None for entry in list_entries(face))
    assert page.count("continuedonpage") == marks


def test_the_whole_face_is_taken_where_it_fits(draw: Draw) -> None:
    for make in (samples.make_typical, samples.make_all_no):
        summary = make()
        assert find_face(summary, draw(summary).pages[0]) is summary.faces[0]


@pytest.mark.parametrize("size", PAPERS)
def test_somebody_with_many_conditions_has_a_first_page_that_says_something(size: PaperSize, draw: Draw) -> None:
    summary = samples.make_many_conditions()
    page = draw(summary, paper=size).pages[0]
    assert len(next(group for group in summary.faces[0].groups if group.heading == "Yes").entries) >= 20
    visit = {entry.link_id: entry for entry in find_face(summary, page).visit}
    whole = {entry.link_id: entry for entry in summary.faces[0].visit}
    for link_id in ("age", "reason-for-visit", "previous-treatments"):
        assert visit[link_id] == whole[link_id]
    assert squash("How long would a visit take") in page
    assert all(name in page for name in ("lisinopril", "sertraline"))
    assert page.count("continuedonpage") <= 18
    assert squash("Sleep apnea: machine or mask at night: Yes") in page


@pytest.mark.parametrize("size", PAPERS)
def test_what_was_not_answered_is_named_or_counted_with_its_page(size: PaperSize, draw: Draw) -> None:
    summary = samples.make_many_conditions_alone()
    paper = draw(summary, paper=size)
    rows = [row for section in summary.sections for row in section.rows if not row.answer.is_answered]
    # The last heading of its name: above it, answers of their own say so too
    run = paper.pages[0].rpartition(squash("Not answered"))[2].partition(squash("marks the patient"))[0]
    told = re.search(r"and(\d+)more\(continuedonpage(\d+)\)", run)
    assert told
    assert run.count("·") + int(told[1]) == len(rows) > 40
    first = rows[run.count("·")]
    assert squash(rows[0].label) in run
    assert squash(first.label) not in run
    assert squash(first.question) in paper.pages[int(told[2]) - 1]


def test_continued_on_page_names_the_page_where_the_answer_stands(extreme: Paper) -> None:
    summary = samples.make_extreme()
    face = find_face(summary, extreme.pages[0])
    cut = [entry for entry in list_entries(face) if entry.continued_at]
    assert len(cut) > 30
    for entry in cut:
        told = re.search(re.escape(squash(entry.label)) + r".*?continuedonpage(\d+)", extreme.pages[0])
        assert told, entry.label
        question = squash(ASKED[entry.link_id])
        assert question in extreme.pages[int(told[1]) - 1]
        assert not any(question in page for page in extreme.pages[1 : int(told[1]) - 1])


def test_yes_and_no_are_set_in_one_style(typical: Paper) -> None:
    words = {word.text: word for word in typical.list_words(1)}
    yes, no = words["Heart problem"], words["None"]
    (running,) = [word for word in words.values() if word.text.startswith("Stroke or brain bleed")]
    assert {(word.font, word.size) for word in (yes, no, running)} == {(yes.font, yes.size)}
    headings = [words[heading] for heading in ("Yes", "Not sure", "Prefer not to say", "No", "Not answered")]
    assert len({(word.font, word.size, word.x) for word in headings}) == 1


def test_no_color_is_printed(typical: Paper) -> None:
    for page in typical.reader.pages:
        content = page.get_contents()
        assert content is not None
        drawn = content.get_data()
        assert not re.search(rb"[\d.]+ [\d.]+ [\d.]+ (rg|RG|scn|SCN|sc|SC)\b", drawn)
        assert not re.search(rb" [kK]\s", drawn)


def find_sizes(words: list[Word]) -> set[float]:
    return {round(word.size, 1) for word in words}


@pytest.mark.parametrize("make", SAMPLES)
def test_no_type_is_smaller_than_can_be_read(make: Callable[[], Summary], draw: Draw) -> None:
    paper = draw(make())
    for number in range(1, len(paper.pages) + 1):
        assert min(find_sizes(paper.list_words(number))) >= SMALLEST


def test_large_print_is_large_everywhere(draw: Draw) -> None:
    paper = draw(samples.make_typical(), large_print=True)
    for number in range(1, len(paper.pages) + 1):
        assert min(find_sizes(paper.list_words(number))) >= LARGE
    # No page says the same twice, and none is there for the closing words alone
    assert [page.count(squash(CRISIS)) for page in paper.pages] == [1] * len(paper.pages)
    aloud = paper.list_read_aloud()
    assert squash("I have looked over my answers") in aloud[-1]
    # Yet once the help line is read aloud, for the foot of a page never is
    assert [page.count(squash(CRISIS)) for page in aloud] == [1] + [0] * (len(aloud) - 1)


def test_without_a_name_there_are_lines_to_write_on(draw: Draw) -> None:
    unsent, sent = draw(samples.make_typical()).pages[0], draw(samples.make_clinic_copy()).pages[0]
    assert "NameDateofbirth" in unsent
    assert "NameTestPatientB" in sent
    assert "ReferenceK7QM-4TXA" in sent
    assert "Reference" not in unsent
