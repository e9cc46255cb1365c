"""Names as people search for them: without case, marks, or signs that one person writes and the next leaves out.

What comes out is for an equality search over sealed tokens, never for people to read. It must never reach a page.
"""

from __future__ import annotations

import unicodedata
from typing import Final

_DROPPED: Final = dict.fromkeys(
    (
        *range(0x300, 0x370),  # accents over and under Latin, Greek and Cyrillic letters
        *range(0x483, 0x488),
        *range(0x591, 0x5BE),  # Hebrew points
        *(0x5BF, 0x5C1, 0x5C2, 0x5C4, 0x5C5, 0x5C7),
        *range(0x610, 0x61B),  # Arabic vowel signs, and the stroke that only lengthens a word
        *(0x640, 0x670, *range(0x64B, 0x660), *range(0x6D6, 0x6EE)),
        *(0x27, 0x60, 0xB4, 0x2B9, 0x2BB, 0x2BC, 0x2018, 0x2019),  # what keyboards make of an apostrophe
    )
)
"""Marks of other scripts (Devanagari vowels, the voicing marks of Japanese) are part of the name and stay."""

_SPACES: Final = dict.fromkeys((*map(ord, "-.,;_/"), 0xB7, *range(0x2010, 0x2016), 0x2212, 0x30FB), " ")
"""Hyphens, dots and commas: what stands between the words of a name."""

_LETTERS: Final = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "\N{LATIN SMALL LETTER DOTLESS I}": "i"}
)
_TABLE: Final = _DROPPED | _SPACES | _LETTERS


def list_name_keys(name: str) -> tuple[str, ...]:
    """Return what a name is found by: first the whole name, then each of its words, none twice.

    A search runs its own text through the same function and asks for a name that has all of its words.

    >>> list_name_keys("  Zoë  O’Brien-Łoś ")
    ('zoe obrien los', 'zoe', 'obrien', 'los')
    >>> list_name_keys("佐藤がく"), list_name_keys("  "), list_name_keys("ＪＯＳÉ")
    (('佐藤がく',), (), ('jose',))
    """
    words = _plain(name).split()
    return tuple(dict.fromkeys((" ".join(words), *words))) if words else ()


def _plain(name: str) -> str:
    # Decomposed, so that marks are characters of their own; folded before letters are replaced, which are lower case.
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    kept = "".join(character for character in folded if unicodedata.category(character) != "Cf")
    return unicodedata.normalize("NFKC", kept.translate(_TABLE))
