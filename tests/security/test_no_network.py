"""D-11: no page and no process asks any other machine for anything, on a machine that has no other to ask.

Everything that people do is done by `tests/security/story.py` in a network namespace with nothing but loopback, where
that is allowed; and everywhere under strace, so that a mere attempt is seen as well: also one that is answered by
nobody, and also a look-up of a name.
"""

import ipaddress
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Request

from app.storage.people import Role
from tests.browser.review_desk import Correspondent
from tests.browser.staff import sign_in
from tests.security.story import READING, STAFF
from tests.support.browser import OpenPage
from tests.support.server import Server
from tests.support.source import ROOT

CALLS = "connect,sendto,sendmsg,sendmmsg"
TARGET = re.compile(
    r'sin_port=htons\((?P<port>\d+)\), sin_addr=inet_addr\("(?P<four>[^"]+)"\)'
    r'|sin6_port=htons\((?P<port6>\d+)\), .*?inet_pton\(AF_INET6, "(?P<six>[^"]+)"'
)
STRANGER = """
import contextlib, socket
for family, address in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
    with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as one:
        one.connect((address, 9))
with contextlib.suppress(OSError):
    socket.getaddrinfo("names.example", 80)
"""


def watch_alone(folder: Path, command: Sequence[str]) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """Run a command where there is no network, and return how it ended and whom its processes tried to reach."""
    if shutil.which("strace") is None:
        pytest.fail("strace is not installed: make test installs it", pytrace=False)
    traced = ["strace", "-f", "--seccomp-bpf", "-qq", "-e", f"trace={CALLS}", "-o", str(folder / "calls"), *command]
    inner = 'ip link set lo up; exec "$@"'
    alone = ["/usr/bin/unshare", *find_unshare(), "sh", "-c", inner, "sh", *traced] if find_unshare() else traced
    done = subprocess.run(alone, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    calls = (folder / "calls").read_text().splitlines()
    return done, [reached for line in calls if (reached := find_stranger(line))]


def find_unshare() -> list[str]:
    """Return the options with which a namespace can be made here, or nothing where none can."""
    for options in (["--net"], ["--map-root-user", "--net"]):
        command = ["/usr/bin/unshare", *options, "ip", "link", "set", "lo", "up"]
        tried = subprocess.run(command, capture_output=True, check=False)
        if tried.returncode == 0:
            return options
    return []


def find_stranger(call: str) -> str:
    """Return whom a system call was for, where that is not this machine; a name server is a stranger wherever it is."""
    found = TARGET.search(call)
    if found is None:
        return ""
    address, port = found["four"] or found["six"], found["port"] or found["port6"]
    is_own = ipaddress.ip_address(address).is_loopback and port != "53"
    return "" if is_own else f"{address} port {port}"


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """Let everybody do everything where there is no network, once."""
    folder = tmp_path_factory.mktemp("alone")
    done, strangers = watch_alone(folder, [sys.executable, "-m", "tests.security.story", str(folder)])
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr
    return folder / "calls", strangers


def test_nothing_that_anybody_does_reaches_for_another_machine(story: tuple[Path, list[str]]) -> None:
    calls, strangers = story
    assert strangers == []
    # What was watched were real connections, to the servers of this story.
    assert calls.read_text().count("127.0.0.1") > 5


def test_the_watch_sees_whoever_tries(tmp_path: Path) -> None:
    done, strangers = watch_alone(tmp_path, [sys.executable, "-c", STRANGER])
    assert done.returncode == 0, done.stderr
    assert {"192.0.2.1 port 9", "2001:db8::1 port 9"} <= set(strangers)
    assert len(strangers) > 2 or not find_name_servers()


def find_name_servers() -> list[str]:
    """Return where this machine looks up names."""
    return re.findall(r"^nameserver (\S+)", Path("/etc/resolv.conf").read_text(), re.MULTILINE)


def test_no_page_asks_for_anything_but_its_own_server(live_server: Server, open_page: OpenPage) -> None:
    # Given a patient who walks with a browser, and staff who look at every page
    page = open_page(live_server.url)
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    page.context.on("request", note)
    reference = Correspondent(live_server).send()
    page.goto("/")
    page.get_by_role("button", name="Start").click()
    for path in (*READING, "/questions/1", "/questions/9", "/check", "/share", "/share/send", "/summary", "/erase"):
        page.goto(path)
    sign_in(page, Role.REVIEWER, Role.ADMINISTRATOR)
    response = f"/clinic/responses/{reference}"
    for path in ("/clinic/responses", response, f"{response}/correct", "/clinic/account", "/clinic/audit", *STAFF):
        page.goto(path)
    # Then every request of every page, style sheets, scripts, pictures and all, was for the server that it came from
    assert len(asked) > 50
    assert {f"{urlsplit(url).scheme}://{urlsplit(url).netloc}" for url in asked} == {live_server.url}
