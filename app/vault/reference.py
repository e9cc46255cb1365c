"""The reference: the code people read aloud to name a response. It identifies, and never opens anything (S12).

Nine random symbols (45 bits) and a check symbol. It is no secret: whoever holds it learns nothing by it.
"""

import secrets
from collections.abc import Callable
from typing import Final

from app.vault.symbols import SYMBOLS, read_symbols

REFERENCE_LENGTH: Final = 10

_GROUP: Final = 5
_ORDER: Final = 32
_FIELD: Final = 0b100101  # x^5 + x^2 + 1: the field with 32 elements, in which every symbol can be divided by any other


class ReferenceCodeError(Exception):
    """A text is not a reference: a slip in reading or typing it."""

    def __init__(self) -> None:
        super().__init__(f"a reference is {REFERENCE_LENGTH} letters and digits, the last of which checks the others")


def make_reference(choose: Callable[[int], int] = secrets.randbelow) -> str:
    """Return a new reference without its hyphen; the caller sees to it that no other response has it.

    >>> make_reference(lambda _: 7)
    '777777777H'
    """
    random = "".join(SYMBOLS[choose(_ORDER)] for _ in range(REFERENCE_LENGTH - 1))
    return random + SYMBOLS[_weigh(random)]


def format_reference(reference: str) -> str:
    """Return the reference as people read it.

    >>> format_reference("777777777H")
    '77777-7777H'
    """
    return f"{reference[:_GROUP]}-{reference[_GROUP:]}"


def parse_reference(text: str) -> str:
    """Return the reference in a text as somebody typed it, or raise `ReferenceCodeError`.

    Forgives case, spaces, hyphens and look-alikes. Any one wrong symbol, and any two neighbours that changed places,
    are noticed.

    >>> parse_reference(" 77777 7777H ")
    '777777777H'
    """
    symbols = read_symbols(text)
    if len(symbols) != REFERENCE_LENGTH or not set(symbols) <= set(SYMBOLS):
        raise ReferenceCodeError
    if SYMBOLS[_weigh(symbols[:-1])] != symbols[-1]:
        raise ReferenceCodeError
    return symbols


def _weigh(symbols: str) -> int:
    """Return the sum of the symbols in the field, each times another power of its generator."""
    total = 0
    for symbol in symbols:
        total = _double(total ^ SYMBOLS.index(symbol))
    return total


def _double(value: int) -> int:
    doubled = value << 1
    return doubled ^ _FIELD if doubled & _ORDER else doubled
