"""The draft of the person asking: found by the secret in their cookie, opened, and saved page by page.

The secret never leaves the cookie and the resume page; it must never be logged, put into a URL or kept in a session.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from flask import Response, g, request
from sqlalchemy import Connection

from app.counters import COUNTERS, DRAFTS_SAVED, DRAFTS_STARTED
from app.logs import record_failure
from app.questionnaire.enable import Way, find_way
from app.questionnaire.errors import StoredAnswerError
from app.questionnaire.progress import Progress, dump_progress, find_reached, load_progress
from app.storage.again import do_again_if_cut
from app.storage.drafts import Draft, StaleDraftError, create_draft, erase_draft, find_draft, save_draft
from app.storage.engine import begin_read, begin_write, checkpoint
from app.vault.codes import ResumeCodeError, encode_secret, make_secret, parse_resume_code
from app.vault.seal import SealError
from app.web.edition import Served
from app.web.services import get_services
from app.web.session import COOKIE_LIFE

_ATTEMPTS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Current:
    """The open draft: its secret, its row, what is in it, its edition, and the way through it."""

    secret: bytes
    draft: Draft
    progress: Progress
    served: Served
    way: Way


def find_current() -> Current | None:
    """Return the draft that the cookie opens, or None; looked up once a request."""
    if "current" not in g:
        g.current = _open(request.cookies.get(_name_cookie(), ""))
    found: Current | None = g.current
    return found


def open_secret(secret: bytes) -> Current | None:
    """Return the draft this secret opens, or None when there is none or its 24 hours are over."""
    services = get_services()

    def find() -> Draft | None:
        with begin_read(services.engine) as connection:
            return find_draft(connection, secret, services.now())

    draft = do_again_if_cut(find)
    if draft is None:
        return None
    served = services.editions.find(draft.edition_hash)
    if served is None:
        return None
    return build_current(secret, draft, load_progress(draft.content), served)


def start_draft(progress: Progress) -> Current:
    """Store a new draft in the newest edition and return it; raises NoEditionError."""
    services = get_services()
    served = services.editions.get_newest()
    secret = make_secret()
    with begin_write(services.engine, is_quick=True) as connection:
        draft = create_draft(
            connection,
            secret=secret,
            edition_hash=served.edition.hash,
            content=dump_progress(progress),
            now=services.now(),
            reached=find_reached(served.edition, progress),
        )
    COUNTERS.count(DRAFTS_STARTED)
    g.current = build_current(secret, draft, progress, served)
    return open_again()


def open_again() -> Current:
    """Return the draft of this request after it was started, resumed or saved."""
    current: Current = g.current
    return current


def save_current(current: Current, change: Callable[[Current], Progress]) -> Current:
    """Save `change` of the draft and return it, made anew on top of whatever another tab saved meanwhile.

    Raises StaleDraftError when the draft is gone, and whatever `change` raises; then nothing is saved.
    """

    def save() -> Current:
        with begin_write(get_services().engine, is_quick=True) as connection:
            return _save_on_top(connection, current, change)

    saved = do_again_if_cut(save)  # what was saved without our hearing of it is found by its revision, and saved over
    COUNTERS.count(DRAFTS_SAVED)
    return saved


def _save_on_top(connection: Connection, current: Current, change: Callable[[Current], Progress]) -> Current:
    for _ in range(_ATTEMPTS):
        progress = change(current)
        try:
            draft = save_progress(connection, current, progress)
        except StaleDraftError:
            # Inside the transaction: nobody else writes while SQLite holds it, and PostgreSQL shows the newest.
            again = find_again(connection, current)
            if again is None:
                raise
            current = again
            continue
        return hold_current(current, draft, progress)
    raise StaleDraftError


def hold_current(current: Current, draft: Draft, progress: Progress) -> Current:
    """Return the draft as it was just saved, and let this request go on with it."""
    g.current = build_current(current.secret, draft, progress, current.served)
    return open_again()


def save_progress(connection: Connection, current: Current, progress: Progress) -> Draft:
    """Save a draft's content; raises StaleDraftError when the draft moved on."""
    reached = find_reached(current.served.edition, progress)
    now = get_services().now()
    return save_draft(connection, current.secret, current.draft, dump_progress(progress), now, reached=reached)


def find_again(connection: Connection, current: Current) -> Current | None:
    """Return the draft as it stands in this transaction, or None when it is gone."""
    draft = find_draft(connection, current.secret, get_services().now())
    if draft is None:
        return None
    return build_current(current.secret, draft, load_progress(draft.content), current.served)


def erase_draft_of_cookie() -> bool:
    """Delete the draft of the cookie at once and tell whether its traces in the database's files are gone, too (D-8).

    It need not open: a row that somebody changed goes as well.
    """
    services = get_services()
    secret = read_secret()
    if secret is None:
        return True
    with begin_write(services.engine) as connection:
        erase_draft(connection, secret)
    g.current = None
    # Where a reader holds it up for longer than a second, the next turn of what is done on the side tries it again.
    return checkpoint(services.engine)


def read_secret() -> bytes | None:
    """Return the secret that the cookie holds, whether or not a draft goes with it."""
    try:
        return parse_resume_code(request.cookies.get(_name_cookie(), ""))
    except ResumeCodeError:
        return None


def hold_secret(response: Response, secret: bytes) -> Response:
    """Return the response with the draft's secret in its cookie, kept for a day from now."""
    settings = get_services().settings
    response.set_cookie(
        _name_cookie(),
        encode_secret(secret),
        max_age=COOKIE_LIFE,
        secure=settings.is_https,
        httponly=True,
        samesite="Lax",
    )
    return response


def forget_secret(response: Response) -> Response:
    """Return the response with the draft's cookie taken away."""
    secure = get_services().settings.is_https
    response.delete_cookie(_name_cookie(), secure=secure, httponly=True, samesite="Lax")
    return response


def _name_cookie() -> str:
    # Over https the prefix makes browsers hold it to this host alone (RFC 6265bis).
    return "__Host-foreword-draft" if get_services().settings.is_https else "foreword-draft"


def try_secret(secret: bytes) -> Current | None:
    """Return the draft this secret opens, or None, also when somebody changed its row.

    The person then hears that nothing is open, and loses nothing they type (S13).
    """
    try:
        return open_secret(secret)
    except (SealError, StoredAnswerError) as error:
        record_failure(error, "draft refused")
        return None


def _open(code: str) -> Current | None:
    try:
        return try_secret(parse_resume_code(code))
    except ResumeCodeError:
        return None


def build_current(secret: bytes, draft: Draft, progress: Progress, served: Served) -> Current:
    """Return an open draft with its way."""
    # The sealed row's plain bytes are not needed again once they are read.
    way = find_way(served.edition, progress.answers)
    return Current(secret=secret, draft=replace(draft, content=b""), progress=progress, served=served, way=way)
