"""What PostgreSQL says when it does not work, by its own codes (SQLSTATE), and what each means for whoever can mend it.

It must never name a URL (it can hold a password), a parameter or a row.
"""

import re
from typing import Final

from sqlalchemy.exc import DBAPIError

LOCK_NOT_AVAILABLE: Final = "55P03"
"""Somebody else holds what was wanted."""

DISK_FULL: Final = "53100"
"""The server's disk has no room."""

DISK_FAILED: Final = "58030"
"""The server's disk fails."""

_REFUSED: Final = "the database server does not let this user in; look at user and password, and at its pg_hba.conf"
SENTENCES: Final = {
    "08001": "the database server cannot be reached; look whether it runs, at host and port, and at what is between",
    "25006": "what was reached is a standby of the database, which takes no writes; promote it, or name the other one",
    "28000": _REFUSED,
    "28P01": _REFUSED,
    "3D000": "the database server has no database of this name; make it, or name the one that is there",
    "42501": "the database user may not do what it has to; give it its rights: foreword grants",
    "53300": "the database server has no connection left; end what needs none, or raise its max_connections",
    "57P03": "the database server is starting or ending; wait, and start again",
}
"""What is said of each that PostgreSQL alone knows."""

# Where no connection is made the client passes on words alone. A server that speaks another language is not understood.
_STATES_BY_WORDS: Final = (
    (r'authentication failed|no password supplied|no pg_hba\.conf entry|role "[^"]*" (does|is) not', "28P01"),
    (r'database "[^"]*" does not exist', "3D000"),
    (r"too many (clients|connections)|connection slots are reserved", "53300"),
    (r"session is read-only|server is in hot standby", "25006"),
    (r"database system is (starting|shutting|in recovery|not )", "57P03"),
    (r"refused|No such file|[Tt]ime(d )?out|resolve host|translate host|unreachable|No route", "08001"),
)


def find_state(error: Exception) -> str:
    """Return the code of a failure, also where it was told in words; nothing where it cannot be known."""
    original = error.orig if isinstance(error, DBAPIError) else error
    state: str | None = getattr(original, "sqlstate", "")
    if state is not None:
        return state
    return next((state for words, state in _STATES_BY_WORDS if re.search(words, str(original))), "")
