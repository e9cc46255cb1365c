"""The PDF: every word as typed and nothing that acts, tagged and named so that everyone can read it."""

import re
import unicodedata
from dataclasses import replace

import pytest
from pypdf.generic import DictionaryObject

from app.output.pdf import PdfRenderer, find_folder, render_pdf
from app.output.visible import show_hidden
from app.questionnaire.answer import Answer, Text
from app.questionnaire.summary_model import Row, Summary
from tests.output import samples
from tests.output.conftest import Draw
from tests.output.paper import Paper, squash

ACTIONS = {"/JS", "/JavaScript", "/OpenAction", "/AA", "/URI", "/Launch", "/EmbeddedFiles", "/SubmitForm", "/GoToR"}


def list_rows(summary: Summary) -> list[Row]:
    return [row for section in summary.sections for row in section.rows]


def list_words(row: Row) -> list[str]:
    """Return every line and cell of an answer, as they are shown."""
    cells = [cell for cells in row.answer.table.rows for cell in cells] if row.answer.table else []
    return [part for text in (*(line.text for line in row.answer.lines), *cells) for part in text.split("\n")]


@pytest.mark.parametrize(
    "make", [samples.make_typical, samples.make_all_no, samples.make_all_unknown, samples.make_extreme]
)
def test_every_question_and_every_word_of_its_answer_is_there(make: object, draw: Draw) -> None:
    summary: Summary = make()  # type: ignore[operator] # a function of samples
    answers = "".join(draw(summary).pages[1:])
    for row in list_rows(summary):
        assert squash(row.question) in answers
        for words in list_words(row):
            # A long answer may go on behind the foot of a page and its question said again: by sentences, then.
            for sentence in words.split(". "):
                assert squash(sentence) in answers, row.link_id


def test_a_short_answer_stands_on_the_page_of_its_question(draw: Draw) -> None:
    summary = samples.make_all_unknown()
    paper = draw(summary)
    for row in list_rows(summary):
        said = squash(row.question + "".join(list_words(row)))
        assert sum(said in page for page in paper.pages[1:]) >= 1, row.link_id


def test_a_long_answer_says_its_question_again_on_each_page(extreme: Paper) -> None:
    question = squash(
        next(row.question for row in list_rows(samples.make_extreme()) if row.link_id == "other-conditions")
    )
    pages = [page for page in extreme.pages[1:] if question in page]
    assert len(pages) > 1
    assert f"{question}(continued)" not in pages[0]
    assert all(f"{question}(continued)" in page for page in pages[1:])


def test_a_table_says_its_columns_again_on_each_page(extreme: Paper) -> None:
    (row,) = [row for row in list_rows(samples.make_extreme()) if row.link_id == "current-medicines"]
    assert row.answer.table
    pages = [page for page in extreme.pages[1:] if squash(row.question) in page]
    assert len(pages) > 2
    assert all(squash("".join(row.answer.table.headings)) in page for page in pages)


def test_many_scripts_are_drawn_and_none_is_lost(many_scripts: Paper) -> None:
    # Words of joined scripts come back in pieces; each of their characters has to be there.
    shown = show_hidden(samples.MANY_SCRIPTS).replace("\u09ac", "[U+09AC]").replace("🪺", "[U+1FABA nest with eggs]")
    letters = set(squash(shown)) - {"\u200d", "\ufe0f"}
    assert letters <= set(many_scripts.text)
    for part in (
        "体の調子が悪いです。夜に眠れません。",
        "Болит голова, особенно по утрам",
        "통증이 심합니다",
        "W" * 300,
    ):
        assert squash(part) in many_scripts.text


def test_what_no_font_has_is_shown_by_number_and_name(many_scripts: Paper) -> None:
    assert squash("nest [U+1FABA nest with eggs]") in many_scripts.text
    assert "ben[U+09AC]" in many_scripts.text


def test_controls_of_direction_are_shown_and_do_nothing(many_scripts: Paper) -> None:
    assert squash("before [U+202E]evil[U+202C] after [U+2067]x[U+2069] [U+0007]") in many_scripts.text


def test_arabic_stands_at_the_right_and_its_neighbors_at_the_left(draw: Draw) -> None:
    typed: dict[str, Answer] = {"questions-for-doctor": Text("مرحبا\nHello"), "other-conditions": Text("W" * 300)}
    paper = draw(samples.make_summary(samples.answer_as("BASE") | typed))
    words = [word for number in range(2, len(paper.pages) + 1) for word in paper.list_words(number)]
    (arabic,) = [word for word in words if any(unicodedata.bidirectional(one) == "AL" for one in word.text)]
    (latin,) = [word for word in words if word.text.startswith("Hello")]
    assert arabic.x > latin.x + 20
    assert arabic.y > latin.y


def test_a_page_in_arabic_is_laid_out_from_right_to_left(draw: Draw) -> None:
    summary = samples.make_typical()
    left, right = draw(summary), draw(samples.set_right_to_left(summary))
    places = [word.x for paper in (left, right) for word in paper.list_words(1) if word.text == "Prefer not to say"]
    middle = left.reader.pages[0].mediabox.right / 2
    assert places[0] < middle < places[1]
    assert right.language == "ar"


@pytest.mark.parametrize("field", ["other-conditions", "questions-for-doctor"])
def test_what_looks_like_markup_or_code_is_only_text(field: str, draw: Draw) -> None:
    paper = draw(samples.make_summary(samples.answer_as("BASE") | {field: Text(samples.HOSTILE)}))
    assert "".join(paper.pages[1:]).count(squash(samples.HOSTILE)) == 1
    assert "root:" not in paper.text


def test_hostile_names_and_titles_are_only_text(draw: Draw) -> None:
    summary = replace(samples.make_all_no(), name=samples.HOSTILE, clinic=samples.HOSTILE, title=samples.HOSTILE)
    paper = draw(summary)
    assert squash(samples.HOSTILE) in paper.pages[0]
    assert paper.reader.metadata
    assert paper.reader.metadata.title == samples.HOSTILE


def test_nothing_in_the_file_acts(draw: Draw) -> None:
    hostile: dict[str, Answer] = {"other-conditions": Text(f"{samples.HOSTILE} https://example.org <a href='x'>")}
    paper = draw(samples.make_summary(samples.answer_as("BASE") | hostile, has_companion=True))
    keys = {key for key, _ in paper.walk_objects()}
    values = {str(value) for key, value in paper.walk_objects() if key in {"/S", "/Subtype", "/Type"}}
    assert not (keys | values) & ACTIONS
    assert "/Annots" not in keys


def test_the_properties_name_nobody(draw: Draw) -> None:
    summary = samples.make_clinic_copy()
    paper = draw(summary)
    assert paper.reader.metadata
    assert set(paper.reader.metadata) == {"/Title", "/Creator"}
    assert paper.reader.metadata.title == summary.title
    assert str(paper.reader.metadata.creator).startswith("Typst")
    assert "Test Patient" not in paper.properties
    assert "K7QM" not in paper.properties
    assert "CreateDate" not in paper.properties


def test_it_is_tagged_named_and_says_its_language(typical: Paper) -> None:
    assert typical.language == "en"
    keys = {key: str(value) for key, value in typical.walk_objects()}
    assert keys["/Marked"] == keys["/DisplayDocTitle"] == "True"
    assert "pdfuaid:part" in typical.properties
    kinds = [
        str(part["/S"]) for _, part in typical.walk_objects() if isinstance(part, DictionaryObject) and "/S" in part
    ]
    kinds += [str(value) for key, value in typical.walk_objects() if key == "/S"]
    assert {"/H1", "/H2", "/P", "/Table", "/TH", "/TD"} <= set(kinds)


@pytest.mark.parametrize(("language", "told"), [("es", "es"), ("pt_BR", "pt-BR"), ("zh-Hant", "zh")])
def test_the_language_may_have_a_region(language: str, told: str, draw: Draw) -> None:
    assert draw(replace(samples.make_all_no(), language=language)).language == told


def test_bookmarks_lead_to_each_section(typical: Paper) -> None:
    summary = samples.make_typical()
    names = [name for name, _ in typical.list_bookmarks()]
    assert [name for name in names if name in {section.title for section in summary.sections}] == [
        section.title for section in summary.sections
    ]


def test_every_page_has_the_contacts_the_disclaimer_its_number_and_the_date(extreme: Paper) -> None:
    summary = samples.make_extreme()
    feet = set()
    for number, page in enumerate(extreme.pages, start=1):
        assert squash(f"Page {number} of {len(extreme.pages)}") in page
        assert squash("Reference K7QM-4TXA") in page
        assert squash("Date November 23, 2026") in page
        assert squash("Demonstration. Do not enter real health information.") in page
        found = re.search(r"Ifyoumaybeindangernow,call911\..*?ReferenceK7QM", page)
        assert found
        assert squash(summary.disclaimer) in found[0]
        assert all(squash(contact.how) in found[0] for contact in summary.contacts)
        feet.add(found[0])
    assert len(feet) == 1


def test_the_same_contacts_are_printed_whatever_was_answered(typical: Paper, draw: Draw) -> None:
    def cut(page: str) -> str:
        return page[page.index(squash("If you may be in danger")) : page.index(squash("Date November 23"), 900)]

    assert cut(typical.pages[1]) == cut(draw(samples.make_all_no()).pages[1])


def test_the_companion_is_only_on_the_clinics_copy(typical: Paper, draw: Draw) -> None:
    clinic = samples.make_clinic_copy()
    paper = draw(clinic)
    assert squash(clinic.words.companion_note) in paper.text
    for entry in clinic.companion:
        assert squash(entry.rationale) in paper.text
        assert squash(entry.rationale) not in typical.text
        assert all(squash(source.title) in paper.text for source in entry.sources)
    # And at its end every mark that stands at a source is explained, and no other
    marks = {source.mark for entry in clinic.companion for source in entry.sources}
    assert {line.partition(": ")[0] for line in clinic.legend} == marks
    assert all(squash(line) in paper.pages[-1] for line in clinic.legend)
    assert squash(clinic.words.companion_heading) not in typical.text


def test_the_demonstration_line_is_only_on_demonstrations(draw: Draw) -> None:
    assert "Demonstration." not in draw(replace(samples.make_all_no(), is_demonstration=False)).text


def test_the_same_summary_makes_the_same_bytes(renderer: PdfRenderer) -> None:
    summary = samples.make_typical()
    assert renderer.render(summary) == renderer.render(summary)


def test_the_shared_renderer_draws_on_both_papers() -> None:
    a4, letter = (Paper(render_pdf(samples.make_all_no(), paper=paper)) for paper in ("a4", "us-letter"))
    assert [round(side) for side in a4.reader.pages[0].mediabox[2:]] == [595, 842]
    assert [round(side) for side in letter.reader.pages[0].mediabox[2:]] == [612, 792]


def test_the_template_reads_nothing_but_its_inputs() -> None:
    template = "".join(path.read_text() for path in (find_folder("templates") / "print").glob("*.typ"))
    assert set(re.findall(r"sys\.inputs\.(\w+(?:\(\"[^\"]*\")?)", template)) == {
        "papers",
        "fonts",
        'at("plain-"',
        'at("document-"',
        'at("face-"',
    }
    assert not re.search(r"\b(read|eval|import|include|plugin|image|link)\b\s*[(\"]", template)
    assert not re.search(r"#(import|include)\b", template)
