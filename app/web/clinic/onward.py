"""Where somebody goes who has signed in: no address ever comes from a request (security.md S26)."""

from __future__ import annotations

from typing import Final, cast

from flask import url_for

from app.web.addresses import read_address
from app.web.clinic.session import get_session

_ONWARD: Final = "onward"
_LONGEST: Final = 800  # bytes: it stands in a cookie until somebody has signed in


def remember_onward() -> None:
    """Keep the address of the page that is asked for, which is one of ours, in the session."""
    address = read_address()
    if len(address.encode("utf-8", "replace")) <= _LONGEST:
        get_session()[_ONWARD] = address


def take_onward() -> str:
    """Return the page that somebody wanted to open before they signed in, or the first one."""
    return cast("str", get_session().pop(_ONWARD, None) or url_for("clinic.show_home"))
