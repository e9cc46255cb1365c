"""What a person reads when something went wrong: what to do next, and never a word of what was sent.

The pages are made when the program starts, so that showing one needs nothing that could be broken itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from flask import Flask, Response, current_app, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DatabaseError, InterfaceError, InternalError, NotSupportedError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException, InternalServerError, ServiceUnavailable

from app.counters import COUNTERS, DATABASE_FAILURES
from app.logs import record_failure
from app.web.numbering import UNNUMBERED, find_number, put_number
from app.web.security import is_same_origin
from app.web.shell import FormKeeper, get_shell

_CLIENT_ERROR: Final = 400
_SERVER_ERROR: Final = 500
_RETRY_SECONDS: Final = 60
# What another try may mend.
_RETRIED: Final = frozenset({InternalServerError.code, ServiceUnavailable.code})

# The last three: a server that takes no writes (any more), one that ended the transaction, a connection it closed.
DATABASE_ERRORS: Final = (OperationalError, PoolTimeoutError, NotSupportedError, InternalError, InterfaceError)
"""What the database does when it is gone, locked or full; no page is at fault then."""


@dataclass(frozen=True, slots=True)
class Problem:
    """An error page: its heading, and what to do next.

    `has_left` tells that whoever sees it left a page with something typed on it, and is told first to go back there.
    Our script leaves out that sentence and the links: it shows the rest on the page itself.
    """

    heading: str
    advice: tuple[str, ...]
    has_left: bool = False


_KEPT: Final = "The pages you saved before are kept."

PROBLEMS: Final = {
    400: Problem(
        "This page could not be read",
        ("Open the address your clinic gave you and go on from there.", _KEPT),
    ),
    403: Problem(
        "This came from another website",
        ("Nothing was saved. Open the address your clinic gave you and write your answers there.", _KEPT),
    ),
    404: Problem("There is no page here", ("Check the address, or go to the first page.", _KEPT)),
    405: Problem("This address cannot be used that way", ("Go to the first page and go on from there.", _KEPT)),
    413: Problem(
        "This is more text than can be sent at once",
        ("Make your longest answer shorter, and send the page again.", _KEPT),
        has_left=True,
    ),
    415: Problem("Files cannot be sent here", ("Write your answer as text.", _KEPT), has_left=True),
    429: Problem(
        "There were too many tries in a short time", ("Wait a few minutes, then try again.", _KEPT), has_left=True
    ),
    431: Problem(
        "Your browser sent more than can be read",
        ("Delete this website’s cookies in your browser’s settings, then go to the first page.",),
    ),
    500: Problem(
        "Something broke on our side",
        ("Wait a minute, then send the page again.", _KEPT, "If it happens again, tell your clinic."),
        has_left=True,
    ),
    503: Problem(
        "The questionnaire is closed for a moment",
        ("Wait a few minutes, then send the page again.", _KEPT),
        has_left=True,
    ),
}
"""The error pages by status."""


def init_app(app: Flask) -> None:
    """Show this program's error pages; its templates must work by now."""
    prepare(app)
    app.register_error_handler(CSRFError, answer_dead_token)
    app.register_error_handler(HTTPException, answer_problem)
    for error in DATABASE_ERRORS:
        app.register_error_handler(error, answer_dead_database)
    app.register_error_handler(DatabaseError, answer_damaged_database)


def prepare(app: Flask) -> None:
    """Make the error pages, once more whenever the clinic gives them another head and foot."""
    get_shell(app).problem_pages.update(render_pages(app))


def render_pages(app: Flask) -> Mapping[int, bytes]:
    """Return every error page by its status."""
    # A context of the application of its own, too: inside of a request it would share that one's `g`.
    with app.app_context(), app.test_request_context():
        return {
            status: render_template("problem.html", problem=problem, number=name_place(status)).encode()
            for status, problem in PROBLEMS.items()
        }


def name_place(status: int) -> str:
    """Return what stands on an error page where the request's number will be: only on those that are our fault."""
    return UNNUMBERED if status >= _SERVER_ERROR else ""


def answer_problem(error: HTTPException) -> ResponseReturnValue:
    """Return the error page for an HTTP error, with what the error says in headers, such as Allow.

    Where the fault is ours, what was typed on a page that keeps it stands there instead, ready to be sent again.
    """
    if error.response is not None or error.code is None or error.code < _CLIENT_ERROR:
        return error  # a redirect, or a view's own answer
    g.has_failed = error.code >= _SERVER_ERROR
    cause = getattr(error, "original_exception", None)
    if isinstance(cause, DATABASE_ERRORS):  # it failed when the page was made, and a session was to be stored
        return answer_dead_database(cause)
    kept = _keep_typed(get_shell().keep_broken) if error.code in _RETRIED else None
    if kept is not None:
        kept.status_code = error.code
        return _put_headers(kept, error)
    return _show_problem(error, error.code)


def _show_problem(error: HTTPException, status: int) -> Response:
    fitting = _SERVER_ERROR if status >= _SERVER_ERROR else _CLIENT_ERROR
    pages = get_shell().find_problem_pages(request.path)
    page = put_number(pages.get(status, pages[fitting]), find_number(request.environ))
    return _put_headers(Response(page, status), error)


def _put_headers(response: Response, error: HTTPException) -> Response:
    for name, value in error.get_headers():
        if name.lower() != "content-type":
            response.headers[name] = value
    if error.code == ServiceUnavailable.code:
        response.headers.setdefault("Retry-After", str(_RETRY_SECONDS))
    return response


def has_failed() -> bool:
    """Tell whether this request broke: no page answers it, but what stands here."""
    found: bool = g.get("has_failed", False)
    return found


def answer_dead_database(error: Exception) -> ResponseReturnValue:
    """Return that it is worth to come back: the database is gone, locked or full, and the pages are not at fault.

    What was posted stands on the page, ready to be sent again, where a page of ours posted it.
    """
    g.has_failed = True
    COUNTERS.count(DATABASE_FAILURES, "no-connection" if isinstance(error, PoolTimeoutError) else "operation")
    record_failure(error, "database failed", request=g.begun[0])
    closed = ServiceUnavailable(retry_after=_RETRY_SECONDS)
    kept = _keep_typed(get_shell().keep_unsaved)
    return _show_problem(closed, closed.code) if kept is None else _put_headers(kept, closed)


def answer_damaged_database(error: DatabaseError) -> ResponseReturnValue:
    """Return the same where SQLite's file is damaged; whatever else a database refuses is a fault of ours."""
    if type(error) is not DatabaseError:
        raise error
    return answer_dead_database(error)


def _keep_typed(keep: FormKeeper | None) -> Response | None:
    if request.method != "POST" or not is_same_origin(request):
        return None
    try:
        kept = keep(request.form) if keep else None
        return None if kept is None else current_app.make_response(kept)
    except Exception as error:  # noqa: BLE001  whatever it is, there is still the plain page
        record_failure(error, "unsaved page failed", request=g.begun[0])
        return None


def answer_dead_token(error: CSRFError) -> ResponseReturnValue:
    """Return the form again with all that was typed, when its token has died and our own page sent it (S38)."""
    keep_form = get_shell().keep_form
    if keep_form is not None and is_same_origin(request):
        try:
            kept = keep_form(request.form)
        except DATABASE_ERRORS as failure:
            return answer_dead_database(failure)
        if kept is not None:
            return kept
    return answer_problem(error)
