"""Sealing to the clinic: HPKE base mode with X25519, HKDF-SHA256 and AES-256-GCM (RFC 9180, design D-7).

A letter is one version byte, the id of the key it is for, and what the library made. It is tied to its row through
HPKE's `info`, because the library takes no associated data: a letter moved to another row does not open.
"""

from collections.abc import Mapping
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from app.vault.keys import KEY_ID_LENGTH, PrivateKey, PublicKey
from app.vault.padding import pad, unpad
from app.vault.seal import join_parts

_SUITE: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_VERSION: Final = b"\x01"
_HEAD: Final = len(_VERSION) + KEY_ID_LENGTH


class LetterError(Exception):
    """A letter does not open: changed, moved from another row, or sealed to a key that is not here."""

    def __init__(self) -> None:
        super().__init__("a sealed letter does not open: it was changed, moved, or sealed to another key")


def seal_letter(public: PublicKey, plaintext: bytes, purpose: str, *bound: str) -> bytes:
    """Return the letter; `purpose` and `bound` (row id, edition hash …) must be the same when it is opened.

    >>> from app.vault.keys import make_private_key
    >>> private = make_private_key()
    >>> letter = seal_letter(private.public, b"no", "response", "row-1")
    >>> find_key_id(letter) == private.public.id
    True
    """
    head = _VERSION + bytes.fromhex(public.id)
    return head + _SUITE.encrypt(pad(plaintext), public.load(), _build_info(head, purpose, bound))


def find_key_id(letter: bytes) -> str:
    """Return the id of the key a letter is sealed to, or raise `LetterError` when it is no letter.

    >>> find_key_id(b"?")
    Traceback (most recent call last):
    app.vault.letter.LetterError: a sealed letter does not open: it was changed, moved, or sealed to another key
    """
    if letter[:1] != _VERSION or len(letter) < _HEAD:
        raise LetterError
    return letter[1:_HEAD].hex()


def open_letter(keys: Mapping[str, PrivateKey], letter: bytes, purpose: str, *bound: str) -> bytes:
    """Return what was sealed, or raise `LetterError` when key, letter, purpose or row differ in any bit.

    >>> from app.vault.keys import make_private_key
    >>> private = make_private_key()
    >>> letter = seal_letter(private.public, b"no", "response", "row-1")
    >>> open_letter({private.public.id: private}, letter, "response", "row-1")
    b'no'
    """
    private = keys.get(find_key_id(letter))
    if private is None:
        raise LetterError
    try:
        padded = _SUITE.decrypt(letter[_HEAD:], private.key, _build_info(letter[:_HEAD], purpose, bound))
    except (InvalidTag, ValueError):
        raise LetterError from None
    content = unpad(padded)
    if content is None:
        raise LetterError
    return content


def _build_info(head: bytes, purpose: str, bound: tuple[str, ...]) -> bytes:
    return b"foreword letter 1\0" + head + join_parts(purpose, *bound)
