"""Letters to the clinic: they open as they were sealed, in their own place, or not at all (security.md S13)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.vault.keys import make_private_key
from app.vault.letter import LetterError, find_key_id, open_letter, seal_letter

PRIVATE = make_private_key()
KEYS = {PRIVATE.public.id: PRIVATE}
# Row ids, references and hashes are ASCII; a purpose is one of the program's own words.
BOUND = st.lists(st.text(alphabet=st.characters(max_codepoint=126), max_size=20), max_size=4)


@given(st.binary(max_size=3000), BOUND)
def test_what_was_sealed_opens_unchanged(content: bytes, bound: list[str]) -> None:
    letter = seal_letter(PRIVATE.public, content, "response", *bound)
    assert open_letter(KEYS, letter, "response", *bound) == content


@pytest.mark.parametrize("content", [b"", b"\x80", b"\0" * 300, b"\x80" + b"\0" * 255, b"x" * 255, b"x" * 256])
def test_content_that_looks_like_padding_opens_unchanged(content: bytes) -> None:
    letter = seal_letter(PRIVATE.public, content, "response", "row")
    assert open_letter(KEYS, letter, "response", "row") == content


def test_every_flipped_bit_is_refused() -> None:
    letter = seal_letter(PRIVATE.public, b"yes", "response", "row", "reference", "edition")
    for bit in range(len(letter) * 8):
        flipped = bytearray(letter)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(LetterError):
            open_letter(KEYS, bytes(flipped), "response", "row", "reference", "edition")


@given(st.binary(max_size=600), st.data())
def test_a_flipped_bit_or_a_missing_end_is_refused(content: bytes, data: st.DataObject) -> None:
    letter = bytearray(seal_letter(PRIVATE.public, content, "response", "row"))
    if data.draw(st.booleans()):
        letter[data.draw(st.integers(0, len(letter) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    else:
        del letter[data.draw(st.integers(0, len(letter) - 1)) :]
    with pytest.raises(LetterError):
        open_letter(KEYS, bytes(letter), "response", "row")


@given(BOUND, BOUND)
def test_a_letter_opens_in_its_own_place_only(bound: list[str], other: list[str]) -> None:
    letter = seal_letter(PRIVATE.public, b"yes", "response", *bound)
    if bound == other:
        assert open_letter(KEYS, letter, "response", *other) == b"yes"
        return
    with pytest.raises(LetterError):
        open_letter(KEYS, letter, "response", *other)


def test_a_letter_opens_for_its_own_purpose_only() -> None:
    letter = seal_letter(PRIVATE.public, b"yes", "response", "row")
    with pytest.raises(LetterError):
        open_letter(KEYS, letter, "note", "row")


def test_parts_are_told_apart_and_not_only_strung_together() -> None:
    letter = seal_letter(PRIVATE.public, b"yes", "response", "ab", "c")
    for bound in (("a", "bc"), ("abc",), ("ab", "c", ""), ("c", "ab")):
        with pytest.raises(LetterError):
            open_letter(KEYS, letter, "response", *bound)


def test_a_letter_to_another_key_is_refused_also_under_this_key_s_name() -> None:
    other = make_private_key()
    letter = seal_letter(other.public, b"yes", "response")
    assert find_key_id(letter) == other.public.id
    with pytest.raises(LetterError):
        open_letter(KEYS, letter, "response")
    with pytest.raises(LetterError):
        open_letter({other.public.id: PRIVATE}, letter, "response")
    with pytest.raises(LetterError):
        open_letter({}, letter, "response")


def test_the_same_answer_sealed_twice_is_never_the_same_bytes() -> None:
    letters = {seal_letter(PRIVATE.public, b"yes", "response", "row") for _ in range(50)}
    assert len(letters) == 50
    assert len({letter[9:41] for letter in letters}) == 50  # not even the encapsulated key


def test_a_letter_s_length_does_not_tell_how_long_an_answer_is() -> None:
    assert len({len(seal_letter(PRIVATE.public, b"x" * length, "response")) for length in range(255)}) == 1


@given(st.binary(max_size=100))
def test_an_error_repeats_nothing(letter: bytes) -> None:
    with pytest.raises(LetterError) as caught:
        open_letter(KEYS, letter, "response")
    assert str(caught.value).startswith("a sealed letter does not open")
