"""What the browser of somebody who is not signed in holds for us: sealed in its cookie, so that nothing is stored here.

Whoever comes by costs the database nothing. A cookie opens for an hour; what is in it was put there by us, though not
always for this person: others share the browser, so it may hold nothing that lets anybody in.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from app.vault.seal import SealError
from app.vault.staff import derive_arrival_key, open_for_row, seal_for_row

ARRIVAL_LIFE: Final = timedelta(hours=1)
"""How long somebody may rest on the sign-in page."""

LASTING: Final = ("onward", "kept-texts", "kept-dropped", "early")
"""What goes over into the session of whoever signs in: where to, what is kept for them, and the name they typed."""

_MARK: Final = "0."  # no id of a session has a dot
_ROW: Final = "arrival"
_TOKEN: Final = "csrf_token"  # noqa: S105  where Flask-WTF keeps it
_NEEDED: Final = (_TOKEN, "challenges")
_LONGEST: Final = 3800  # a browser may drop a cookie of more than 4096 bytes, its name and attributes among them


def is_arrival(value: str) -> bool:
    """Tell whether a cookie is of this kind, and no id of a session."""
    return value.startswith(_MARK)


def seal_arrival(secret: bytes, held: Mapping[str, Any], now: datetime) -> str:
    """Return the cookie that holds what somebody needs who is not signed in, and of the rest what finds room."""
    for names in ((*_NEEDED, *LASTING), (*_NEEDED, "kept-texts", "kept-dropped"), _NEEDED):
        value = _seal(secret, {name: held[name] for name in names if name in held}, now)
        if len(value) <= _LONGEST:
            return value
    return ""


def open_arrival(secret: bytes, value: str, now: datetime) -> dict[str, Any]:
    """Return what a cookie holds; nothing, when it is too old or not ours."""
    raw = value.removeprefix(_MARK)
    try:
        sealed = base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4))
        content = json.loads(open_for_row(derive_arrival_key(secret), sealed, _ROW))
    except (SealError, ValueError):
        return {}
    held: dict[str, Any] = content["held"]
    return held if now - datetime.fromisoformat(content["at"]) < ARRIVAL_LIFE else {}


def _seal(secret: bytes, held: Mapping[str, Any], now: datetime) -> str:
    content = json.dumps({"at": now.isoformat(), "held": held}, separators=(",", ":"), ensure_ascii=False)
    sealed = seal_for_row(derive_arrival_key(secret), content.encode("utf-8", "replace"), _ROW)
    return _MARK + base64.urlsafe_b64encode(sealed).decode().rstrip("=")
