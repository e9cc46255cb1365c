"""Padding, so that the length of what is sealed does not tell how long somebody's answers are."""

from typing import Final

_BLOCK: Final = 256
_MARK: Final = b"\x80"  # ISO/IEC 7816-4: a mark, then zeros


def pad(content: bytes) -> bytes:
    """Return the content, a mark, and zeros up to a whole block of 256 bytes.

    >>> len(pad(b"no")), len(pad(bytes(256)))
    (256, 512)
    """
    marked = content + _MARK
    return marked + bytes(-len(marked) % _BLOCK)


def unpad(padded: bytes) -> bytes | None:
    """Return what was padded, or None when it was not.

    >>> unpad(pad(b"no")), unpad(b"no")
    (b'no', None)
    """
    content, mark, zeros = padded.rpartition(_MARK)
    return None if not mark or zeros.strip(b"\0") else content
