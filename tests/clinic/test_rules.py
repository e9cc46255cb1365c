"""What a clinic may set: each rule gives the value, or a sentence that says what to enter and repeats nothing."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.clinic import rules
from app.clinic.profile import DEMONSTRATION, build_clinic, dump_settings, list_changes, load_contacts, load_settings
from app.clinic.rules import SettingError
from app.desk.notice import write_notice

BANNED = ("valid", "invalid", "please", "sorry", "required")


@pytest.mark.parametrize("typed", ["", "0", "36526", "1.5", "-1", "\uff11\uff12", "1 2", "9" * 30, "0000000309", "ten"])
def test_days_are_a_whole_number_in_bounds(typed: str) -> None:
    with pytest.raises(SettingError) as refused:
        rules.read_days(typed, rules.RETENTION_DAYS)
    assert str(refused.value) == "Enter a whole number of days from 1 to 36,525"


@given(st.integers(min_value=1, max_value=36_525))
def test_any_number_of_days_in_bounds_is_taken(days: int) -> None:
    assert rules.read_days(f" {days}\t", rules.RETENTION_DAYS) == days


@pytest.mark.parametrize(
    "typed",
    [
        *("a", "a@b", "a b@c.example", "a@c.example, b@c.example", "<a@c.example>", "a@-", "a@c.example\nb"),
        *(f"a{sign}b@c.example" for sign in '()[]\\"\0\x7f'),
    ],
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(SettingError):
        rules.read_addresses(typed)


def test_an_address_cannot_carry_another_header() -> None:
    with pytest.raises(SettingError):
        rules.read_addresses("a@c.example\rBcc:x@y.example")


@given(st.text(min_size=1, max_size=8))
def test_what_is_taken_is_where_the_notice_goes(name: str) -> None:
    address = f"{name.strip()}@c.example"
    if not refuse(rules.read_addresses, address):
        message = write_notice("foreword@c.example", address, "Elm", "https://c.example", datetime.now(UTC))
        assert [one.addr_spec for one in message["To"].addresses] == [address]


def refuse(rule: Callable[[str], object], typed: str) -> str:
    """Return what the rule says to what was typed; nothing, when it takes it."""
    try:
        rule(typed)
    except SettingError as error:
        return str(error)
    return ""


@given(st.text(max_size=300))
def test_no_rule_fails_or_repeats_what_was_typed(typed: str) -> None:
    for rule in (
        lambda text: rules.read_line(text, "Enter it"),
        rules.read_text,
        lambda text: rules.read_days(text, rules.READING_DAYS),
        rules.read_time_zone,
        lambda text: rules.read_emergency(text, is_needed=True),
        rules.read_addresses,
    ):
        said = refuse(rule, typed)
        assert not [word for word in BANNED if word in said.lower()]
        assert len(typed) < 4 or typed not in said


def test_a_country_without_a_number_takes_the_clinic_s() -> None:
    contacts = load_contacts()
    assert rules.read_emergency("155", is_needed=True) == "155"
    with pytest.raises(SettingError):
        rules.read_emergency(" ", is_needed=True)
    elsewhere = replace(DEMONSTRATION, countries=("ZZ", "US"), emergency="155")
    clinic = build_clinic(elsewhere, contacts, is_demonstration=False)
    assert clinic.crisis.emergency_tel == "155"
    assert len(clinic.crisis.contacts) == len(contacts["ZZ"].contacts) + len(contacts["US"].contacts)


def test_settings_of_an_older_program_load_with_defaults() -> None:
    content = dump_settings(DEMONSTRATION).replace(',"emergency":""', "")
    assert "emergency" not in content
    assert load_settings(content) == DEMONSTRATION
    assert list_changes(DEMONSTRATION, DEMONSTRATION) == ()


def test_settings_of_a_newer_program_load_without_what_is_not_known() -> None:
    # An older program goes on serving while a newer one is started beside it
    content = dump_settings(DEMONSTRATION).replace("{", '{"color":"teal",', 1)
    assert load_settings(content) == DEMONSTRATION
