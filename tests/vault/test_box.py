"""A sealed stream opens whole or not at all: cut, moved, doubled, flipped or sealed with another key, it is refused."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.vault.box import BoxError, open_stream, seal_stream

KEY = bytes(range(32))
CHUNKS = [b"a" * 100, b"b" * 100, b"c" * 100]
HEAD = 15 + 8 + 7
FRAME = 4 + 100 + 16


def seal(chunks: list[bytes] = CHUNKS, key: bytes = KEY) -> bytes:
    return b"".join(seal_stream(key, chunks, b"\x07" * 7))


def open_all(sealed: bytes, key: bytes = KEY) -> list[bytes]:
    return list(open_stream(key, io.BytesIO(sealed).read))


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=6))
def test_what_is_sealed_opens(chunks: list[bytes]) -> None:
    assert open_all(seal(chunks)) == chunks


def test_nothing_at_all_is_one_empty_chunk() -> None:
    assert open_all(seal([])) == [b""]


@given(st.integers(min_value=0, max_value=len(seal()) - 1), st.integers(min_value=0, max_value=7))
def test_any_bit_that_differs_is_noticed(place: int, bit: int) -> None:
    sealed = bytearray(seal())
    sealed[place] ^= 1 << bit
    with pytest.raises(BoxError):
        open_all(bytes(sealed))


@given(st.integers(min_value=0, max_value=len(seal()) - 1))
def test_any_end_cut_off_is_noticed(length: int) -> None:
    with pytest.raises(BoxError):
        open_all(seal()[:length])


@pytest.mark.parametrize("order", ["bac", "aabc", "ac", "ab", "abcc", "bc"])
def test_chunks_that_moved_are_noticed(order: str) -> None:
    sealed = seal()
    frames = {name: sealed[HEAD + place * FRAME :][:FRAME] for place, name in enumerate("abc")}
    with pytest.raises(BoxError):
        open_all(sealed[:HEAD] + b"".join(frames[name] for name in order))


def test_another_key_is_told_apart_from_damage() -> None:
    with pytest.raises(BoxError, match="sealed with another key"):
        open_all(seal(key=bytes(32)))
