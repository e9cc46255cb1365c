"""HAProxy in front of the machines, with the file that is shipped for it and nothing changed but names and places."""

import shutil
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.machines.exchange import PATIENTS_HOST
from tests.machines.places import Places
from tests.machines.programs import MachinesError, Program
from tests.support.source import ROOT

PORT = 8443
FOREWORD_PORT = 8000
SHIPPED = ROOT / "deploy" / "haproxy"
_CERTIFICATE = "balancer.pem"


def build_balancer(places: Places, folder: Path, machine: str, behind: Sequence[str], clinic: str) -> Program:
    """Return the balancer, ready to be started."""
    haproxy = shutil.which("haproxy", path="/usr/sbin:/usr/bin:/usr/local/sbin")
    if haproxy is None:
        raise MachinesError("there is no HAProxy on this machine: make test installs it, or says how")
    place = folder / machine
    (place / "tls").mkdir(parents=True)
    certificate = place / "tls" / _CERTIFICATE
    certificate.touch(mode=0o600)
    certificate.write_bytes(_make_certificate())
    shutil.copy2(SHIPPED / "503.http", place)
    address = places.locate(machine)
    servers = "\n".join(f"    server {name} {places.locate(name)}:{FOREWORD_PORT}" for name in behind)
    changes = {
        "/etc/foreword/haproxy/": f"{place}/",
        "/etc/foreword/": f"{place}/",
        "bind :80": f"bind {address}:8080",
        "bind :443": f"bind {address}:{PORT}",
        "questions.clinic.example": PATIENTS_HOST,
        "    server patient-1 127.0.0.1:8000": servers,
        "127.0.0.1:8001": f"{places.locate(clinic)}:{FOREWORD_PORT}",
    }
    settings = (SHIPPED / "haproxy.cfg").read_text()
    for before, after in changes.items():
        if before not in settings:
            raise MachinesError(f"deploy/haproxy/haproxy.cfg has no {before} any more: tell tests/machines/balancer.py")
        settings = settings.replace(before, after)
    (place / "haproxy.cfg").write_text(settings)
    return Program(places, machine, [haproxy, "-db", "-f", f"{place}/haproxy.cfg"], folder / "haproxy.log")


def trust_balancer(folder: Path, machine: str) -> ssl.SSLContext:
    """Return what browsers know of the balancer's certificate."""
    return ssl.create_default_context(cafile=str(folder / machine / "tls" / _CERTIFICATE))


def _make_certificate() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    host = PATIENTS_HOST.partition(":")[0]
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)]), datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    kept = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM) + kept
