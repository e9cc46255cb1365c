"""Sealing: what was sealed opens, and nothing else does."""

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from app.vault import (
    NONCE_LENGTH,
    SECRET_LENGTH,
    SealError,
    bind_draft,
    derive_draft_key,
    make_secret,
    open_draft,
    seal_draft,
)

KEYS = st.binary(min_size=32, max_size=32)
NONCES = st.binary(min_size=NONCE_LENGTH, max_size=NONCE_LENGTH)
ROWS = st.tuples(st.text(max_size=40), st.text(max_size=70), st.integers(min_value=0, max_value=2**31))
ROWS = ROWS.filter(lambda row: (row[0] + row[1]).isascii())


@given(KEYS, st.binary(max_size=3000), st.binary(max_size=100), NONCES)
def test_what_was_sealed_opens_unchanged(key: bytes, content: bytes, associated: bytes, nonce: bytes) -> None:
    sealed = seal_draft(key, content, associated=associated, nonce=nonce)
    assert open_draft(key, sealed, associated=associated) == content


@pytest.mark.parametrize("content", [b"", b"\x80", b"\0" * 300, b"\x80" + b"\0" * 255, b"x" * 255, b"x" * 256])
def test_content_that_looks_like_padding_opens_unchanged(content: bytes) -> None:
    sealed = seal_draft(bytes(32), content, associated=b"", nonce=bytes(12))
    assert open_draft(bytes(32), sealed, associated=b"") == content


def test_every_flipped_bit_of_an_envelope_is_refused() -> None:
    key = bytes(range(32))
    sealed = seal_draft(key, b"yes", associated=b"row", nonce=bytes(12))
    for bit in range(len(sealed) * 8):
        flipped = bytearray(sealed)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(SealError):
            open_draft(key, bytes(flipped), associated=b"row")


@given(KEYS, st.binary(max_size=600), st.binary(min_size=1, max_size=50), NONCES, st.data())
def test_a_flipped_bit_is_refused(
    key: bytes, content: bytes, associated: bytes, nonce: bytes, data: st.DataObject
) -> None:
    sealed = seal_draft(key, content, associated=associated, nonce=nonce)
    parts = [bytearray(key), bytearray(sealed), bytearray(associated)]
    part = data.draw(st.sampled_from(parts))
    part[data.draw(st.integers(0, len(part) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(SealError):
        open_draft(bytes(parts[0]), bytes(parts[1]), associated=bytes(parts[2]))


@given(st.binary(max_size=400))
def test_bytes_that_were_never_sealed_are_refused(noise: bytes) -> None:
    for sealed in (noise, b"\x01" + noise):
        with pytest.raises(SealError):
            open_draft(bytes(32), sealed, associated=b"")


def test_an_envelope_cut_short_anywhere_or_prolonged_is_refused() -> None:
    sealed = seal_draft(bytes(32), b"yes", associated=b"", nonce=bytes(12))
    for length in range(len(sealed)):
        with pytest.raises(SealError):
            open_draft(bytes(32), sealed[:length], associated=b"")
    with pytest.raises(SealError):
        open_draft(bytes(32), sealed + b"\0", associated=b"")


def test_padding_by_another_hand_is_refused() -> None:
    for padded in (b"", b"\0" * 256, b"yes" + b"\0" * 253, b"yes\x80" + b"\0" * 251 + b"x"):
        sealed = b"\x01" + bytes(12) + AESGCM(bytes(32)).encrypt(bytes(12), padded, b"\x01row")
        with pytest.raises(SealError):
            open_draft(bytes(32), sealed, associated=b"row")


@given(ROWS, ROWS)
def test_only_the_same_row_edition_and_revision_bind_alike(
    one: tuple[str, str, int], other: tuple[str, str, int]
) -> None:
    assert (bind_draft(*one) == bind_draft(*other)) == (one == other)


@pytest.mark.parametrize("other", [("row-2", "e" * 64, 3), ("row-1", "f" * 64, 3), ("row-1", "e" * 64, 4)])
def test_a_wrong_row_edition_or_revision_is_refused(other: tuple[str, str, int]) -> None:
    sealed = seal_draft(bytes(32), b"yes", associated=bind_draft("row-1", "e" * 64, 3), nonce=bytes(12))
    with pytest.raises(SealError):
        open_draft(bytes(32), sealed, associated=bind_draft(*other))


def test_the_error_says_nothing_of_key_or_content_and_has_no_cause() -> None:
    with pytest.raises(SealError) as caught:
        open_draft(b"secret key", b"\x01" + b"sealed answer" * 9, associated=b"row id")
    assert str(caught.value) == "a sealed draft does not open: it was changed, moved, or sealed under another secret"
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_the_envelope_is_version_nonce_and_a_standard_ciphertext() -> None:
    key, nonce = bytes(range(32)), bytes(range(12))
    sealed = seal_draft(key, b"yes", associated=b"row", nonce=nonce)
    padded = AESGCM(key).decrypt(nonce, sealed[13:], b"\x01row")
    assert sealed[:13] == b"\x01" + nonce
    assert padded == b"yes\x80" + bytes(252)


def test_a_key_is_standard_hkdf_with_the_row_as_context() -> None:
    secret = bytes(range(SECRET_LENGTH))
    expected = HKDF(SHA256(), 32, salt=None, info=b"foreword draft key 1\0row-1").derive(secret)
    assert derive_draft_key(secret, "row-1") == expected


def test_answers_shorter_and_longer_by_a_few_words_seal_to_the_same_length() -> None:
    lengths = {len(seal_draft(bytes(32), b"x" * size, associated=b"", nonce=bytes(12))) for size in range(256)}
    assert lengths == {1 + 12 + 256 + 16}


def test_the_same_answer_sealed_twice_gives_different_bytes() -> None:
    key = derive_draft_key(make_secret(), "row-1")
    one = seal_draft(key, b"yes", associated=b"", nonce=make_secret()[:12])
    two = seal_draft(key, b"yes", associated=b"", nonce=make_secret()[:12])
    assert one[13:] != two[13:]


def test_a_secret_or_nonce_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="a secret has 15 bytes"):
        derive_draft_key(bytes(16), "row-1")
    with pytest.raises(ValueError, match="a nonce has 12 bytes"):
        seal_draft(bytes(32), b"yes", associated=b"", nonce=bytes(16))
