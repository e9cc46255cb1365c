"""Work that is done once more when the connection to the database was lost, where doing it twice is doing it once.

A commit whose answer was lost may have happened. So this is only for what finds out: a look-up, a page that is saved
over the revision it was made from, and a sending that its receipt makes unique. All else fails, and says to come back.
"""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

T = TypeVar("T")


def do_again_if_cut(work: Callable[[], T]) -> T:
    """Return what `work` returns; it is called once more if it lost the connection in its transaction."""
    try:
        return work()
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
    return work()
