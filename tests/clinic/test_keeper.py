"""The clinic as it is set now: nothing until it is set up, the same object until it changes, and then the new one."""

from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from app.clinic.keeper import ClinicKeeper
from app.clinic.profile import DEMONSTRATION, ClinicSettings, dump_settings
from app.storage.clinic_keys import record_key
from app.storage.clinic_settings import find_settings, save_settings
from app.storage.engine import begin_write
from app.vault.keys import PrivateKey, make_private_key

ELM = replace(DEMONSTRATION, name="Elm Clinic", retention_days=90)


def save(engine: Engine, settings: ClinicSettings, now: datetime) -> None:
    """Set the clinic up, as its administrator does."""
    with begin_write(engine) as connection:
        stored = find_settings(connection)
        seen = stored.revision if stored else 0
        save_settings(connection, dump_settings(settings), seen=seen, changed_by="ann", now=now)


def test_before_it_is_set_up_there_is_no_clinic(engine: Engine, key: PrivateKey) -> None:
    profile = ClinicKeeper(engine, is_demonstration=False).get()
    assert (profile.settings, profile.clinic, profile.revision) == (None, None, 0)
    assert profile.key == key.public


def test_a_demonstration_needs_no_set_up_and_says_what_it_is(engine: Engine) -> None:
    clinic = ClinicKeeper(engine, is_demonstration=True).get().clinic
    assert clinic is not None
    assert clinic.is_demonstration


def test_a_clinic_whose_country_has_no_help_lines_any_more_is_not_open_and_no_other_is_guessed(
    engine: Engine, now: datetime
) -> None:
    save(engine, replace(ELM, countries=("ATLANTIS", "US")), now)
    profile = ClinicKeeper(engine, is_demonstration=False).get()
    assert profile.settings is not None
    assert profile.clinic is None
    save(engine, replace(ELM, countries=("US", "ATLANTIS")), now)
    clinic = ClinicKeeper(engine, is_demonstration=False).get().clinic
    assert clinic is not None
    assert clinic.crisis.country == "US"


def test_it_is_the_same_object_until_it_changes(engine: Engine, now: datetime) -> None:
    # What was drawn for it can be kept
    keeper = ClinicKeeper(engine, is_demonstration=False)
    save(engine, ELM, now)
    keeper.forget()
    before = keeper.get()
    assert before.clinic is not None
    assert before.clinic.name == "Elm Clinic"
    keeper.forget()
    assert keeper.get() is before
    save(engine, replace(ELM, name="Oak Clinic"), now)
    keeper.forget()
    after = keeper.get().clinic
    assert after is not None
    assert after.name == "Oak Clinic"


def test_what_another_process_sets_is_not_looked_for_at_every_request(engine: Engine, now: datetime) -> None:
    keeper = ClinicKeeper(engine, is_demonstration=False)
    assert keeper.get().clinic is None
    save(engine, ELM, now)
    assert keeper.get().clinic is None
    keeper.forget()
    assert keeper.get().clinic is not None


def test_what_is_sent_from_now_on_is_sealed_to_the_newest_key(engine: Engine, now: datetime) -> None:
    keeper = ClinicKeeper(engine, is_demonstration=True)
    before = keeper.get().key
    newer = make_private_key().public
    with begin_write(engine) as connection:
        record_key(connection, newer, now.replace(year=now.year + 1))
    keeper.forget()
    assert keeper.get().key == newer != before


def test_while_the_database_does_not_answer_what_was_read_last_holds_on(engine: Engine, now: datetime) -> None:
    # Every page needs the clinic, also the one that says that the database is away
    keeper = ClinicKeeper(engine, is_demonstration=False)
    save(engine, ELM, now)
    before = keeper.get()
    with begin_write(engine) as connection:
        connection.exec_driver_sql("ALTER TABLE clinic_settings RENAME TO away")
    keeper.forget()
    assert keeper.get() is before
    # But nothing is made up by who never read it
    with pytest.raises(SQLAlchemyError):
        ClinicKeeper(engine, is_demonstration=False).get()
    with begin_write(engine) as connection:
        connection.exec_driver_sql("ALTER TABLE away RENAME TO clinic_settings")
    save(engine, replace(ELM, name="Oak Clinic"), now)
    keeper.forget()
    clinic = keeper.get().clinic
    assert clinic is not None
    assert clinic.name == "Oak Clinic"
