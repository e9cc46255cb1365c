"""`foreword restore`: a backup into an empty database, whole or not at all."""

import os
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from app.cli._clinic import ACTOR
from app.cli._files import name_file
from app.desk.backup import (
    KEY_FILE,
    Accept,
    BackupError,
    Flaws,
    Manifest,
    accept_all,
    find_backup_key,
    is_empty,
    load_backup,
    prove_backup,
)
from app.desk.backup_folder import find_newest
from app.desk.erased import erase_again, name_list, read_list
from app.desk.keyring import Desk, read_desk
from app.desk.nightly import put_off_purge
from app.desk.proving import clear_leftovers
from app.files import make_data_folder
from app.settings import Settings, StartError, load_settings
from app.storage.audit import Event, append_event
from app.storage.engine import (
    DatabaseUrlError,
    SchemaRevisionError,
    begin_read,
    begin_write,
    checkpoint,
    create_engine_for,
    is_current,
    migrate,
)
from app.storage.trouble import explain_failure


@dataclass(frozen=True, slots=True, kw_only=True)
class _Restored:
    """What is there again: `erased` of it were erased again, None where no list of that lay beside the backup."""

    manifest: Manifest
    erased: int | None
    first_purge: datetime


@click.command()
@click.argument("file", metavar="IN", type=click.Path(path_type=Path))
@click.option("--key", type=click.Path(path_type=Path), help="The backup key; backup.key in FOREWORD_DATA without it.")
@click.option(
    "--as-it-is", is_flag=True, help="Restore it although its audit log is not whole, or a key of old letters is lost."
)
def restore(*, file: Path, key: Path | None, as_it_is: bool) -> None:
    """Restore the backup IN into an empty database; where IN is a folder, the newest backup in it.

    What staff erased since is erased again where the list of it, a file that ends in .erased, lies beside the backup.

    First put your copy of the folder keys/ into FOREWORD_DATA. A file that is cut off, damaged, sealed with another key
    or made by a newer program is refused before anything is changed.
    """
    settings = load_settings(os.environ)
    os.umask(0o077)
    make_data_folder(settings.data)
    clear_leftovers(settings.data)
    desk = read_desk(settings)
    secret, _ = find_backup_key(key or settings.data / KEY_FILE, may_make=False)
    try:
        path = find_newest(file, secret, datetime.now(UTC)) if file.is_dir() else file
        list_path = name_list(path.parent, secret)
        listed = read_list(list_path, secret) if list_path.exists() else None
        restored = _restore(settings, desk, secret, path, listed, accept_all if as_it_is else _refuse)
    except BackupError as error:
        raise StartError(f"{name_file(file)}: {error}; nothing was changed") from None
    except OSError as error:
        raise StartError(f"{name_file(file)}: it cannot be read: {error.strerror}; look at its name") from None
    except (DatabaseUrlError, SchemaRevisionError) as error:
        raise StartError(f"FOREWORD_DATABASE_URL: {error}") from None
    except (SQLAlchemyError, sqlite3.Error) as error:
        # A connection may be lost while the database says that all is there, and the journal is emptied after that.
        raise StartError(
            f"FOREWORD_DATABASE_URL: {explain_failure(error)}; then look whether it is there: foreword keys list"
        ) from None
    _tell(path, restored)


def _refuse(_: Manifest, flaws: Flaws) -> None:
    raise BackupError(
        f"{'; '.join(flaws.describe())}; if the database was so when it was backed up, restore it with --as-it-is"
    )


def _restore(
    settings: Settings, desk: Desk, secret: bytes, path: Path, listed: Mapping[str, str] | None, accept: Accept
) -> _Restored:
    now = datetime.now(UTC)
    with path.open("rb") as file:
        prove_backup(file, secret, desk, settings.data, accept=accept)
        engine = create_engine_for(settings.database_url)
        try:
            migrate(engine)
            _require_empty(engine)
            with begin_write(engine) as connection:
                manifest = load_backup(connection, file, secret, desk, accept=accept)
                event = Event(action="backup.restored", actor=ACTOR, about={"rows": manifest.rows})
                append_event(connection, desk.chain_key, event, now)
                erased = erase_again(connection, desk.chain_key, listed or {}, now, actor=ACTOR)
                first_purge = put_off_purge(connection, manifest.made_at, now)
            checkpoint(engine)
        finally:
            engine.dispose()
    return _Restored(manifest=manifest, erased=None if listed is None else erased, first_purge=first_purge)


def _require_empty(engine: Engine) -> None:
    with begin_read(engine) as connection:
        if not is_current(connection):
            raise StartError("FOREWORD_DATABASE_URL: a newer program made this database; restore with that one")
    if not is_empty(engine):
        raise StartError(
            "FOREWORD_DATABASE_URL: this database holds a clinic already; move it away, or name an empty one"
        )


def _tell(path: Path, restored: _Restored) -> None:
    manifest, first_purge = restored.manifest, restored.first_purge
    click.echo(
        f"{name_file(path)}: {manifest.counts['responses']} responses, {manifest.rows} rows as of "
        f"{manifest.made_at:%Y-%m-%d %H:%M} UTC."
    )
    for flaw in manifest.flaws.describe():
        click.echo(f"It is restored as it is, and {flaw}.", err=True)
    if restored.erased is None:
        click.echo("What was erased after that is here again: look into your own record of erasures.")
    else:
        click.echo(f"{restored.erased} responses that staff erased after that were erased again.")
    click.echo(
        "What people had then is here again: accounts that were disabled since are open, older passwords hold, and "
        "recovery codes that were used work again. See foreword staff list, and disable or reset whom you have to."
    )
    click.echo(
        "So is what retention erased after that, and legal holds that were set after that are gone. The first purge is "
        f"at {first_purge:%Y-%m-%d %H:%M} ({first_purge.tzinfo}): start the server, and set them again until then."
    )
