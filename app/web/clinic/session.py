"""The session of staff: a row in the database, found by the hash of an id that only the cookie holds (security.md S1).

What it holds is sealed with a key that the id yields, so that the database alone opens none. Somebody who has proved
nothing yet has no row: their cookie itself holds what they need (arrival.py). Patients' pages keep the signed cookie
they have: what is under `/clinic` has a cookie, a life and a token of its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, cast

from flask import Flask, Request, Response, g, session
from flask.sessions import SecureCookieSession, SessionInterface, SessionMixin
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from app.logs import record_failure
from app.settings import Settings
from app.storage.engine import begin_read, begin_write
from app.storage.sessions import (
    StoredSession,
    create_session,
    end_session,
    find_session,
    save_session,
    touch_session,
)
from app.vault.seal import SealError
from app.vault.staff import derive_session_key, hash_token, make_token, open_for_row, seal_for_row
from app.web.clinic.arrival import ARRIVAL_LIFE, LASTING, is_arrival, open_arrival, seal_arrival
from app.web.problems import has_failed

_TOUCH: Final = timedelta(seconds=5)  # a session may end this much sooner, and never later
_PREFIX: Final = "/clinic"
_PERSON: Final = "person"
_ROLES: Final = "roles"
_PENDING: Final = "pending"
_TOKEN: Final = "csrf_token"  # noqa: S105  where Flask-WTF keeps it


class StaffSession(SecureCookieSession):
    """What a row holds, and what is to be done with it at the end of the request."""

    token = ""
    address = ""
    stored: StoredSession | None = None
    failure: Exception | None = None
    is_ended = False
    is_renewed = False
    began_at: datetime | None = None

    @property
    def needs_row(self) -> bool:
        """Tell whether somebody has proved who they are, or half of it: the server must be able to end that."""
        return self.person_id is not None or _PENDING in self

    @property
    def person_id(self) -> str | None:
        """Return who is signed in."""
        person: str | None = self.get(_PERSON)
        return person

    def hold(self, person_id: str, roles: list[str]) -> None:
        """Begin anew for somebody who has just signed in, whatever the session was before."""
        self._drop_what_others_left()
        self[_PERSON] = person_id
        self[_ROLES] = roles
        self.began_at = None
        self.renew()

    def hold_pending(self, pending: dict[str, str]) -> None:
        """Begin anew for somebody whose password was right, and who opens nothing yet."""
        self._drop_what_others_left()
        self[_PENDING] = pending
        self.began_at = None
        self.renew()

    def hold_on(self) -> None:
        """Go on as whoever is signed in, for as long as before, without what was begun under the old id."""
        began_at = self.began_at
        self.hold(self[_PERSON], self[_ROLES])
        self.began_at = began_at

    def keep_roles(self, roles: list[str]) -> None:
        """Give the session another id when what its person may do has changed (S1)."""
        if self.get(_ROLES) != roles:
            self[_ROLES] = roles
            self.renew()

    def renew(self) -> None:
        """Give the session another id and its forms another token: whoever knew the old ones knows nothing."""
        self.is_renewed = True
        self.modified = True
        self.pop(_TOKEN, None)
        g.pop(_TOKEN, None)

    def _drop_what_others_left(self) -> None:
        # Whoever had this browser before may have begun something: a seed, say, whose codes they could make for ever.
        lasting = {name: self[name] for name in LASTING if name in self}
        self.clear()
        self.update(lasting)

    def end(self) -> None:
        """End the session; a copy of its cookie opens nothing from now on."""
        self.clear()
        self.is_ended = True


class StaffSessions(SessionInterface):
    """Sessions in the database for the clinic's pages, and for all others what was there before."""

    def __init__(
        self, others: SessionInterface, engine: Engine, now: Callable[[], datetime], settings: Settings, secret: bytes
    ) -> None:
        """Take over the clinic's pages from `others`; `secret` is what seals the cookies of nobody."""
        self._others = others
        self._engine = engine
        self._now = now
        self._settings = settings
        self._secret = secret
        self.cookie_name = "__Host-foreword-staff" if settings.is_https else "foreword-staff"

    def open_session(self, app: Flask, request: Request) -> SessionMixin | None:
        """Return the living session that the request's cookie names, or an empty one."""
        if not is_staff_path(request.path):
            return self._others.open_session(app, request)
        held = StaffSession()
        held.address = request.remote_addr or ""
        token = request.cookies.get(self.cookie_name, "")
        if is_arrival(token):
            held.update(open_arrival(self._secret, token, self._now()))
            held.modified = False
        elif token:
            try:
                self._load(held, token)
            except SQLAlchemyError as error:
                held.failure = error  # raised by the gate: here it would find no error page
        return held

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Store what the session holds, under a new id where it was renewed."""
        if not isinstance(session, StaffSession):
            self._others.save_session(app, session, response)
            return
        # By what happened, not by the status: a page that says to come back in a moment is one, with a new challenge.
        if session.failure is not None or has_failed():
            return  # what failed has changed nothing, and what it failed at is not asked once more
        response.headers.add("Vary", "Cookie")
        if session.is_ended:
            self._end(session)
            secure = self._settings.is_https
            response.delete_cookie(self.cookie_name, secure=secure, httponly=True, samesite="Strict")
        elif session.stored is None and not session.needs_row:
            if session.modified:
                self._set_cookie(response, seal_arrival(self._secret, session, self._now()))
        elif session.stored is None or session.is_renewed:
            if self._begin(session):
                self._set_cookie(response, session.token)
        else:
            self._keep(session, session.stored)

    def _set_cookie(self, response: Response, value: str) -> None:
        secure = self._settings.is_https
        response.set_cookie(self.cookie_name, value, secure=secure, httponly=True, samesite="Strict")

    def _load(self, held: StaffSession, token: str) -> None:
        id_hash = hash_token("session", token)
        with begin_read(self._engine) as connection:
            stored = find_session(connection, id_hash)
        if stored is None or stored.sealed is None or not is_alive(stored, self._now(), self._settings):
            return
        try:
            content = open_for_row(derive_session_key(token), stored.sealed, id_hash)
        except SealError:
            return
        held.update(json.loads(content))
        held.modified = False
        held.token, held.stored, held.began_at = token, stored, stored.created_at

    def _begin(self, held: StaffSession) -> bool:
        """Store a session under a new id and tell whether it lives.

        It does not where another request gave it one first: the browser has that one's cookie, and keeps it.
        """
        now = self._now()
        old, held.token = held.stored, make_token()
        id_hash = hash_token("session", held.token)
        stored = StoredSession(
            id_hash=id_hash,
            person_id=held.person_id,
            form_hash=_hash_form(held),
            sealed=_seal(held, id_hash),
            address=held.address,
            created_at=held.began_at or now,
            used_at=now,
            ended_at=None,
        )
        with begin_write(self._engine) as connection:
            # One that somebody ended meanwhile does not live on under another id; a new sign-in does.
            is_living = old is None or end_session(connection, old.id_hash, now) or held.began_at is None
            if is_living:
                create_session(connection, stored)
        held.stored = stored
        return is_living

    def _keep(self, held: StaffSession, stored: StoredSession) -> None:
        now = self._now()
        if held.modified:
            with begin_write(self._engine) as connection:
                save_session(
                    connection,
                    stored.id_hash,
                    person_id=held.person_id,
                    form_hash=_hash_form(held),
                    sealed=_seal(held, stored.id_hash),
                    now=now,
                )
        elif now - stored.used_at >= _TOUCH:
            try:
                with begin_write(self._engine) as connection:
                    touch_session(connection, stored.id_hash, now)
            except SQLAlchemyError as error:  # the page is made: a session that ends sooner is no reason to lose it
                record_failure(error, "session not kept")

    def _end(self, held: StaffSession) -> None:
        if held.stored is not None:
            with begin_write(self._engine) as connection:
                end_session(connection, held.stored.id_hash, self._now())


def is_staff_path(path: str) -> bool:
    """Tell whether an address belongs to the clinic's pages."""
    return path == _PREFIX or path.startswith(f"{_PREFIX}/")


def is_alive(stored: StoredSession, now: datetime, settings: Settings) -> bool:
    """Tell whether a session can still be used (45 CFR 164.312(a)(2)(iii), security.md section 6)."""
    idle = ARRIVAL_LIFE if stored.person_id is None else settings.staff_idle
    return stored.ended_at is None and now - stored.used_at < idle and now - stored.created_at < settings.staff_life


def get_session() -> StaffSession:
    """Return the session of this request to one of the clinic's pages."""
    return cast("StaffSession", session)


def _hash_form(held: StaffSession) -> str | None:
    return hash_token("form", held[_TOKEN]) if _TOKEN in held else None


def _seal(held: StaffSession, id_hash: str) -> bytes:
    content = json.dumps(dict(held), separators=(",", ":")).encode()
    return seal_for_row(derive_session_key(held.token), content, id_hash)
