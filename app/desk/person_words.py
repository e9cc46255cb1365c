"""What a person's name and sign-in name may be, wherever they are typed: on a page or in a command."""

from __future__ import annotations

import re
from typing import Final

from app.storage.people import normalize_login

LONGEST_NAME: Final = 100
_LONGEST_LOGIN: Final = 254
_LOGIN: Final = re.compile(r"[^\s@<>()\[\]\\,;:\"]+@[^\s@<>()\[\]\\,;:\"]+")


def is_name(name: str) -> bool:
    r"""Tell whether a text can be a person's name.

    >>> is_name(" Ann Lee "), is_name(" "), is_name("Ann\x1b]0;"), is_name("x" * 101)
    (True, False, False, False)
    """
    return 0 < len(name.strip()) <= LONGEST_NAME and _is_printable(name)


def is_login(login: str) -> bool:
    """Tell whether a text can be a sign-in name.

    >>> is_login("ann@clinic.example"), is_login(""), is_login("ann"), is_login("ann@" + "x" * 300)
    (True, False, False, False)
    >>> is_login("ß" * 125 + "@x"), is_login("ß" * 130 + "@x")  # stored in small letters, which are two for each
    (True, False)
    """
    is_short = len(normalize_login(login)) <= _LONGEST_LOGIN
    return is_short and bool(_LOGIN.fullmatch(login.strip())) and _is_printable(login)


def _is_printable(text: str) -> bool:
    """Tell whether a text has no control characters and no half ones: it stands in tables and log lines of pages."""
    return all(character.isprintable() for character in text.strip())
