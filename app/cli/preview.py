"""`foreword preview`: the summary that answers would make, without a server."""

import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final, NoReturn, cast

import click

from app.cli._files import find_questions, make_edition, name_file, read_definition, read_file, write_file
from app.cli._summary_text import draw_summary
from app.clinic.profile import build_demonstration
from app.output.frame import build_frame
from app.output.payload import Paper
from app.output.pdf import PdfError, render_pdf
from app.questionnaire.definition import Definition, Example
from app.questionnaire.errors import DefinitionError
from app.questionnaire.examples import ExampleError, read_example
from app.questionnaire.load_answers import load_answers
from app.questionnaire.summary import build_summary
from app.questionnaire.summary_model import Summary
from app.settings import StartError

FOUND: Final = 1


@click.command()
@click.argument("answers", required=False, type=click.Path(path_type=Path))
@click.option("--example", metavar="NAME", help="Take the answers of this example in the questionnaire file.")
@click.option("--pdf", type=click.Path(path_type=Path), metavar="OUT", help="Write a PDF instead of printing text.")
@click.option("--questions", type=click.Path(path_type=Path), metavar="FILE", help="The questionnaire file.")
@click.option("--paper", type=click.Choice(["a4", "us-letter"]), default="a4", help="The PDF's paper.")
@click.option("--large-print", "is_large", is_flag=True, help="Set the PDF in large print.")
@click.option("--for-clinic", "is_for_clinic", is_flag=True, help="Show the clinic's copy: why each question is asked.")
def preview(
    *,
    answers: Path | None,
    example: str | None,
    pdf: Path | None,
    questions: Path | None,
    paper: str,
    is_large: bool,
    is_for_clinic: bool,
) -> None:
    """Show the summary that the ANSWERS in a file would make.

    ANSWERS is written as one example in the questionnaire file is, or as its answers alone.
    """
    if (answers is None) == (example is None):
        raise click.UsageError("name a file with answers, or --example and a name; one of the two")
    today = datetime.now(UTC).date()
    try:
        definition = read_definition(find_questions(questions))
        patient = _find_example(definition, example) if example else _load_patient(definition, answers)
        summary = _summarize(definition, patient, today, is_for_clinic=is_for_clinic)
    except DefinitionError as error:
        _stop([str(fault) for fault in error.faults])
    except ExampleError as error:
        _stop([f"{problem.link_id}: {problem.message}" for problem in error.problems])
    if pdf is None:
        click.echo(draw_summary(summary), nl=False)
        return
    try:
        content = render_pdf(summary, paper=cast("Paper", paper), large_print=is_large)
    except PdfError as error:
        raise StartError(f"the PDF cannot be drawn: {error}") from None
    write_file(pdf, content)


def _load_patient(definition: Definition, path: Path | None) -> Example:
    path = path or Path()
    return load_answers(read_file(path), name_file(path), definition)


def _find_example(definition: Definition, name: str) -> Example:
    for example in definition.examples:
        if example.name == name:
            return example
    names = ", ".join(example.name for example in definition.examples) or "none"
    raise StartError(f"--example: {definition.file} has no example called {name}; it has: {names}")


def _summarize(definition: Definition, patient: Example, today: date, *, is_for_clinic: bool) -> Summary:
    edition = make_edition(definition)
    clinic = build_demonstration()
    language = definition.questionnaire.language
    frame = build_frame(clinic, language=language, today=today, translate=str, name=patient.name)
    return build_summary(edition, read_example(edition, patient, today), frame, has_companion=is_for_clinic)


def _stop(lines: list[str]) -> NoReturn:
    for line in lines:
        click.echo(line, err=True)
    sys.exit(FOUND)
