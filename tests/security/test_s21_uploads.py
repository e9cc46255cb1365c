"""security.md S21: a file is refused wherever it is sent, and is written nowhere."""

import pytest

from tests.security.wire_forms import MULTIPART, build_part, build_post, post
from tests.web.probe import Probe
from tests.web.raw import send_raw


@pytest.mark.parametrize("path", ["/form", "/healthz", "/nowhere", "/"])
def test_a_file_is_refused_wherever_it_is_sent_and_written_nowhere(probe: Probe, path: str) -> None:
    body = (build_part("answer", "x") + build_part("f", "y" * 200_000, "f.pdf") + "--b--\r\n").encode()
    assert send_raw(probe.port, build_post(probe, body, path, Content_Type=MULTIPART)).status == 415
    assert list(probe.temporary.iterdir()) == []


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/octet-stream", "multipart/mixed"])
def test_what_is_not_a_form_is_refused(probe: Probe, kind: str) -> None:
    assert post(probe, b'{"answer": "x"}', kind).status == 415
