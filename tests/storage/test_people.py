"""People: never deleted, found by how they sign in, and their codes used once, on both databases."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier, Event

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DatabaseError, IntegrityError

from app.storage.access import (
    Access,
    add_passkey,
    clear_access,
    find_access,
    find_access_by_credential,
    find_access_by_login,
    find_access_by_uniquifier,
    hold_access,
    remove_passkey,
    replace_hash,
    replace_password,
    set_password,
    set_recovery_codes,
    set_totp,
    take_recovery_code,
    take_totp_step,
    use_passkey,
)
from app.storage.engine import begin_read, begin_write
from app.storage.people import (
    LoginTakenError,
    Person,
    Role,
    change_activity,
    change_roles,
    create_person,
    find_people,
    find_person,
    find_person_by_login,
    list_people,
)

Make = Callable[..., Person]


@pytest.fixture
def make(engine: Engine, now: datetime) -> Make:
    """Give a function that stores a person."""

    def make_one(login: str = "ann@clinic.example", *roles: Role) -> Person:
        with begin_write(engine) as connection:
            return create_person(connection, login=login, name="Ann Lee", roles=roles, now=now)

    return make_one


def read(engine: Engine, person: Person) -> Access:
    with begin_read(engine) as connection:
        access = find_access(connection, person.id)
    assert access is not None
    return access


def make_with_app(make: Make, engine: Engine) -> Access:
    """Store a person with an authenticator app."""
    ann = make()
    with begin_write(engine) as connection:
        set_totp(connection, ann.id, b"sealed")
    return read(engine, ann)


def test_a_person_is_found_as_they_were_stored(make: Make, engine: Engine) -> None:
    ann = make(" Ann@Clinic.Example ", Role.REVIEWER, Role.ADMINISTRATOR)
    with begin_read(engine) as connection:
        assert find_person(connection, ann.id) == ann
        assert find_person_by_login(connection, "ANN@clinic.example") == ann
        assert find_people(connection, [ann.id, "nobody"]) == {ann.id: ann}
        assert list_people(connection) == [ann]
        assert find_person(connection, "nobody") is None
    assert ann.login == "ann@clinic.example"
    assert ann.roles == {Role.REVIEWER, Role.ADMINISTRATOR}
    assert (ann.is_active, ann.joined_at) == (True, None)


def test_a_sign_in_name_is_given_once(make: Make) -> None:
    make()
    with pytest.raises(LoginTakenError):
        make("ANN@CLINIC.EXAMPLE")


def test_a_person_is_never_deleted_and_keeps_their_id(make: Make, engine: Engine) -> None:
    ann = make()
    for statement in ("DELETE FROM people", "UPDATE people SET id = 'another'"):
        with pytest.raises(DatabaseError), begin_write(engine) as connection:
            connection.execute(text(statement))
    with begin_read(engine) as connection:
        assert find_person(connection, ann.id) == ann


def test_roles_and_activity_change_and_activity_ends_what_was_tied(make: Make, engine: Engine) -> None:
    ann = make("ann@clinic.example", Role.REVIEWER)
    tie = read(engine, ann).uniquifier
    with begin_write(engine) as connection:
        change_roles(connection, ann.id, {Role.AUDITOR})
        change_activity(connection, ann.id, is_active=False)
    changed = read(engine, ann)
    assert (changed.person.roles, changed.person.is_active) == (frozenset({Role.AUDITOR}), False)
    with begin_read(engine) as connection:
        assert find_access_by_uniquifier(connection, tie) is None
        assert find_access_by_uniquifier(connection, changed.uniquifier) == changed


def test_a_new_password_changes_the_tie_and_a_new_hash_does_not(make: Make, engine: Engine, now: datetime) -> None:
    ann = make()
    with begin_write(engine) as connection:
        set_password(connection, ann.id, "first", now)
    first = read(engine, ann)
    with begin_write(engine) as connection:
        replace_hash(connection, ann.id, "first", "first, dearer")
        replace_hash(connection, ann.id, "first", "too late")
    again = read(engine, ann)
    assert (again.password_hash, again.uniquifier) == ("first, dearer", first.uniquifier)
    assert again.person.joined_at == now
    with begin_write(engine) as connection:
        set_password(connection, ann.id, "second", now)
    assert read(engine, ann).uniquifier != first.uniquifier


def test_a_password_is_replaced_once_and_never_after_a_reset(make: Make, engine: Engine, now: datetime) -> None:
    ann, ben = make(), make("ben@clinic.example")
    with begin_write(engine) as connection:
        for person in (ann, ben):
            set_password(connection, person.id, "first", now)
        replace_hash(connection, ann.id, "first", "first, dearer")
    seen = read(engine, ann)
    with begin_write(engine) as connection:
        assert replace_password(connection, seen, "second")
        assert not replace_password(connection, seen, "too late")
    second = read(engine, ann)
    assert (second.password_hash, read(engine, ben).password_hash) == ("second", "first")
    assert second.uniquifier != seen.uniquifier
    with begin_write(engine) as connection:
        clear_access(connection, ann.id)
        assert not replace_password(connection, second, "too late")
    assert read(engine, ann).password_hash is None


def test_of_ten_who_replace_one_password_one_does(make: Make, engine: Engine, now: datetime) -> None:
    ann, start = make(), Barrier(10)
    with begin_write(engine) as connection:
        set_password(connection, ann.id, "first", now)
    seen = read(engine, ann)

    def replace(number: int) -> bool:
        start.wait()
        with begin_write(engine) as connection:
            return replace_password(connection, seen, f"number {number}")

    with ThreadPoolExecutor(10) as threads:
        assert sum(threads.map(replace, range(10))) == 1


def test_a_step_is_taken_once_and_never_an_earlier_one(make: Make, engine: Engine) -> None:
    ann = make_with_app(make, engine)
    taken = []
    for step in (100, 100, 99, 101):
        with begin_write(engine) as connection:
            taken.append(take_totp_step(connection, ann, step))
    assert taken == [True, False, False, True]


@pytest.mark.parametrize("sealed", [None, b"another"])
def test_a_step_of_an_app_that_is_gone_is_never_taken(make: Make, engine: Engine, sealed: bytes | None) -> None:
    ann = make_with_app(make, engine)
    with begin_write(engine) as connection:
        set_totp(connection, ann.person.id, sealed)
        assert not take_totp_step(connection, ann, 100)
    assert read(engine, ann.person).totp_step is None


def test_of_twenty_who_take_one_step_one_gets_it(make: Make, engine: Engine) -> None:
    ann, start = make_with_app(make, engine), Barrier(10)

    def take(_: int) -> bool:
        start.wait()
        with begin_write(engine) as connection:
            return take_totp_step(connection, ann, 7)

    with ThreadPoolExecutor(10) as threads:
        assert sum(threads.map(take, range(10))) == 1


def test_a_recovery_code_is_used_once_and_new_ones_replace_all(make: Make, engine: Engine) -> None:
    ann, ben = make(), make("ben@clinic.example")
    with begin_write(engine) as connection:
        set_recovery_codes(connection, ann.id, ["a" * 64, "b" * 64])
        set_recovery_codes(connection, ben.id, ["c" * 64])
        assert not take_recovery_code(connection, ann.id, "c" * 64)
        assert take_recovery_code(connection, ann.id, "a" * 64)
        assert not take_recovery_code(connection, ann.id, "a" * 64)
    assert read(engine, ann).recovery_codes == 1
    with begin_write(engine) as connection:
        set_recovery_codes(connection, ann.id, ["d" * 64])
        assert not take_recovery_code(connection, ann.id, "b" * 64)
    assert (read(engine, ann).recovery_codes, read(engine, ben).recovery_codes) == (1, 1)


def add(engine: Engine, person: Person, credential: bytes, now: datetime) -> None:
    with begin_write(engine) as connection:
        add_passkey(
            connection,
            person.id,
            credential_id=credential,
            public_key=b"key",
            sign_count=5,
            name="Blue key",
            transports=("usb", "nfc"),
            now=now,
        )


def test_a_passkey_belongs_to_one_person_and_its_count_moves_on(make: Make, engine: Engine, now: datetime) -> None:
    ann, ben = make(), make("ben@clinic.example")
    add(engine, ann, b"one", now)
    with pytest.raises(IntegrityError):
        add(engine, ben, b"one", now)
    with begin_read(engine) as connection:
        found = find_access_by_credential(connection, b"one")
        assert find_access_by_credential(connection, b"two") is None
    assert found is not None
    (passkey,) = found.passkeys
    assert (found.person.id, passkey.name, passkey.transports) == (ann.id, "Blue key", ("usb", "nfc"))
    with begin_write(engine) as connection:
        assert use_passkey(connection, passkey, 6, now)
        assert not use_passkey(connection, passkey, 7, now)  # as another request saw it, it was used meanwhile
        assert not remove_passkey(connection, ben.id, passkey.id)
        assert remove_passkey(connection, ann.id, passkey.id)


def test_who_is_held_is_seen_by_the_next_as_the_first_left_them(make: Make, engine: Engine, now: datetime) -> None:
    ann = make()
    add(engine, ann, b"one", now)
    first_holds, second_saw = Event(), Event()

    def remove() -> None:
        with begin_write(engine) as connection:
            held = hold_access(connection, ann.id)
            assert held is not None
            first_holds.set()
            second_saw.wait(0.5)  # never, while the first holds
            remove_passkey(connection, ann.id, held.passkeys[0].id)

    def look() -> Access | None:
        first_holds.wait()
        with begin_write(engine) as connection:
            held = hold_access(connection, ann.id)
            second_saw.set()
            return held

    with ThreadPoolExecutor(2) as threads:
        removed, seen = threads.submit(remove), threads.submit(look).result()
        removed.result()
    assert seen is not None
    assert seen.passkeys == ()


def test_clearing_takes_away_all_that_lets_in(make: Make, engine: Engine, now: datetime) -> None:
    ann = make()
    add(engine, ann, b"one", now)
    with begin_write(engine) as connection:
        set_password(connection, ann.id, "hash", now)
        set_totp(connection, ann.id, b"sealed", 3)
        set_recovery_codes(connection, ann.id, ["a" * 64])
    before = read(engine, ann)
    assert before.has_second_factor
    with begin_write(engine) as connection:
        clear_access(connection, ann.id)
    after = read(engine, ann)
    assert (after.password_hash, after.totp_sealed, after.passkeys, after.recovery_codes) == (None, None, (), 0)
    assert not after.has_second_factor
    assert after.uniquifier != before.uniquifier


def test_nothing_secret_stands_in_a_repr(make: Make, engine: Engine, now: datetime) -> None:
    ann = make()
    with begin_write(engine) as connection:
        set_password(connection, ann.id, "$argon2id$hash", now)
        set_totp(connection, ann.id, b"sealed seed")
    access = read(engine, ann)
    for secret in ("argon2id", "sealed seed", access.uniquifier):
        assert secret not in repr(access)


def test_somebody_who_is_not_there_is_not_found(engine: Engine) -> None:
    with begin_read(engine) as connection:
        assert find_access(connection, "nobody") is None
        assert find_access_by_login(connection, "nobody@clinic.example") is None
