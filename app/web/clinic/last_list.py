"""The list that somebody came from: every *Back to the list* leads there, with its filters, its search and its page.

It stands in the session, and never in the address of a response: beside a reference, the question that a list is
narrowed by would tell how that person answered (D-11). Of two lists in two windows it is the one that was seen last.
"""

from __future__ import annotations

from typing import Final, cast

from flask import url_for

from app.web.clinic.asked import Asked, write_address
from app.web.clinic.session import get_session

_LAST: Final = "list"


def remember_list(asked: Asked) -> None:
    """Keep where this list stands, as the program itself writes it: no address comes from a request (S26)."""
    address = write_address(asked)
    if address != find_list():
        get_session()[_LAST] = address


def find_list() -> str:
    """Return the address of the list that was seen last, or of what is open."""
    return cast("str", get_session().get(_LAST) or url_for("clinic.show_responses"))
