"""What the audit log's page calls what an entry holds: by the words that the other pages use, where they have one.

What is given out as a file keeps the log's own words. It must never look at an answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from app.web.clinic.frame import PAGES
from app.web.clinic.settings_words import name_setting
from app.web.clinic.words import REASONS, STATES
from app.web.i18n import translate

_PAGES: Final = {view: name for name, view, _ in PAGES}
_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "states": {state.value: name for state, name in STATES.items()},
    "reason": REASONS,
}


def name_page(view: str) -> str:
    """Return the name that a page has in the head of every page, or that of the program where it has none there."""
    return translate(_PAGES[view]) if view in _PAGES else view


def say_value(name: str, value: str | int) -> str:
    """Return one of the things that an entry holds, in words."""
    if name == "fields" and value != "all":
        return ", ".join(name_setting(word) for word in str(value).split())
    words = _WORDS.get(name, {})
    return ", ".join(translate(words.get(word, word)) for word in str(value).split()) if words else str(value)
