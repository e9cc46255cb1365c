"""The audit chain: each entry's HMAC-SHA256 covers the entry and the one before it (design D-10, S15).

Whoever has no chain key can change, drop, add or reorder entries only in a way that is noticed.
"""

import hashlib
import hmac
from typing import Final

from app.vault.seal import join_parts

FIRST: Final = "0" * 64
"""What stands in the place of the entry before the first."""


def chain(key: bytes, previous: str, *parts: str) -> str:
    """Return the link of an entry: 64 hexadecimal digits.

    >>> chain(bytes(32), FIRST, "1", "a") == chain(bytes(32), FIRST, "1a", "")
    False
    """
    return hmac.new(key, b"foreword audit 1\0" + join_parts(previous, *parts), hashlib.sha256).hexdigest()


def is_same(one: object, other: object) -> bool:
    """Tell whether two links are the same, in a time that does not tell where they differ; what is no text never is.

    >>> is_same("a", "a"), is_same("a", "é"), is_same("a", None)
    (True, False, False)
    """
    if not isinstance(one, str) or not isinstance(other, str):
        return False
    return hmac.compare_digest(one.encode(errors="surrogatepass"), other.encode(errors="surrogatepass"))
