"""Secrets of staff: session ids, one-time links and recovery codes, and how what goes with them is kept.

All are random and long enough (112 bits and more) for a plain hash to be stored (ASVS 6.5.2). It never keeps one.
"""

import hashlib
import secrets
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.vault.seal import NONCE_LENGTH, open_draft, seal_draft

_KEY_LENGTH: Final = 32
_TOKEN_BYTES: Final = 32


def make_token() -> str:
    """Return a new secret of 256 bits that can stand in a cookie or an address.

    >>> len(make_token())
    43
    """
    return secrets.token_urlsafe(_TOKEN_BYTES)


def hash_token(purpose: str, token: str) -> str:
    """Return what the database stores to find a row by a secret: SHA-256 in hex, another for each purpose.

    >>> hash_token("session", "a") == hash_token("invitation", "a")
    False
    """
    return hashlib.sha256(f"foreword staff {purpose} 1\0{token}".encode("utf-8", "surrogatepass")).hexdigest()


def derive_session_key(token: str) -> bytes:
    """Return the key of what a session holds: only the browser with the id in its cookie can have it opened.

    >>> len(derive_session_key("a"))
    32
    """
    context = b"foreword staff session key 1"
    return HKDF(algorithm=SHA256(), length=_KEY_LENGTH, salt=None, info=context).derive(token.encode())


def derive_arrival_key(secret: bytes) -> bytes:
    """Return the key of the cookies of whoever is not signed in, by the secret that signs all others.

    >>> len(derive_arrival_key(bytes(32)))
    32
    """
    context = b"foreword staff arrival key 1"
    return HKDF(algorithm=SHA256(), length=_KEY_LENGTH, salt=None, info=context).derive(secret)


def seal_for_row(key: bytes, content: bytes, row: str) -> bytes:
    """Return content sealed so that it opens in this row only (AES-256-GCM under a fresh nonce).

    >>> open_for_row(bytes(32), seal_for_row(bytes(32), b"seed", "row"), "row")
    b'seed'
    """
    return seal_draft(key, content, associated=row.encode(), nonce=secrets.token_bytes(NONCE_LENGTH))


def open_for_row(key: bytes, sealed: bytes, row: str) -> bytes:
    """Return what was sealed for a row, or raise `SealError`."""
    return open_draft(key, sealed, associated=row.encode())
