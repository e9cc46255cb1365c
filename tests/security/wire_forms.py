"""A form sent to the probe with its token in a header, so that its body can be anything."""

import json

from tests.web.probe import Probe
from tests.web.raw import FORM, Reply, build_request, open_form, send_raw

KIB = 1024


MULTIPART = "multipart/form-data; boundary=b"


def build_post(probe: Probe, body: bytes, path: str = "/form", **headers: str) -> bytes:
    """Return a form with its token in a header, so that its body can be anything."""
    form = open_form(probe.port, probe.host)
    about = {name.replace("_", "-"): value for name, value in headers.items()}
    return build_request(probe.host, path, "POST", body, {"Cookie": form.cookie, "X-CSRFToken": form.token, **about})


def post(probe: Probe, body: bytes, content_type: str = FORM) -> Reply:
    return send_raw(probe.port, build_post(probe, body, Content_Type=content_type))


def read_stored(probe: Probe) -> list[dict[str, list[str]]]:
    stored: list[dict[str, list[str]]] = json.loads(send_raw(probe.port, build_request(probe.host, "/stored")).body)[
        "forms"
    ]
    return stored


def build_part(name: str, value: str, file: str = "") -> str:
    given = f'; filename="{file}"' if file else ""
    return f'--b\r\nContent-Disposition: form-data; name="{name}"{given}\r\n\r\n{value}\r\n'
