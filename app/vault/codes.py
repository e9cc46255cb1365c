"""The patient's secret and the code that people write down to come back to it.

The code *is* the secret: whoever holds it opens the draft. It never puts a secret, or what somebody typed, in an error.
"""

import base64
import hashlib
import secrets
from collections.abc import Callable
from typing import Final

from app.vault.symbols import SYMBOLS, read_symbols

SECRET_LENGTH: Final = 15
"""Bytes in a secret: 120 bits, above the 112 from which ASVS 6.5.2 lets a plain hash be stored."""

_RFC_4648: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_GROUP: Final = 4
_CODE_LENGTH: Final = SECRET_LENGTH * 8 // 5

_WRITE: Final = str.maketrans(_RFC_4648, SYMBOLS)
_READ: Final = str.maketrans(SYMBOLS, _RFC_4648)


class ResumeCodeError(Exception):
    """A text is not a resume code; says nothing about the text, because it may be a code with one slip in it."""

    def __init__(self) -> None:
        super().__init__(f"a resume code is {_CODE_LENGTH} letters and digits")


def make_secret(random_bytes: Callable[[int], bytes] = secrets.token_bytes) -> bytes:
    """Return a new patient secret.

    >>> len(make_secret())
    15
    """
    return random_bytes(SECRET_LENGTH)


def encode_secret(secret: bytes) -> str:
    """Return the secret's 24 symbols without hyphens, as the cookie holds them; `parse_resume_code` reads them back.

    >>> encode_secret(bytes(range(15)))
    '000G40R40M30E209185GR38E'
    """
    if len(secret) != SECRET_LENGTH:
        raise ValueError(f"a secret has {SECRET_LENGTH} bytes")
    return base64.b32encode(secret).decode("ascii").translate(_WRITE)


def format_resume_code(secret: bytes) -> str:
    """Return the secret as people read it: 24 symbols in groups of four.

    >>> format_resume_code(bytes(range(15)))
    '000G-40R4-0M30-E209-185G-R38E'
    """
    symbols = encode_secret(secret)
    return "-".join(symbols[start : start + _GROUP] for start in range(0, _CODE_LENGTH, _GROUP))


def parse_resume_code(text: str) -> bytes:
    """Return the secret behind a code as somebody typed it, or raise `ResumeCodeError`.

    Forgives case, spaces, hyphens and look-alikes: O is 0, I and L are 1, U is V (none of the four is ever
    issued).

    >>> parse_resume_code(" ooog 4or4 om3o e2o9 l85g r38e ") == bytes(range(15))
    True
    """
    symbols = read_symbols(text)
    if len(symbols) != _CODE_LENGTH or not set(symbols) <= set(SYMBOLS):
        raise ResumeCodeError
    return base64.b32decode(symbols.translate(_READ))


def hash_receipt(secret: bytes) -> str:
    """Return what names the response that was sent from a draft: nobody without the secret can tell the two together.

    >>> hash_receipt(bytes(15)) == hash_secret(bytes(15))
    False
    """
    if len(secret) != SECRET_LENGTH:
        raise ValueError(f"a secret has {SECRET_LENGTH} bytes")
    return hashlib.sha256(b"foreword receipt 1\0" + secret).hexdigest()


def hash_secret(secret: bytes) -> str:
    """Return what the database stores to find a draft by its secret: SHA-256 in hex, plain by leave of ASVS 6.5.2.

    >>> len(hash_secret(bytes(15)))
    64
    """
    if len(secret) != SECRET_LENGTH:
        raise ValueError(f"a secret has {SECRET_LENGTH} bytes")
    return hashlib.sha256(b"foreword draft secret 1\0" + secret).hexdigest()
