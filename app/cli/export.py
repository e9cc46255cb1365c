"""`foreword export`: responses as a file for other programs."""

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import BinaryIO, Final
from zoneinfo import ZoneInfo

import click
from sqlalchemy.exc import SQLAlchemyError

from app.cli._clinic import ACTOR, OpenClinic, open_present_clinic
from app.cli._files import name_file
from app.cli._progress import show_progress
from app.desk.export import STATE_WORDS, Export, Format, Office, Order, begin_export
from app.questionnaire.model import Sensitive
from app.settings import StartError
from app.storage.editions import list_editions
from app.storage.engine import begin_read
from app.storage.responses import ReviewStatus
from app.storage.trouble import explain_failure
from app.storage.worklist import ResponseFilter

FOUND: Final = 1
IDENTITY, OWN_WORDS = "identity", "own-words"

_STDOUT: Final = Path("-")
_FORMATS: Final = [one.value for one in Format]
_DAY: Final = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.argument("out", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--format", "form", default=Format.CSV.value, show_default=True, type=click.Choice(_FORMATS))
@click.option("--bom", is_flag=True, help="Begin a CSV with a byte order mark, for Excel.")
@click.option("--since", type=_DAY, help="Only what came in on this day or later, by the clinic's clock.")
@click.option("--until", type=_DAY, help="Only what came in on this day or earlier.")
@click.option("--state", "states", multiple=True, type=click.Choice([*STATE_WORDS]), help="Only these states.")
@click.option("--edition", default="", help="Only this edition of the questionnaire, by the start of its hash.")
@click.option(
    "--include",
    "included",
    multiple=True,
    type=click.Choice([*(one.value for one in Sensitive), IDENTITY]),
    help="Also what is left out otherwise.",
)
@click.option("--leave-out", "left_out", multiple=True, type=click.Choice([OWN_WORDS]), help="Leave this out too.")
def export(  # noqa: PLR0913 - each is an option, and click names them
    out: Path,
    *,
    form: str,
    bom: bool,
    since: datetime | None,
    until: datetime | None,
    states: tuple[str, ...],
    edition: str,
    included: tuple[str, ...],
    left_out: tuple[str, ...],
) -> None:
    """Write what patients sent into the file OUT, or to standard output where OUT is a hyphen.

    Left out unless it is asked for: names, dates of birth, contacts and appointments; answers about alcohol and drugs,
    and about pregnancy. Restricted responses are always left out. The exit code is 1 when a response did not open; it
    stands in the file by its reference.
    """
    with open_present_clinic() as clinic:
        order = Order(
            responses=ResponseFilter(
                statuses=tuple(STATE_WORDS[word] for word in states) or tuple(ReviewStatus),
                since=_begin(clinic, since, "--since"),
                until=_begin(clinic, until, "--until", timedelta(days=1)),
                edition_hash=_find_edition(clinic, edition),
            ),
            format=Format(form),
            has_bom=bom,
            has_identity=IDENTITY in included,
            has_own_words=OWN_WORDS not in left_out,
            sensitive=frozenset(Sensitive(word) for word in included if word != IDENTITY),
        )
        with _open_file(out) as file:
            made = _write(clinic, order, file, _name(out))
    _tell(made, out)
    sys.exit(FOUND if made.unreadable else 0)


def _write(clinic: OpenClinic, order: Order, file: BinaryIO, name: str) -> Export:
    office = Office(
        engine=clinic.engine,
        desk=clinic.desk,
        find_edition=clinic.editions.find,
        clinic=clinic.keeper.get().clinic,
        language="en",
    )
    made = begin_export(office, order, actor=ACTOR, origin="", now=datetime.now(UTC))
    try:
        for _ in show_progress("Responses", _copy(made, file), made.expected):
            pass
        file.flush()
    except BaseException as error:
        with suppress(SQLAlchemyError):  # what cut it off may keep this from being noted too
            made.end(datetime.now(UTC))
        if isinstance(error, OSError):
            raise StartError(f"{name}: it cannot be written: {error.strerror}; what is there is not whole") from None
        if isinstance(error, SQLAlchemyError):
            raise StartError(f"{name}: what is there is not whole: {explain_failure(error)}") from None
        raise
    made.end(datetime.now(UTC))
    return made


def _copy(made: Export, file: BinaryIO) -> Iterator[int]:
    """Write the file, and tell how many rows each part of it has."""
    told = 0
    for part in made.write():
        file.write(part)
        if made.rows > told:
            yield made.rows - told
        told = made.rows


def _tell(made: Export, out: Path) -> None:
    if made.unreadable:
        one = made.unreadable == 1
        what = "1 response did not open and stands" if one else f"{made.unreadable} responses did not open and stand"
        click.echo(f"{what} in the file by {'its' if one else 'their'} reference; run: foreword doctor", err=True)
    if out != _STDOUT and made.order.format is not Format.DICTIONARY:
        click.echo(f"{_name(out)}: {made.rows} responses")


def _name(out: Path) -> str:
    return "standard output" if out == _STDOUT else name_file(out.absolute())


def _begin(clinic: OpenClinic, day: datetime | None, option: str, later: timedelta = timedelta()) -> datetime | None:
    """Return when a day begins by the clinic's clock, or one that is so much later."""
    known = clinic.keeper.get().clinic
    zone = ZoneInfo(known.time_zone) if known else UTC
    try:
        return datetime.combine(day.date() + later, time(), zone).astimezone(UTC) if day else None
    except OverflowError:
        raise click.BadParameter("there is no such day in every time zone; name another", param_hint=option) from None


def _find_edition(clinic: OpenClinic, start: str) -> str:
    if not start:
        return ""
    with begin_read(clinic.engine) as connection:
        found = [stored.hash for stored in list_editions(connection) if stored.hash.startswith(start.lower())]
    if len(found) != 1:
        raise StartError(f"--edition {start}: {len(found)} editions begin so; name one by more of its hash")
    return found[0]


def _open_file(out: Path) -> BinaryIO:
    try:
        return os.fdopen(os.dup(sys.stdout.fileno()), "wb") if out == _STDOUT else out.open("xb")
    except FileExistsError:
        raise StartError(f"{_name(out)}: there is a file already; name another") from None
    except OSError as error:
        raise StartError(f"{_name(out)}: it cannot be written: {error.strerror}") from None
