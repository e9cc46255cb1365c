"""What is done when an answer that is sent as it is made ends: it was sent, cut off, or never begun."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, g
from sqlalchemy.exc import SQLAlchemyError

from app.logs import record_failure
from app.web.clinic import blueprint


def close_after(response: Response, close: Callable[[], object]) -> None:
    """Have something done at the end of an answer, whatever becomes of it; it may be called twice."""
    g.close_unsent = close
    response.call_on_close(close)


@blueprint.teardown_request
def close_unsent(error: BaseException | None) -> None:
    """Do it where something broke before the answer began: nobody closes one that is not sent."""
    if error is not None and "close_unsent" in g:
        try:
            g.close_unsent()
        except SQLAlchemyError as failure:
            record_failure(failure, "export not ended")
