"""`foreword keys`: which keys answers are sealed to, and a new one in their place."""

import sys
import time
from datetime import UTC, datetime
from typing import Final

import click

from app.cli._clinic import ACTOR, OpenClinic, open_present_clinic
from app.cli._progress import show_progress
from app.desk.locking import list_strangers, list_unlocked, lock_keys
from app.desk.rotation import Resealed, count_older, finish, list_key_states, make_newest_key, reseal
from app.settings import StartError
from app.storage.clinic_keys import find_newest_key
from app.storage.engine import begin_read, is_current
from app.vault.keys import PublicKey

FOUND: Final = 1

_SETTLE: Final = 6.0
"""Seconds after which what was begun with the key before is there: each sending looks for the newest as it seals."""


@click.group()
def keys() -> None:
    """Look after the keys that answers are sealed to."""


@keys.command("list")
def list_() -> None:
    """Tell the keys there are, and how much is sealed to each."""
    with open_present_clinic() as clinic:
        states = list_key_states(clinic.engine, clinic.desk)
        unlocked = list_unlocked(clinic.settings)
    for state in states:
        what = "sealed to now" if state.is_newest else "older"
        here = "" if state.is_here else "; its file is missing"
        spare = "; its file can be removed" if state.is_here and not state.is_newest and not state.letters else ""
        click.echo(f"{state.id}  {what}  {state.letters} responses and notes{here}{spare}")
    for path in unlocked:
        click.echo(
            f"{path}: a passphrase is set, and this key is not locked with it; lock it: foreword keys lock", err=True
        )
    if not all(state.is_here for state in states if state.letters or state.is_newest):
        sys.exit(FOUND)


@keys.command()
def lock() -> None:
    """Lock the key files with FOREWORD_KEY_PASSPHRASE, where it was set or changed after they were made.

    To change it, set FOREWORD_KEY_PASSPHRASE_BEFORE to the one before, here and for the server. The server goes on
    serving. One that started without the passphrase has to be started again with it: it reads no key file any more.
    Whatever else lies in the folder keys/ is named and left as it is.
    """
    with open_present_clinic() as clinic:
        locked = lock_keys(clinic.engine, clinic.settings, clinic.desk, datetime.now(UTC), actor=ACTOR)
        strangers = list_strangers(clinic.settings)
    for path in locked:
        click.echo(f"{path}: locked")
    if locked:
        click.echo("Start a server again that started without this passphrase: till then its page Health reads no key.")
        click.echo("Copies made before open without this passphrase: copy these files there anew, and destroy the old.")
    else:
        click.echo("Every key is locked already.")
    if clinic.settings.key_passphrase_before:
        click.echo("FOREWORD_KEY_PASSPHRASE_BEFORE opens no key any more: take it away, here and for the server.")
    for path in strangers:
        click.echo(
            f"{path}: no key is called so, and it was left as it is; delete it where it is a copy, else move it away",
            err=True,
        )
    if strangers:
        sys.exit(FOUND)


@keys.command()
def rotate() -> None:
    """Make a new key, and seal everything again to it.

    Where an earlier rotation was interrupted, that one is finished, and no new key is made. The server can go on
    running. Copy the new file of the folder keys/ to where you keep the others.
    """
    with open_present_clinic() as clinic:
        _require_current(clinic)
        resealed = Resealed()
        newest = _find_newest(clinic)
        older = count_older(clinic.engine)
        if older:
            click.echo(f"Finishing the rotation that was interrupted: {older} responses and notes are left.", err=True)
            _reseal(clinic, newest, resealed)
        if not resealed.done:  # nothing was left but what does not open with any key
            newest = make_newest_key(clinic.engine, clinic.settings, clinic.desk, datetime.now(UTC), actor=ACTOR)
            _reseal(clinic, newest, resealed)
        time.sleep(_SETTLE)
        _reseal(clinic, newest, resealed)
        finish(clinic.engine, clinic.desk, newest, resealed, datetime.now(UTC), actor=ACTOR)
    unreadable = sorted(set(resealed.unreadable))
    click.echo(f"{newest.id} is the key now; {resealed.done} responses and notes were sealed again to it.")
    if unreadable:
        click.echo(
            f"These did not open and were left as they are, with the old keys: {', '.join(unreadable)}", err=True
        )
        sys.exit(FOUND)


def _require_current(clinic: OpenClinic) -> None:
    with begin_read(clinic.engine) as connection:
        if not is_current(connection):  # there may be letters that this program knows nothing of
            raise StartError("a newer program brought the database up to date; rotate the keys with that one")


def _reseal(clinic: OpenClinic, newest: PublicKey, resealed: Resealed) -> None:
    resealed.unreadable.clear()
    steps = reseal(clinic.engine, clinic.desk, newest, resealed)
    for _ in show_progress("Sealing again", steps, count_older(clinic.engine)):
        pass


def _find_newest(clinic: OpenClinic) -> PublicKey:
    with begin_read(clinic.engine) as connection:
        newest = find_newest_key(connection)
    if newest is None:
        raise LookupError  # opening the clinic made one where there was none
    return newest
