"""Where to report a weakness: `/.well-known/security.txt` (RFC 9116, security.md S32). It says nothing of anybody."""

from datetime import UTC, datetime, time, timedelta
from typing import Final

from flask import Blueprint, Response
from werkzeug.exceptions import NotFound

from app.web.i18n import LANGUAGES
from app.web.services import get_services

blueprint: Final = Blueprint("reporting", __name__)

_PATH: Final = "/.well-known/security.txt"
_LIFE: Final = timedelta(days=180)  # RFC 9116, 2.5.5: less than a year


@blueprint.get(_PATH)
def show_security_txt() -> Response:
    """Answer with what the operator has set, valid from now on, or that there is no such file."""
    services = get_services()
    settings = services.settings
    if not settings.security_contact:
        raise NotFound
    last_day = services.now().astimezone(UTC).date() + _LIFE
    lines = [
        f"Contact: {settings.security_contact}",
        f"Expires: {datetime.combine(last_day, time()):%Y-%m-%dT%H:%M:%SZ}",
        f"Preferred-Languages: {', '.join(LANGUAGES)}",
        *(f"Canonical: {url}{_PATH}" for url in settings.served_urls),
        *([f"Policy: {settings.security_policy}"] if settings.security_policy else []),
    ]
    return Response("".join(f"{line}\n" for line in lines), mimetype="text/plain")
