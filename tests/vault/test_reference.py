"""The code people read aloud: it survives how people write and say it, and a slip is caught (security.md S12)."""

import random
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.vault.reference import (
    REFERENCE_LENGTH,
    ReferenceCodeError,
    format_reference,
    make_reference,
    parse_reference,
)
from app.vault.symbols import SYMBOLS

MANY = 2000
# The 0.999999 quantile of chi-squared with 31 degrees of freedom: one run in a million is above it by chance.
UNLIKELY = 79.5
LOOK_ALIKES = {"0": "0Oo", "1": "1IiLl", "V": "VvUu"}
GAPS = ["", " ", "-", " - ", "\u00a0", "\u2013", "\u2011", "\n"]
CHOICES = st.lists(st.integers(0, len(SYMBOLS) - 1), min_size=REFERENCE_LENGTH - 1, max_size=REFERENCE_LENGTH - 1)


def make(choices: list[int]) -> str:
    """Return the reference of these random numbers."""
    left = iter(choices)
    return make_reference(lambda _: next(left))


@given(CHOICES)
def test_a_reference_has_no_look_alikes_and_two_groups_of_five(choices: list[int]) -> None:
    reference = make(choices)
    assert [len(group) for group in format_reference(reference).split("-")] == [5, 5]
    assert not set(reference) & set("ILOU")
    assert parse_reference(format_reference(reference)) == reference


@given(CHOICES, st.randoms(use_true_random=False))
def test_a_reference_survives_case_spaces_hyphens_and_look_alikes(choices: list[int], chance: random.Random) -> None:
    reference = make(choices)
    symbols = [chance.choice(LOOK_ALIKES.get(symbol, symbol + symbol.lower())) for symbol in reference]
    typed = "".join(chance.choice(GAPS) + symbol for symbol in symbols) + chance.choice(GAPS)
    assert parse_reference(typed) == reference


@given(CHOICES)
def test_any_single_wrong_symbol_is_caught(choices: list[int]) -> None:
    reference = make(choices)
    for place in range(REFERENCE_LENGTH):
        for symbol in SYMBOLS.replace(reference[place], ""):
            with pytest.raises(ReferenceCodeError):
                parse_reference(reference[:place] + symbol + reference[place + 1 :])


@given(CHOICES)
def test_two_neighbours_that_changed_places_are_caught(choices: list[int]) -> None:
    reference = make(choices)
    for place, (one, other) in enumerate(pairwise(reference)):
        if one == other:
            continue
        with pytest.raises(ReferenceCodeError):
            parse_reference(reference[:place] + other + one + reference[place + 2 :])


@given(st.text(max_size=40).filter(lambda text: len("".join(text.split())) != REFERENCE_LENGTH))
def test_any_other_text_is_refused_without_being_repeated(text: str) -> None:
    try:
        parse_reference(text)
    except ReferenceCodeError as error:
        assert str(error) == "a reference is 10 letters and digits, the last of which checks the others"  # noqa: PT017
    else:
        assert len("".join(text.split())) > REFERENCE_LENGTH  # with hyphens in it


def test_two_thousand_references_are_all_different_and_uniform() -> None:
    references = [make_reference() for _ in range(MANY)]
    assert len(set(references)) == MANY
    expected = MANY / len(SYMBOLS)
    for place in range(REFERENCE_LENGTH):
        counts = Counter(reference[place] for reference in references)
        chi_squared = sum((counts[symbol] - expected) ** 2 / expected for symbol in SYMBOLS)
        assert chi_squared < UNLIKELY, (place, chi_squared)


def test_references_do_not_follow_their_order() -> None:
    references = [make_reference() for _ in range(MANY)]
    rises = sum(one < other for one, other in pairwise(references))
    assert abs(rises - MANY / 2) < MANY / 10  # twelve standard deviations of chance


def test_a_reference_has_at_least_forty_random_bits() -> None:
    assert len(SYMBOLS) ** (REFERENCE_LENGTH - 1) >= 2**40
