"""security.md S1, S5: what the real server says to a browser about staff pages, without https on one's own machine."""

from tests.support.server import Server
from tests.web.raw import build_request, send_raw


def test_the_cookie_on_this_machine_has_another_name_and_is_as_closed(live_server: Server) -> None:
    host = live_server.url.removeprefix("http://")
    port = int(host.rpartition(":")[2])
    reply = send_raw(port, build_request(host, "/clinic/sign-in"))
    name, _, rest = (reply.get("Set-Cookie") or "").partition("=")
    assert name == "foreword-staff"
    assert {part.strip() for part in rest.split(";")[1:]} == {"HttpOnly", "Path=/", "SameSite=Strict"}
    assert reply.get("Cache-Control") == "no-store"
    assert reply.get("Content-Security-Policy") is not None


def test_a_made_up_cookie_is_nobodys(live_server: Server) -> None:
    host = live_server.url.removeprefix("http://")
    port = int(host.rpartition(":")[2])
    for value in ("A" * 43, "%00", "x" * 4000, "../../etc/passwd", '"'):
        reply = send_raw(port, build_request(host, "/clinic/people", headers={"Cookie": f"foreword-staff={value}"}))
        assert (reply.status, reply.get("Location")) == (303, "/clinic/sign-in")


def test_patients_get_no_cookie_of_staff(live_server: Server) -> None:
    host = live_server.url.removeprefix("http://")
    port = int(host.rpartition(":")[2])
    for path in ("/", "/resume", "/healthz", "/clinical", "/static/none.css"):
        reply = send_raw(port, build_request(host, path))
        assert "foreword-staff" not in str(reply.headers)
