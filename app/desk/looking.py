"""What somebody looks for by name or birth, sealed, so that it can stand in an address (design D-11).

The address of a found list can be kept as a bookmark, and the browser's history holds no name and no date of birth:
only the clinic's side opens what stands there. Questions are not about anybody, and stand in addresses as they are.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, field
from typing import Final

from app.desk.intake import name_birth, name_words
from app.desk.keyring import Desk
from app.questionnaire.sent import Day
from app.vault.seal import SealError
from app.vault.staff import open_for_row, seal_for_row

_PURPOSE: Final = "list search"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """A name as somebody typed it, and a date of birth; either may be left out."""

    name: str = field(default="", repr=False)
    birth: Day | None = field(default=None, repr=False)

    def __bool__(self) -> bool:
        """Tell whether anything is looked for."""
        return bool(self.name or self.birth)


NOTHING: Final = Sought()


def seal_sought(desk: Desk, sought: Sought) -> str:
    """Return what is looked for as a word for an address."""
    content = json.dumps({"name": sought.name, "birth": sought.birth}).encode()
    return base64.urlsafe_b64encode(seal_for_row(desk.derive(_PURPOSE), content, _PURPOSE)).decode().rstrip("=")


def open_sought(desk: Desk, word: str) -> Sought | None:
    """Return what is looked for, or None where the word was changed or is another clinic's."""
    try:
        sealed = base64.urlsafe_b64decode(word + "=" * (-len(word) % 4))
        content = json.loads(open_for_row(desk.derive(_PURPOSE), sealed, _PURPOSE))
    except (SealError, binascii.Error, ValueError):
        return None
    birth = content["birth"]
    return Sought(name=content["name"], birth=(birth[0], birth[1], birth[2]) if birth else None)


def list_sought_tokens(desk: Desk, sought: Sought) -> tuple[str, ...]:
    """Return the search tokens that a response must have, all of them, to be what is looked for."""
    names = name_words(desk, sought.name) if sought.name else ()
    return (*names, *((name_birth(desk, sought.birth),) if sought.birth else ()))
