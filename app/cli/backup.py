"""`foreword backup`: everything that is kept, sealed into one file and proved by restoring it."""

import os
from datetime import UTC, datetime
from pathlib import Path

import click

from app.cli._clinic import ACTOR, OpenClinic, open_present_clinic
from app.cli._files import name_file
from app.cli._progress import show_progress
from app.desk.backup import KEY_FILE, BackupError, Manifest, count_backup, find_backup_key, prove_backup, write_backup
from app.desk.doctor_record import BACKUP
from app.desk.proving import clear_leftovers
from app.settings import StartError
from app.storage.audit import Event, append_event
from app.storage.chores import note_time
from app.storage.engine import begin_write


@click.command()
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--key", type=click.Path(path_type=Path), help="The backup key; backup.key in FOREWORD_DATA without it.")
def backup(out: Path, key: Path | None) -> None:
    """Write a backup to the file OUT, while the server goes on.

    It holds all that is kept but drafts and sessions, and never a private key: keep copies of the folder keys/ and of
    the backup key elsewhere. It is restored into a temporary place before it is called good.
    """
    if out.exists():
        raise StartError(f"{name_file(out)}: there is a file of this name; name a new one")
    with open_present_clinic() as clinic:
        clear_leftovers(clinic.settings.data)
        path = key or clinic.settings.data / KEY_FILE
        secret, is_new = find_backup_key(path, may_make=key is None)
        if is_new:
            click.echo(
                f"{path}: a new backup key. Copy it now to where the backups are not: they open with nothing else."
            )
        manifest = _write(clinic, out, secret)
        now = datetime.now(UTC)
        with begin_write(clinic.engine) as connection:
            note_time(connection, BACKUP, now.date(), now)
            event = Event(
                action="backup.made", actor=ACTOR, about={"rows": manifest.rows, "entries": manifest.head.number}
            )
            append_event(connection, clinic.desk.chain_key, event, now)
    responses = manifest.counts["responses"]
    click.echo(f"{name_file(out)}: {responses} responses, {manifest.rows} rows, restored once to prove it.")
    click.echo(f"The audit log ends with {manifest.head.number}:{manifest.head.link}")


def _write(clinic: OpenClinic, out: Path, secret: bytes) -> Manifest:
    partial = out.with_name(f"{out.name}.partial")
    try:
        with partial.open("w+b") as file:
            steps = write_backup(clinic.engine, secret, file, datetime.now(UTC))
            for _ in show_progress("Writing", steps, count_backup(clinic.engine)):
                pass
            file.flush()
            os.fsync(file.fileno())
            manifest = prove_backup(file, secret, clinic.desk, clinic.settings.data)
        partial.replace(out)
    except BackupError as error:
        raise StartError(f"{name_file(out)}: the backup is not good: {error}; nothing was kept of it") from None
    except OSError as error:
        raise StartError(f"{name_file(out)}: it cannot be written: {error.strerror}; name another folder") from None
    finally:
        partial.unlink(missing_ok=True)
    return manifest
