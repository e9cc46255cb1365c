"""The clinic's key pairs: what is written down is read back, and by nobody without the passphrase."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from app.vault.keys import KeyFileError, PublicKey, dump_private_key, load_private_key, make_private_key

PASSPHRASES = st.text(min_size=1, max_size=60).filter(lambda text: text.isprintable() and 0 < len(text.encode()) < 200)


@given(PASSPHRASES)
def test_a_key_comes_back_with_its_passphrase_only(passphrase: str) -> None:
    key = make_private_key()
    pem = dump_private_key(key, passphrase)
    assert load_private_key(pem, passphrase).public == key.public
    for wrong in ("", f"{passphrase}x"):
        with pytest.raises(KeyFileError):
            load_private_key(pem, wrong)


def test_a_locked_file_does_not_hold_the_key() -> None:
    key = make_private_key()
    raw = key.key.private_bytes_raw()
    plain = dump_private_key(key)
    assert load_private_key(plain).public == key.public
    assert plain != dump_private_key(key, "a passphrase")
    assert raw not in dump_private_key(key, "a passphrase")


@pytest.mark.parametrize("pem", [b"", b"key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_what_is_no_key_is_refused(pem: bytes) -> None:
    with pytest.raises(KeyFileError):
        load_private_key(pem)


def test_a_key_of_another_kind_is_refused() -> None:
    other = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(KeyFileError):
        load_private_key(other)


def test_a_key_shows_itself_in_no_log() -> None:
    key = make_private_key()
    assert "X25519" not in repr(key)
    assert key.key.private_bytes_raw().hex() not in repr(key)


@given(st.lists(st.text(max_size=30), min_size=2, max_size=4, unique=True))
def test_each_purpose_has_a_key_of_its_own(purposes: list[str]) -> None:
    key = make_private_key()
    derived = [key.derive(purpose) for purpose in purposes]
    assert len(set(derived)) == len(purposes)
    assert derived == [key.derive(purpose) for purpose in purposes]
    assert all(len(one) == 32 and one != key.key.private_bytes_raw() for one in derived)


def test_names_of_keys_are_all_different() -> None:
    names = {PublicKey(bytes([number]) * 32).id for number in range(256)}
    assert len(names) == 256
    assert all(len(name) == 16 for name in names)
