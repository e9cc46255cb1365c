"""nginx, HAProxy and Caddy for real: the shipped files with nothing changed but addresses and paths, and TLS."""

import http.client
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.ports import find_free_port
from tests.support.server import Server
from tests.support.source import ROOT
from tests.web.raw import Reply, ask

DEPLOY = ROOT / "deploy"
PATIENTS = "questions.clinic.example"
STAFF = "staff.clinic.example"
_SECONDS = 60


def make_certificates(folder: Path) -> Path:
    """Put a certificate for each name into a folder, made now and trusted by nobody else; return the folder."""
    folder.mkdir()
    for short, name in (("questions", PATIENTS), ("staff", STAFF)):
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=2))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .sign(key, hashes.SHA256())
        )
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (folder / f"{short}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        (folder / f"{short}.key").write_bytes(secret)
    return folder


@dataclass(frozen=True, slots=True)
class Proxy:
    """A running proxy: where it listens, and the folder it was given."""

    name: str
    plain: int
    encrypted: int
    folder: Path

    def connect(self, host: str, source: str = "127.0.0.1") -> ssl.SSLSocket:
        """Return an encrypted connection to a host's name, from an address of this machine."""
        trusted = ssl.create_default_context()
        for path in (self.folder / "tls").glob("*.pem"):
            trusted.load_verify_locations(path)
        plain = socket.create_connection(("127.0.0.1", self.encrypted), _SECONDS, (source, 0))
        try:
            return trusted.wrap_socket(plain, server_hostname=host)
        except OSError:
            plain.close()
            raise

    def ask(self, request: bytes, host: str = PATIENTS, source: str = "127.0.0.1") -> Reply:
        """Send bytes encrypted, and return the answer."""
        with self.connect(host, source) as connection:
            return ask(connection, request)


def prepare(name: str, folder: Path, patients: int, staff: int) -> Proxy:
    """Write a proxy's shipped configuration into a folder, with the addresses and paths of this machine."""
    folder.mkdir()
    make_certificates(folder / "tls")
    shutil.copytree(DEPLOY / "pages", folder / "pages")
    proxy = Proxy(name, find_free_port(), find_free_port(), folder)
    changes = {
        "127.0.0.1:8000": f"127.0.0.1:{patients}",
        "127.0.0.1:8001": f"127.0.0.1:{staff}",
        "/etc/foreword/": f"{folder}/",
        "/var/log/nginx/": f"{folder}/",
    } | _move_ports(proxy)
    for path in (DEPLOY / name).iterdir():
        text = path.read_text()
        for before, after in changes.items():
            text = text.replace(before, after)
        place = folder / path.name
        place.parent.mkdir(exist_ok=True)
        place.write_text(text)
    (folder / name).symlink_to(".")
    if name == "haproxy":  # which wants chain and key in one file
        for path in list((folder / "tls").glob("*.key")):
            whole = path.with_suffix(".pem")
            whole.write_bytes(whole.read_bytes() + path.read_bytes())
            path.unlink()
    if name == "nginx":
        (folder / "nginx.conf").write_text(
            f"{'user root; ' if os.geteuid() == 0 else ''}daemon off; pid {folder}/pid;\n"
            f"error_log {folder}/error.log crit;\n"
            "events { worker_connections 2000; }\n"
            f"http {{ {_list_temporary(folder)} include {folder}/foreword.conf; }}\n"
        )
    return proxy


def _move_ports(proxy: Proxy) -> dict[str, str]:
    if proxy.name == "nginx":
        return {
            "listen 80": f"listen 127.0.0.1:{proxy.plain}",
            "listen 443": f"listen 127.0.0.1:{proxy.encrypted}",
        }
    if proxy.name == "haproxy":
        return {"bind :80": f"bind 127.0.0.1:{proxy.plain}", "bind :443": f"bind 127.0.0.1:{proxy.encrypted}"}
    ports = f"\thttp_port {proxy.plain}\n\thttps_port {proxy.encrypted}\n\tdefault_bind 127.0.0.1\n\tadmin off\n"
    return {"\tadmin off\n": ports}


def _list_temporary(folder: Path) -> str:
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    return " ".join(f"{kind}_temp_path {folder}/temporary-{kind};" for kind in kinds)


def name_check(proxy: Proxy) -> list[str]:
    """Return the command with which a proxy checks its configuration."""
    return {
        "nginx": ["nginx", "-t", "-q", "-c", f"{proxy.folder}/nginx.conf"],
        "haproxy": ["haproxy", "-c", "-q", "-f", f"{proxy.folder}/haproxy.cfg"],
        "caddy": ["caddy", "validate", "--adapter", "caddyfile", "--config", f"{proxy.folder}/Caddyfile"],
    }[proxy.name]


def _name_start(proxy: Proxy) -> list[str]:
    return {
        "nginx": ["nginx", "-c", f"{proxy.folder}/nginx.conf"],
        "haproxy": ["haproxy", "-db", "-f", f"{proxy.folder}/haproxy.cfg"],
        "caddy": ["caddy", "run", "--adapter", "caddyfile", "--config", f"{proxy.folder}/Caddyfile"],
    }[proxy.name]


@contextmanager
def run_proxy(name: str, folder: Path, patients: Server, staff: Server) -> Iterator[Proxy]:
    """Run a proxy in front of two servers until the caller is done with it."""
    ports = [int(server.url.rpartition(":")[2]) for server in (patients, staff)]
    proxy = prepare(name, folder, *ports)
    log = folder / "output"
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    with log.open("wb") as output:
        process = subprocess.Popen(_name_start(proxy), env=environment, stdout=output, stderr=output, cwd=folder)
    try:
        _wait_until_open(proxy, process, log)
        yield proxy
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(_SECONDS)


def _wait_until_open(proxy: Proxy, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _SECONDS
    request = f"GET /healthz HTTP/1.1\r\nHost: {PATIENTS}\r\nConnection: close\r\n\r\n".encode()
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(OSError, http.client.HTTPException):
            if proxy.ask(request).status == http.HTTPStatus.OK:
                return
        time.sleep(0.05)
    process.kill()
    process.wait()
    pytest.fail(f"{proxy.name} did not answer:\n{log.read_text()}", pytrace=False)


def list_settings(name: str) -> set[str]:
    """Return every setting that a shipped file names."""
    return set(re.findall(r"\bFOREWORD_[A-Z_]+\b", (DEPLOY / name).read_text()))
