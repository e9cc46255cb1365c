"""`foreword backup`: everything that is kept, sealed into one file and proved by restoring it."""

import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import Final

import click

from app.cli._clinic import ACTOR, OpenClinic, open_present_clinic
from app.cli._files import name_file
from app.cli._progress import show_progress
from app.desk.backup import KEY_FILE, NO_FLAWS, BackupError, Manifest, count_backup, find_backup_key, hurry
from app.desk.backup_folder import Source, make_backup
from app.desk.nightly_backup import FAILURES, account, account_failure, back_up
from app.desk.proving import clear_leftovers
from app.settings import StartError

FOUND: Final = 1


@click.command()
@click.argument("out", type=click.Path(path_type=Path), required=False)
@click.option("--key", type=click.Path(path_type=Path), help="The backup key; backup.key in FOREWORD_DATA without it.")
def backup(out: Path | None, key: Path | None) -> None:
    """Write a backup to the file OUT, while the server goes on.

    Without OUT it is the one that the server makes every night: a new file in FOREWORD_BACKUP_FOLDER, and those whose
    days are over are removed.

    It holds all that is kept but drafts and sessions, and never a private key: keep copies of the folder keys/ and of
    the backup key elsewhere. It is restored into a temporary place before it is called good.
    """
    if out is not None and out.exists():
        raise StartError(f"{name_file(out)}: there is a file of this name; name a new one")
    if out is None and key is not None:
        raise StartError("--key: the backups in FOREWORD_BACKUP_FOLDER have the one in FOREWORD_DATA; name a file")
    with open_present_clinic() as clinic:
        if out is None and clinic.settings.backup_folder is None:
            raise StartError("OUT: no file is named and no FOREWORD_BACKUP_FOLDER is set; name one, or set it")
        clear_leftovers(clinic.settings.data)
        path = key or clinic.settings.data / KEY_FILE
        if not path.exists():
            _require_folder(out.parent if out else clinic.settings.backup_folder or Path())
        secret, is_new = find_backup_key(path, may_make=key is None)
        if is_new:
            click.echo(
                f"{path}: a new backup key. Copy it now to where the backups are not: they open with nothing else."
            )
        made, manifest = _write(clinic, out, secret)
    responses = manifest.counts["responses"]
    click.echo(f"{name_file(made)}: {responses} responses, {manifest.rows} rows, restored once to prove it.")
    click.echo(f"The audit log ends with {manifest.head.number}:{manifest.head.link}")
    for flaw in manifest.flaws.describe():
        click.echo(f"{name_file(made)}: it was kept, and has what the database itself has: {flaw}", err=True)
    if manifest.flaws != NO_FLAWS:
        sys.exit(FOUND)


def _require_folder(folder: Path) -> None:
    """Raise `StartError` where no backup can be written: before a key is made that somebody has to copy and keep."""
    try:
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise StartError(
            f"{name_file(folder)}: nothing can be written there: {error.strerror}; make the folder, or name another"
        ) from None


def _write(clinic: OpenClinic, out: Path | None, secret: bytes) -> tuple[Path, Manifest]:
    named = out or clinic.settings.backup_folder or Path()

    def show(steps: Iterator[int]) -> Iterable[int]:
        return show_progress("Writing", steps, count_backup(clinic.engine))

    try:
        now = datetime.now(UTC)
        if out is None:
            return back_up(clinic.settings, clinic.engine, clinic.desk, now, actor=ACTOR, show=show, pace=hurry)
        source = Source(engine=clinic.engine, desk=clinic.desk, data=clinic.settings.data)
        try:
            manifest = make_backup(out, secret, source, now, show)
        except FAILURES as error:
            account_failure(clinic.engine, clinic.desk, error, datetime.now(UTC), actor=ACTOR)
            raise
        account(clinic.engine, clinic.desk, manifest, datetime.now(UTC), actor=ACTOR)
    except BackupError as error:
        raise StartError(f"{name_file(named)}: the backup is not good: {error}; nothing was kept of it") from None
    except OSError as error:
        raise StartError(f"{name_file(named)}: it cannot be written: {error.strerror}; name another folder") from None
    return out, manifest
