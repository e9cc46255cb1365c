"""`foreword check`: everything that is wrong with a questionnaire file, told at once."""

import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from app.cli._files import find_questions, make_edition, read_definition
from app.questionnaire.askmap import build_askmap
from app.questionnaire.askmap_text import draw_askmap
from app.questionnaire.check import check_definition
from app.questionnaire.definition import Definition
from app.questionnaire.errors import DefinitionError, Fault

FOUND: Final = 1


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--map", "has_map", is_flag=True, help="Print the whole questionnaire with its branches in words.")
def check(file: Path | None, *, has_map: bool) -> None:
    """Tell every fault of a questionnaire FILE, each with its place and remedy.

    Without FILE, that of the settings is checked. The exit code is 0 when there is no fault, 1 when there are some.
    """
    try:
        definition = read_definition(find_questions(file))
    except DefinitionError as error:
        _tell(error.faults, is_error=has_map)
        sys.exit(FOUND)
    faults = check_definition(definition, datetime.now(UTC).date())
    if has_map:
        edition = make_edition(definition)
        click.echo(draw_askmap(build_askmap(edition, definition.questionnaire.language)), nl=False)
    if faults:
        _tell(faults, is_error=has_map)
        sys.exit(FOUND)
    if not has_map:
        click.echo(_praise(definition))


def _tell(faults: Iterable[Fault], *, is_error: bool) -> None:
    for fault in faults:
        click.echo(str(fault), err=is_error)


def _praise(definition: Definition) -> str:
    edition = make_edition(definition)
    counts = f"{len(edition.questions)} questions on {len(edition.pages)} pages, {len(definition.examples)} examples"
    return f"{definition.file}: {counts}, no faults; edition {edition.hash[:8]}"
