"""`foreword check`: everything that is wrong with a questionnaire file, told at once."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from app.cli._files import find_questions, make_edition, name_file, read_file
from app.clinic.profile import CONTACTS_FILE
from app.questionnaire.askmap import build_askmap
from app.questionnaire.askmap_text import draw_askmap
from app.questionnaire.check import check_file
from app.questionnaire.crisis import load_crisis
from app.questionnaire.definition import Definition
from app.questionnaire.errors import DefinitionError, Fault
from app.settings import find_resource

FOUND: Final = 1


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--map", "has_map", is_flag=True, help="Print the whole questionnaire with its branches in words.")
def check(file: Path | None, *, has_map: bool) -> None:
    """Tell every fault of a questionnaire FILE, each with its place and remedy.

    Without FILE, that of the settings is checked, and the help lines that come with the program. A FILE named
    crisis.yaml is read as help lines. The exit code is 0 when there is no fault, 1 when there are some.
    """
    if file is not None and file.name == CONTACTS_FILE:
        _check_contacts_alone(file)
        return
    path = find_questions(file)
    checked = check_file(read_file(path), name_file(path), datetime.now(UTC).date())
    if has_map and checked.definition:
        edition = make_edition(checked.definition)
        click.echo(draw_askmap(build_askmap(edition, edition.questionnaire.language)), nl=False)
    faults = (*checked.faults, *(() if file else _list_contact_faults(find_resource(CONTACTS_FILE))))
    for fault in faults:
        click.echo(str(fault), err=has_map)
    if faults:
        sys.exit(FOUND)
    if checked.definition and not has_map:
        click.echo(_praise(checked.definition))


def _check_contacts_alone(path: Path) -> None:
    faults = _list_contact_faults(path)
    for fault in faults:
        click.echo(str(fault))
    if faults:
        sys.exit(FOUND)
    click.echo(f"{name_file(path)}: help lines, no faults")


def _list_contact_faults(path: Path) -> tuple[Fault, ...]:
    try:
        load_crisis(read_file(path), name_file(path))
    except DefinitionError as error:
        return error.faults
    return ()


def _praise(definition: Definition) -> str:
    edition = make_edition(definition)
    counts = f"{len(edition.questions)} questions on {len(edition.pages)} pages, {len(definition.examples)} examples"
    return f"{definition.file}: {counts}, no faults; edition {edition.hash[:8]}"
