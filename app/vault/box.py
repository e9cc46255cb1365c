"""A sealed stream, for backups: AES-256-GCM in chunks that cannot be cut, reordered, doubled or swapped unnoticed.

The STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015): each nonce is the stream's random prefix, the
chunk's number and whether it is the last. It never says what is wrong beyond that it does not open.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_LENGTH: Final = 32
PREFIX_LENGTH: Final = 7
"""Bytes of randomness in a stream's nonces: a key seals some thousands of backups, not millions."""

_MAGIC: Final = b"foreword box 1\n"
_ID_LENGTH: Final = 8
_COUNTER_LENGTH: Final = 4
_SIZE_LENGTH: Final = 4
_MOST: Final = 1 << 22

Read = Callable[[int], bytes]
"""Returns up to so many bytes, fewer only at the end."""


class BoxError(Exception):
    """A sealed stream does not open: it is none of ours, sealed with another key, damaged, or cut off."""

    def __init__(self, fault: str) -> None:
        self.fault = fault
        super().__init__(fault)


def seal_stream(key: bytes, chunks: Iterable[bytes], prefix: bytes) -> Iterator[bytes]:
    """Give the sealed stream of chunks, each at most four MiB; `prefix` must be fresh randomness each time.

    >>> sealed = b"".join(seal_stream(bytes(32), [b"one", b"two"], bytes(7)))
    >>> import io
    >>> list(open_stream(bytes(32), io.BytesIO(sealed).read))
    [b'one', b'two']
    """
    head = _MAGIC + _name(key) + prefix
    yield head
    cipher, number = AESGCM(key), 0
    held: bytes | None = None
    for chunk in chunks:
        if held is not None:
            yield _frame(cipher.encrypt(_nonce(prefix, number, is_last=False), held, head))
            number += 1
        held = chunk
    yield _frame(cipher.encrypt(_nonce(prefix, number, is_last=True), held or b"", head))


def open_stream(key: bytes, read: Read) -> Iterator[bytes]:
    """Give the chunks that were sealed, or raise `BoxError`; none is given before it was found to be genuine.

    >>> import io
    >>> list(open_stream(bytes(32), io.BytesIO(b"PK").read))
    Traceback (most recent call last):
    app.vault.box.BoxError: it is no backup of this program
    """
    head = read(len(_MAGIC) + _ID_LENGTH + PREFIX_LENGTH)
    if not head.startswith(_MAGIC) or len(head) != len(_MAGIC) + _ID_LENGTH + PREFIX_LENGTH:
        raise BoxError("it is no backup of this program")
    if head[len(_MAGIC) :][:_ID_LENGTH] != _name(key):
        raise BoxError("it was sealed with another key")
    cipher, prefix, number = AESGCM(key), head[-PREFIX_LENGTH:], 0
    sealed = _read_frame(read)
    while True:
        following = _read_frame(read)
        if sealed is None:
            raise BoxError("it is cut off")
        try:
            yield cipher.decrypt(_nonce(prefix, number, is_last=following is None), sealed, head)
        except InvalidTag:
            raise BoxError("it is damaged or cut off") from None
        if following is None:
            return
        sealed, number = following, number + 1


def name_key(key: bytes) -> str:
    """Return what a key is called, in every stream that it sealed and for anybody to read."""
    return _name(key).hex()


def _name(key: bytes) -> bytes:
    return hashlib.sha256(b"foreword box key 1\0" + key).digest()[:_ID_LENGTH]


def _nonce(prefix: bytes, number: int, *, is_last: bool) -> bytes:
    return prefix + number.to_bytes(_COUNTER_LENGTH, "big") + bytes([is_last])


def _frame(sealed: bytes) -> bytes:
    return len(sealed).to_bytes(_SIZE_LENGTH, "big") + sealed


def _read_frame(read: Read) -> bytes | None:
    raw = read(_SIZE_LENGTH)
    if not raw:
        return None
    size = int.from_bytes(raw, "big")
    if len(raw) < _SIZE_LENGTH or size > _MOST:
        raise BoxError("it is damaged or cut off")
    sealed = read(size)
    if len(sealed) < size:
        raise BoxError("it is cut off")
    return sealed
