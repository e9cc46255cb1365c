"""The plain text: every word of every answer, and nothing that steers a terminal."""

from dataclasses import replace

from app.output.text import render_text
from app.output.visible import has_right_to_left, is_right_to_left, show_hidden
from app.questionnaire.answer import Rows, Text
from tests.output import samples


def test_every_line_of_every_answer_is_there_as_typed() -> None:
    summary = samples.make_extreme()
    text = render_text(summary)
    for section in summary.sections:
        assert section.title in text
        for row in section.rows:
            assert row.question in text
            assert all(line.text in text for line in row.answer.lines)
            for cells in row.answer.table.rows if row.answer.table else ():
                assert all(cell in text for cell in cells)


def test_what_is_typed_keeps_its_spaces_and_lines_between_quotation_marks() -> None:
    text = render_text(samples.make_summary({"other-conditions": Text("one  two\n\n   three")}))
    assert "    “one  two\n    \n       three”\n" in text


def test_controls_are_shown_and_never_sent_to_the_terminal() -> None:
    summary = samples.make_summary(
        {"other-conditions": Text("a\x1b[2Jb\u202ec\r\nd"), "current-medicines": Rows((("\x07",),))}
    )
    text = render_text(replace(summary, name="\x9bname"))
    assert "“a[U+001B][2Jb[U+202E]c\n    d”" in text
    assert "[U+0007]" in text
    assert "[U+009B]name" in text
    assert not set(text) & {chr(code) for code in (*range(10), *range(11, 32), *range(127, 160), 0x202E)}


def test_all_headings_of_the_face_sheet_are_there_even_when_empty() -> None:
    summary = samples.make_all_no()
    lines = render_text(summary).split("\n")
    for group in summary.faces[0].groups:
        assert group.heading in lines


def test_contacts_disclaimer_and_companion_are_there() -> None:
    summary = samples.make_clinic_copy()
    text = render_text(summary)
    assert "call 911" in text
    assert summary.disclaimer in text
    assert all(contact.how in text for contact in summary.contacts)
    assert all(entry.rationale in text for entry in summary.companion)
    assert all(f"\n{line}\n" in text for line in summary.legend)
    assert summary.companion[0].rationale not in render_text(samples.make_typical())


def test_hidden_characters_are_shown_by_number_and_spelling_marks_stay() -> None:
    assert show_hidden("a\u202eb\x00c\ufeffd\ud800") == "a[U+202E]b[U+0000]c[U+FEFF]d[U+D800]"
    assert (
        show_hidden("\u200f\u05de\u05d9\u200c\u05e9\u05dc\u200d\u05d5\u00ad")
        == "\u200f\u05de\u05d9\u200c\u05e9\u05dc\u200d\u05d5\u00ad"
    )
    assert show_hidden("a\tb\r\nc\rd\u2028e") == "a    b\nc\nd\ne"


def test_direction_is_that_of_the_first_strong_letter() -> None:
    assert is_right_to_left("1. (مرحبا) Hello")
    assert not is_right_to_left("Hello مرحبا")
    assert is_right_to_left("12", default=True)
    assert not is_right_to_left("")
    assert has_right_to_left("12 ש")
    assert not has_right_to_left("Ж 薬 हिन्दी")
