"""security.md S21: a file is refused wherever it is sent, and is written nowhere."""

import pytest

from tests.security.grounds import Grounds
from tests.security.test_s02_closed_by_default import fill, read_matrix
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


# A file as browsers name it, one without a name, one named in another way, and one that is all there is.
FILE = {
    "a file": build_part("answer", "x") + build_part("f", "y" * 100_000, "f.pdf"),
    "a file without a name": '--b\r\nContent-Disposition: form-data; name="f"; filename=""\r\n\r\ny\r\n',
    "a file named by RFC 5987": "--b\r\nContent-Disposition: form-data; name=f; filename*=UTF-8''f.pdf\r\n\r\ny\r\n",
}


@pytest.mark.parametrize("kind", FILE)
@pytest.mark.parametrize("who", ["nobody", "patient", "lead"])
def test_no_form_of_the_program_takes_a_file(who: str, kind: str, grounds: Grounds) -> None:
    caller = grounds.callers[who]
    forms = [fill(rule.replace("<reference>", grounds.reference)) for method, rule in read_matrix() if method == "POST"]
    body = FILE[kind].encode() + b"--b--\r\n"
    for path in forms:
        about = {"Content-Type": MULTIPART, "X-CSRFToken": caller.find_token(path)}
        assert (path, caller.call("POST", path, body, about).status) in {(path, 415), (path, 400)}
    assert len(forms) > 40
    assert [path for path in (grounds.server.data.parent / "temporary").rglob("*") if path.is_file()] == []


def test_the_same_form_without_a_file_is_taken(grounds: Grounds) -> None:
    body = (
        build_part("csrf_token", grounds.callers["patient"].find_token("/resume"))
        + build_part("code", "x")
        + "--b--\r\n"
    )
    assert grounds.callers["patient"].call("POST", "/resume", body.encode(), {"Content-Type": MULTIPART}).status == 422
