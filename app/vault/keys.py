"""The clinic's key pairs: what is sent is sealed to the public half, and only the private half opens it (design D-7).

A private key leaves this module only as PEM, which the library encrypts when there is a passphrase.
"""

import hashlib
from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

KEY_ID_LENGTH: Final = 8
"""Bytes in a key id: enough to tell a clinic's keys apart, and no secret."""

_DERIVED_LENGTH: Final = 32


class KeyFileError(Exception):
    """A private key cannot be read: no key of this kind, or another passphrase."""

    def __init__(self) -> None:
        super().__init__("this is no private key of this program, or its passphrase is another one")


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The public half of a pair; `raw` are its 32 bytes (RFC 7748)."""

    raw: bytes

    @property
    def id(self) -> str:
        """Return the key's name: 16 hexadecimal digits, the start of its SHA-256."""
        return hashlib.sha256(self.raw).hexdigest()[: 2 * KEY_ID_LENGTH]

    def load(self) -> X25519PublicKey:
        """Return the key as the library has it."""
        return X25519PublicKey.from_public_bytes(self.raw)


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """The private half of a pair."""

    key: X25519PrivateKey = field(repr=False)

    @property
    def public(self) -> PublicKey:
        """Return the other half."""
        return PublicKey(self.key.public_key().public_bytes_raw())

    def derive(self, purpose: str) -> bytes:
        """Return 32 bytes for one purpose: HKDF-SHA256 (RFC 5869) of the key, with the purpose as context.

        >>> key = make_private_key()
        >>> key.derive("a") == key.derive("b")
        False
        """
        info = b"foreword clinic key 1\0" + purpose.encode()
        return HKDF(algorithm=SHA256(), length=_DERIVED_LENGTH, salt=None, info=info).derive(
            self.key.private_bytes_raw()
        )


def make_private_key() -> PrivateKey:
    """Return a new pair's private half.

    >>> len(make_private_key().public.id)
    16
    """
    return PrivateKey(X25519PrivateKey.generate())


def dump_private_key(private: PrivateKey, passphrase: str = "") -> bytes:
    """Return the key as PEM (PKCS #8), encrypted by the library where there is a passphrase.

    >>> dump_private_key(make_private_key(), "a passphrase").splitlines()[0]
    b'-----BEGIN ENCRYPTED PRIVATE KEY-----'
    """
    protection = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    return private.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection)


def is_locked(pem: bytes) -> bool:
    """Tell whether a key that `dump_private_key` wrote needs a passphrase.

    >>> is_locked(dump_private_key(make_private_key())), is_locked(dump_private_key(make_private_key(), "pass"))
    (False, True)
    """
    return b"ENCRYPTED" in pem.partition(b"\n")[0]


def load_private_key(pem: bytes, passphrase: str = "") -> PrivateKey:
    """Return the key that `dump_private_key` wrote, or raise `KeyFileError`.

    >>> key = make_private_key()
    >>> load_private_key(dump_private_key(key, "pass"), "pass").public == key.public
    True
    """
    try:
        loaded = load_pem_private_key(pem, passphrase.encode() if is_locked(pem) else None)
    except (ValueError, TypeError):
        raise KeyFileError from None
    if not isinstance(loaded, X25519PrivateKey):
        raise KeyFileError
    return PrivateKey(loaded)
