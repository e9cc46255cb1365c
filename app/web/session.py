"""The session: a signed cookie with the secret of the form tokens in it, and never anything else; and its key."""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

from flask import Flask, Request, Response
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from flask_wtf import CSRFProtect
from itsdangerous import BadSignature, URLSafeTimedSerializer

from app.files import make_data_folder, read_private, write_once
from app.settings import Settings, StartError
from app.web.services import read_clock

TOKEN_LIFE: Final = timedelta(hours=24)
"""How long the token in a form can be sent: as long as a draft lives, so that none dies under a patient (S38)."""

_RENEWAL: Final = timedelta(hours=1)
COOKIE_LIFE: Final = TOKEN_LIFE + 2 * _RENEWAL
"""How long the browser keeps the session: longer than any token, so that it is the server that says what is over."""

COOKIE_KEY: Final = "cookie.key"
"""The file of the key that signs cookies, in the data folder."""

_COOKIE_SECONDS: Final = int(COOKIE_LIFE.total_seconds())
_KEY_LENGTH: Final = 32


class Session(SecureCookieSession):
    """What the cookie holds; `is_old` when the cookie's life should begin anew."""

    permanent = True
    is_old = False


class SessionInterface(SecureCookieSessionInterface):
    """Flask's signed sessions, signed anew once an hour: at every page it would be half of a plain page's work."""

    session_class = Session

    def __init__(self, key: bytes, now: Callable[[], datetime]) -> None:
        self._now = now
        self._signer = URLSafeTimedSerializer(key, "foreword-session", signer_kwargs={"digest_method": sha256})

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer:  # noqa: ARG002  Flask passes it
        """Return what signs and checks the cookie."""
        return self._signer

    def open_session(self, app: Flask, request: Request) -> Session:
        """Return what the request's cookie holds; nothing, when it is missing, too old or not ours."""
        value = request.cookies.get(self.get_cookie_name(app))
        if not value:
            return Session()
        try:
            content, signed_at = self._signer.loads(value, _COOKIE_SECONDS, return_timestamp=True)
        except BadSignature:
            return Session()
        session = Session(content)
        session.is_old = self._now() - signed_at > _RENEWAL
        return session

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Set the cookie where a form was drawn or checked, if it is new or its life should begin anew."""
        is_old = isinstance(session, Session) and session.is_old
        if session.modified or (session.accessed and is_old):
            super().save_session(app, session, response)
        elif session.accessed:
            response.headers.add("Vary", "Cookie")


def init_app(app: Flask, settings: Settings) -> None:
    """Give an application its cookie, and each of its forms a token that no other session has (S3)."""
    make_data_folder(settings.data)
    key = load_cookie_key(settings.data)
    app.secret_key = key
    app.session_interface = SessionInterface(key, read_clock)
    app.config.update(
        SESSION_COOKIE_NAME="__Host-foreword" if settings.is_https else "foreword",  # RFC 6265bis: for this host alone
        SESSION_COOKIE_SECURE=settings.is_https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=COOKIE_LIFE,
        WTF_CSRF_TIME_LIMIT=int(TOKEN_LIFE.total_seconds()),
        # `security.is_cross_site` looks at Referer too, but does not demand one of browsers that hide it.
        WTF_CSRF_SSL_STRICT=False,
    )
    CSRFProtect(app)


def load_cookie_key(folder: Path) -> bytes:
    """Return the key that signs cookies, made at the first start, or raise `StartError` when it cannot be used."""
    path = folder / COOKIE_KEY
    try:
        if not path.exists():
            write_once(path, secrets.token_bytes(_KEY_LENGTH))
    except OSError as error:
        raise StartError(f"{path}: the key cannot be used: {error.strerror}; let this program read it") from None
    key = read_private(path, "delete it, a new one will be made")
    if len(key) != _KEY_LENGTH:
        raise StartError(f"{path}: this is not a key of {_KEY_LENGTH} bytes; delete it, a new one will be made")
    return key
