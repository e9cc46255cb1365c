"""Which passwords are refused: short ones, and those that others would try first. Composition does not count."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from app.web.clinic.identity.common import COMMON, RUNS

SHORTEST: Final = 15
LONGEST: Final = 128
"""How many characters a password has, at least and at most."""

_LEAST_OTHER: Final = 8
_LEAST_DIFFERENT: Final = 6
_SHORTEST_WORD: Final = 3
_OWN_WORDS: Final = ("foreword", "ketamine", "clinic", "questionnaire", "password", "passphrase")
_LOOK_ALIKES: Final = str.maketrans("0134578@$!", "oieastbasi")
_WORD: Final = re.compile(r"[^\W\d_]+")

TOO_SHORT: Final = "Choose a password of at least 15 characters. Four or five words that do not belong together do well"
TOO_LONG: Final = "Choose a password of at most 128 characters"
TOO_KNOWN: Final = (
    "Choose a password that is harder to guess: this one is made of names, or of words that others try first"
)


def find_password_problem(password: str, words: Iterable[str] = ()) -> str | None:
    """Return what to do about a password, or None when it can be used; `words` are those of the clinic and the person.

    >>> find_password_problem("Riverside2026!!!", ("Riverside clinic",)) == TOO_KNOWN
    True
    >>> find_password_problem("kettle violin orbit", ("Riverside clinic",)) is None
    True
    """
    if len(password) < SHORTEST:
        return TOO_SHORT
    if len(password) > LONGEST:
        return TOO_LONG
    plain = unicodedata.normalize("NFKD", password).casefold()
    is_known = len(set(plain)) < _LEAST_DIFFERENT or _is_common(plain) or _is_named(plain, words)
    return TOO_KNOWN if is_known else None


def _is_named(plain: str, words: Iterable[str]) -> bool:
    """Tell whether too little is left of a password without the names that everybody here knows."""
    names = {word for text in words for word in _WORD.findall(unicodedata.normalize("NFKD", text).casefold())}
    known = sorted({*names, *_OWN_WORDS}, key=len, reverse=True)
    bare = "".join(character for character in plain if character.isalpha())
    return any(_is_little_without(text, known) for text in (bare, _keep_letters(plain)))


def _is_little_without(text: str, names: Iterable[str]) -> bool:
    rest = text
    for name in names:
        if len(name) >= _SHORTEST_WORD:
            rest = rest.replace(name, "")
    return rest != text and len(rest) < _LEAST_OTHER


def _is_common(plain: str) -> bool:
    """Tell whether a password is nothing but words and rows of keys that others try first, however often."""
    compact = "".join(character for character in plain if character.isalnum())
    return any(_is_made_of(text) for text in (compact, _keep_letters(plain), _keep_letters(compact)) if text)


def _is_made_of(text: str) -> bool:
    """Tell whether a text can be cut into known words; digits may stand anywhere."""
    reached = {0}
    for start in range(len(text)):
        if start not in reached:
            continue
        if text[start].isdigit():
            reached.add(start + 1)
        reached |= {start + len(word) for word in COMMON if text.startswith(word, start)}
        reached |= {start + length for length in _list_runs(text[start:])}
    return len(text) in reached


def _list_runs(text: str) -> list[int]:
    """Return the lengths of the rows of neighbouring keys or letters that a text begins with."""
    found = []
    for length in range(3, len(text) + 1):
        if not any(text[:length] in run for run in RUNS):
            break
        found.append(length)
    return found


def _keep_letters(text: str) -> str:
    return "".join(character for character in text.translate(_LOOK_ALIKES) if character.isalpha())
