"""`foreword check`: everything that is wrong with a questionnaire file, told at once."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from app.cli._files import find_questions, make_edition, name_file, read_file
from app.questionnaire.askmap import build_askmap
from app.questionnaire.askmap_text import draw_askmap
from app.questionnaire.check import check_file
from app.questionnaire.definition import Definition

FOUND: Final = 1


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--map", "has_map", is_flag=True, help="Print the whole questionnaire with its branches in words.")
def check(file: Path | None, *, has_map: bool) -> None:
    """Tell every fault of a questionnaire FILE, each with its place and remedy.

    Without FILE, that of the settings is checked. The exit code is 0 when there is no fault, 1 when there are some.
    """
    path = find_questions(file)
    checked = check_file(read_file(path), name_file(path), datetime.now(UTC).date())
    if has_map and checked.definition:
        edition = make_edition(checked.definition)
        click.echo(draw_askmap(build_askmap(edition, edition.questionnaire.language)), nl=False)
    for fault in checked.faults:
        click.echo(str(fault), err=has_map)
    if checked.faults:
        sys.exit(FOUND)
    if checked.definition and not has_map:
        click.echo(_praise(checked.definition))


def _praise(definition: Definition) -> str:
    edition = make_edition(definition)
    counts = f"{len(edition.questions)} questions on {len(edition.pages)} pages, {len(definition.examples)} examples"
    return f"{definition.file}: {counts}, no faults; edition {edition.hash[:8]}"
