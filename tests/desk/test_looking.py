"""What somebody looks for, sealed into a word for an address: opened again by this clinic, and by nobody else."""

import base64

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.desk.keyring import Desk
from app.desk.looking import NOTHING, Sought, list_sought_tokens, open_sought, seal_sought
from app.vault.keys import make_private_key
from tests.desk.conftest import Clinic
from tests.support.examples import count_examples

ANA = Sought(name="Ana María Ruiz", birth=(1990, 5, 3))


def make_other_desk() -> Desk:
    """Return the desk of another clinic."""
    own = make_private_key()
    return Desk(keys={}, own=own, chain_key=own.derive("audit chain"), token_key=own.derive("search tokens"))


@settings(max_examples=count_examples(30), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(max_size=80), has_birth=st.booleans())
def test_what_is_sealed_is_opened_as_it_was_typed(clinic: Clinic, *, name: str, has_birth: bool) -> None:
    sought = Sought(name=name, birth=(1990, 5, 3) if has_birth else None)
    assert open_sought(clinic.desk, seal_sought(clinic.desk, sought)) == sought


def test_another_clinic_opens_nothing_and_no_changed_word_is_opened(clinic: Clinic) -> None:
    word = seal_sought(clinic.desk, ANA)
    assert open_sought(make_other_desk(), word) is None
    sealed = bytearray(base64.urlsafe_b64decode(word + "=" * (-len(word) % 4)))
    for place in (0, 5, len(sealed) - 1):
        changed = bytearray(sealed)
        changed[place] ^= 1
        assert open_sought(clinic.desk, base64.urlsafe_b64encode(changed).decode().rstrip("=")) is None


@pytest.mark.parametrize("word", ["A", "é", "====", "AAAA", "a b", "\ud800"])
def test_a_word_that_is_none_opens_nothing(clinic: Clinic, word: str) -> None:
    assert open_sought(clinic.desk, word) is None


def test_it_can_stand_in_an_address_and_never_in_a_log(clinic: Clinic) -> None:
    word = seal_sought(clinic.desk, ANA)
    assert word.replace("-", "").replace("_", "").isalnum()
    assert "Ruiz" not in repr(ANA)
    assert "1990" not in repr(ANA)


def test_every_word_of_a_name_and_the_birth_are_looked_for(clinic: Clinic) -> None:
    assert len(list_sought_tokens(clinic.desk, ANA)) == 4
    assert list_sought_tokens(clinic.desk, NOTHING) == ()
    assert (bool(ANA), bool(NOTHING)) == (True, False)
