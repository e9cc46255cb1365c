"""The steps of docs/deploying.md, run as they stand there, where only the files they write are another machine's."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.proxies import make_certificates
from tests.support.source import ROOT

PAGE = (ROOT / "docs/deploying.md").read_text()
BY_HAND = ("editor ", "systemctl ")  # one asks a person, the other a system that is not there
ASK = """
import http.server, socket, ssl, threading

class Program(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"a word " * 1000)

    def log_message(self, *_):
        pass

server = http.server.HTTPServer(("127.0.0.1", 8000), Program)
threading.Thread(target=server.serve_forever, daemon=True).start()
trusted = ssl.create_default_context(cafile="/etc/foreword/tls/questions.pem")
name = "questions.clinic.example"
with trusted.wrap_socket(socket.create_connection(("127.0.0.1", 443)), server_hostname=name) as connection:
    head = [f"Host: {name}", "Accept-Encoding: gzip", "Connection: close"]
    lines = ["GET /clinic/responses/CANARYCANA HTTP/1.1", *head, "", ""]
    connection.sendall("\\r\\n".join(lines).encode())
    print(connection.makefile("rb").read().decode())
"""
DEFAULT_SITE = "server { listen 80 default_server; listen [::]:80 default_server; root /var/www/html; }\n"


def list_steps(chapter: str) -> list[list[str]]:
    """Return the commands for root of each block under a heading."""
    text = PAGE.partition(f"\n## {chapter}\n")[2].partition("\n## ")[0]
    blocks = re.findall(r"```console\n(.*?)```", text, re.DOTALL)
    return [[line[2:] for line in block.splitlines() if line.startswith("# ")] for block in blocks]


def run_on_debian(etc: Path, steps: list[str]) -> subprocess.CompletedProcess[str]:
    """Run steps as root of a machine that has Debian's nginx, and of ours the program in /opt/foreword alone."""
    script = "\n".join(step for step in steps if not step.startswith(BY_HAND))
    places = ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--bind", str(etc), "/etc"]
    own = ["--tmpfs", "/opt", "--ro-bind", str(ROOT), str(ROOT), "--ro-bind", str(ROOT), "/opt/foreword"]
    own += ["--tmpfs", "/run", "--tmpfs", "/var/log", "--dir", "/var/log/nginx"]
    own += ["--tmpfs", "/var/lib", "--dir", "/var/lib/nginx"]
    apart = ["--unshare-user", "--uid", "0", "--gid", "0", "--unshare-net", "--unshare-pid", "--as-pid-1"]
    apart += ["--cap-add", "CAP_NET_BIND_SERVICE", "--die-with-parent", "--chdir", "/opt/foreword"]
    return subprocess.run(
        ["/usr/bin/bwrap", *places, *own, *apart, "/bin/sh", "-euc", script],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/"},
        timeout=60,
    )


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    """Make what a machine has on which nginx was just installed, and certificates were put into their place."""
    shutil.copytree("/etc/nginx", tmp_path / "nginx", symlinks=True)
    for path in [*(tmp_path / "nginx/conf.d").iterdir(), *(tmp_path / "nginx/sites-enabled").iterdir()]:
        path.unlink()
    (tmp_path / "nginx/sites-enabled/default").write_text(DEFAULT_SITE)
    (tmp_path / "foreword").mkdir()
    make_certificates(tmp_path / "foreword/tls")
    # One user is all that there is in there, by two names.
    (tmp_path / "passwd").write_text("".join(f"{name}:x:0:0::/:/bin/sh\n" for name in ("root", "www-data")))
    (tmp_path / "group").write_text("root:x:0:\nwww-data:x:0:\n")
    return tmp_path


def test_nginx_takes_what_the_steps_put_there(etc: Path) -> None:
    done = run_on_debian(etc, list_steps("The proxy")[0])
    assert done.returncode == 0, done.stderr
    assert "test is successful" in done.stderr
    assert "[warn]" not in done.stderr
    pages = re.search(r"root (/etc/foreword/\w+);", (etc / "foreword/nginx/pages.conf").read_text())
    assert pages is not None
    shown = {path.name for path in (etc / Path(pages.group(1)).relative_to("/etc")).iterdir()}
    assert shown == {path.name for path in (ROOT / "deploy/pages").iterdir()}


def test_beside_what_debian_sets_no_address_is_written_down(etc: Path) -> None:
    steps = [*list_steps("The proxy")[0], "nginx", f"{sys.executable} /etc/ask", "cat /var/log/nginx/*"]
    (etc / "ask").write_text(ASK)
    done = run_on_debian(etc, steps)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("HTTP/1.1 200 ")
    page, _, log = done.stdout.rpartition("a word ")
    assert "a word a word" in page  # for a compressed page tells of the secrets in it by its length
    assert " 200 " in log
    assert "CANARYCANA" not in done.stdout + done.stderr


def test_with_one_program_both_names_lead_to_its_one_port(etc: Path) -> None:
    first, second = list_steps("The proxy")
    done = run_on_debian(etc, [*(step for step in first if step != "nginx -t"), *second, "nginx -t"])
    assert done.returncode == 0, done.stderr
    written = (etc / "nginx/conf.d/foreword.conf").read_text()
    socket_unit = (ROOT / "deploy/systemd/foreword@all.socket").read_text()
    assert set(re.findall(r"server (127\S+);", written)) == set(re.findall(r"ListenStream=(\S+)", socket_unit))


@pytest.mark.parametrize("gone", ["rm -f /etc/nginx/sites-enabled/default", "install -D -m 644 -t /etc/foreword/nginx"])
def test_without_one_of_the_steps_it_says_no(etc: Path, gone: str) -> None:
    steps = list_steps("The proxy")[0]
    left = [step for step in steps if not step.startswith(gone)]
    assert len(left) == len(steps) - 1
    assert run_on_debian(etc, left).returncode != 0


def test_no_program_starts_before_its_secrets_and_settings_are_there() -> None:
    _, whole, apart, *_ = list_steps("With systemd")
    for steps, roles in ((whole, ("all",)), (apart, ("clinic", "patient"))):
        for role in roles:
            start = next(
                n for n, step in enumerate(steps) if step.startswith(f"systemctl enable --now foreword@{role}.")
            )
            before = "\n".join(steps[:start])
            for thing in (f"install -d -m 700 /etc/foreword/{role}.secrets", f"editor /etc/foreword/{role}.env"):
                assert all(word in before for word in thing.split())
            assert before.count(f"/etc/foreword/{role}.secrets/FOREWORD_") == (2 if role == "clinic" else 1)
    granted = next(n for n, step in enumerate(apart) if "foreword-as clinic grants" in step)
    started = [n for n, step in enumerate(apart) if step.startswith("systemctl enable")]
    assert started[0] < granted < started[1]
    assert "foreword-as clinic grants" in PAGE.partition("\n## Updating")[2].partition("\n## ")[0]


def test_every_file_that_a_step_takes_is_there() -> None:
    named = set(re.findall(r"(?<![/\w])deploy/[\w./@*-]+", PAGE))
    assert named
    for name in named:
        assert list(ROOT.glob(name.rstrip("./"))), name
