"""Sealing drafts: AES-256-GCM under a key that only the patient's secret yields (design.md 6, ASVS 11.3.2-4).

An envelope is one version byte, the nonce, then the cipher's output. Content is padded first, so that the length of an
envelope does not tell how long somebody's answers are. It never says why an envelope did not open.
"""

from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.vault.codes import SECRET_LENGTH
from app.vault.padding import pad, unpad

NONCE_LENGTH: Final = 12
"""Bytes in a nonce: the 96 bits of NIST SP 800-38D. Random ones are safe for 2**32 saves of one draft."""

_KEY_LENGTH: Final = 32
_VERSION: Final = b"\x01"
_TAG_LENGTH: Final = 16


class SealError(Exception):
    """An envelope does not open: changed, moved from another row, or sealed under another secret."""

    def __init__(self) -> None:
        super().__init__("a sealed draft does not open: it was changed, moved, or sealed under another secret")


def derive_draft_key(secret: bytes, row_id: str) -> bytes:
    """Return the draft's key: HKDF-SHA256 (RFC 5869) of the patient's secret, with the row's id as context.

    >>> derive_draft_key(bytes(15), "row-1") == derive_draft_key(bytes(15), "row-2")
    False
    """
    if len(secret) != SECRET_LENGTH:
        raise ValueError(f"a secret has {SECRET_LENGTH} bytes")
    context = b"foreword draft key 1\0" + row_id.encode()
    return HKDF(algorithm=SHA256(), length=_KEY_LENGTH, salt=None, info=context).derive(secret)


def bind_draft(row_id: str, edition_hash: str, revision: int) -> bytes:
    """Return the associated data that ties an envelope to its row, edition and revision.

    >>> bind_draft("a", "bc", 7) == bind_draft("ab", "c", 7)
    False
    """
    return join_parts(row_id, edition_hash, str(revision))


def join_parts(*parts: str) -> bytes:
    r"""Return the parts as bytes that no other parts give: each has its length before it.

    >>> join_parts("a", "bc")
    b'\x00\x00\x00\x01a\x00\x00\x00\x02bc'
    """
    encoded = [part.encode() for part in parts]
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)


def seal_draft(key: bytes, plaintext: bytes, *, associated: bytes, nonce: bytes) -> bytes:
    """Return the envelope of a draft.

    The nonce must be fresh randomness each time: counting revisions would repeat one after a backup is restored.

    >>> len(seal_draft(bytes(32), b"no", associated=b"", nonce=bytes(12)))
    285
    """
    if len(nonce) != NONCE_LENGTH:
        raise ValueError(f"a nonce has {NONCE_LENGTH} bytes")
    return _VERSION + nonce + AESGCM(key).encrypt(nonce, pad(plaintext), _VERSION + associated)


def open_draft(key: bytes, sealed: bytes, *, associated: bytes) -> bytes:
    """Return what was sealed, or raise `SealError` when key, envelope or associated data differ in any bit.

    >>> envelope = seal_draft(bytes(32), b"no", associated=b"row", nonce=bytes(12))
    >>> open_draft(bytes(32), envelope, associated=b"row")
    b'no'
    """
    start = len(_VERSION) + NONCE_LENGTH
    if sealed[:1] != _VERSION or len(sealed) < start + _TAG_LENGTH:
        raise SealError
    try:
        padded = AESGCM(key).decrypt(sealed[1:start], sealed[start:], _VERSION + associated)
    except (InvalidTag, ValueError):
        # Without its cause: a traceback of the cipher's would carry nothing useful into a log.
        raise SealError from None
    content = unpad(padded)
    if content is None:
        raise SealError
    return content
