"""Search tokens: what lets the clinic look for a name without the name standing in the database (design 6).

Only equality can be searched for, and only by whoever holds the key.
"""

import hashlib
import hmac
from typing import Final

TOKEN_LENGTH: Final = 32
"""Hexadecimal digits in a token: 128 bits."""


def make_token(key: bytes, kind: str, value: str) -> str:
    """Return the token of a value of one kind.

    >>> make_token(bytes(32), "name", "ana") == make_token(bytes(32), "birth", "ana")
    False
    """
    message = b"foreword search 1\0" + kind.encode() + b"\0" + value.encode("utf-8", "surrogatepass")
    return hmac.new(key, message, hashlib.sha256).hexdigest()[:TOKEN_LENGTH]
