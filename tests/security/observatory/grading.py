"""Mozilla's Observatory (developer.mozilla.org/observatory), as anybody can have it graded, on this machine alone.

Its graders ask the shipped nginx file with TLS in front of the real program, under the names it is served by.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.deploy.proxies import PATIENTS, STAFF, Proxy, run_proxy
from tests.support.server import launch_server

# Two of each, as patients and staff meet them: where they arrive, and a page of their own.
SITES = ((PATIENTS, ""), (PATIENTS, "/resume"), (STAFF, ""), (STAFF, "/clinic/sign-in"))
_FOLDER = Path(sys.prefix) / "npm/node_modules/@mdn/mdn-http-observatory"
_GRADER = Path(__file__).with_name("grade.mjs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """What the Observatory says of one address; `points` are its tests that gave or took some, by name."""

    address: str
    score: int
    grade: str
    status: int
    points: dict[str, int]
    failed: tuple[str, ...]

    def __str__(self) -> str:
        """Return it as one line."""
        points = ", ".join(f"{name} {points:+}" for name, points in self.points.items())
        return f"{self.address}: {self.score}, {self.grade} ({points})"


@contextmanager
def open_site(folder: Path) -> Iterator[Proxy]:
    """Serve patients and staff through nginx until the block ends."""
    settings = {"public_url": f"https://{PATIENTS}", "clinic_url": f"https://{STAFF}", "trusted_hops": 1}
    places = [folder / role for role in ("clinic", "patient")]
    for place in places:
        place.mkdir()
    staff = launch_server(places[0], {"role": "clinic", **settings})
    database = f"sqlite:///{staff.data / 'foreword.sqlite3'}"
    patients = launch_server(places[1], {"role": "patient", "database_url": database, **settings})
    try:
        with run_proxy("nginx", folder / "proxy", patients, staff) as proxy:
            yield proxy
    finally:
        for server in (patients, staff):
            server.stop()


def grade(proxy: Proxy, host: str, path: str = "") -> Grade:
    """Return how the Observatory grades one address."""
    # It looks for a browsers' list of sites that comes with a download of its own; nobody is on ours.
    (_FOLDER / "conf/hsts-preload.json").write_text("{}")
    authorities = proxy.folder / "authorities.pem"
    authorities.write_bytes(b"".join(file.read_bytes() for file in (proxy.folder / "tls").glob("*.pem")))
    told = [host, str(proxy.plain), str(proxy.encrypted), path]
    command = [str(Path(sys.prefix) / "bin/node"), str(_GRADER), str(_FOLDER), *told]
    environment = {"PATH": os.environ["PATH"], "NODE_EXTRA_CA_CERTS": str(authorities)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    if done.returncode:
        raise RuntimeError(done.stderr)
    said = json.loads(done.stdout)
    return Grade(
        address=f"https://{host}{path}",
        score=said["score"],
        grade=said["grade"],
        status=said["status"],
        points={test["name"]: test["points"] for test in said["tests"] if test["points"]},
        failed=tuple(f"{test['name']}: {test['result']}" for test in said["tests"] if not test["passed"]),
    )
