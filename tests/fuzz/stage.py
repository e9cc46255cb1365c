"""The server that is tried: the one people start, with a clinic that is open, and everybody in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final

import psutil
from markupsafe import escape

from app.vault.reference import format_reference
from tests.bench.signin import RealClock
from tests.fuzz.cast import CANARY, HOST, SENTINELS, Cast
from tests.fuzz.corpus import Corpus, build_corpus
from tests.fuzz.ledger import Ledger
from tests.fuzz.recipe import Recipe
from tests.fuzz.talk import Exchange, send, unpack
from tests.support.server import Server, launch_server
from tests.web.clinic.colleague import join_first
from tests.web.clinic.conftest import make_app
from tests.web.clinic.test_settings import FILLED
from tests.web.patient.sender import open_all
from tests.web.patient.visitor import ORIGIN

_PATIENCE: Final = 10.0
_LONG_PATIENCE: Final = 60.0  # where the machine may be busy with something else
_TOKEN: Final = re.compile(r'(?<=name="csrf_token" value=")[^"]*')
_NEVER_LOGGED: Final = re.compile(r'"level": ?"(error|critical)"|^Traceback |<fz|fz\(\)|Kanarienvogel')


class StageError(Exception):
    """Something that has to be there is there no more."""


@dataclass
class Stage:
    """A running server with everybody who sends to it; `is_timed` where an answer that takes too long is a fault."""

    server: Server
    cast: Cast
    corpus: Corpus
    ledger: Ledger
    is_timed: bool

    @property
    def port(self) -> int:
        """Return where the server listens."""
        return int(self.server.url.rpartition(":")[2])

    def send(self, recipe: Recipe) -> Exchange:
        """Make a request and return what came back."""
        patience = _PATIENCE if self.is_timed else _LONG_PATIENCE
        return send(self.port, recipe, recipe.write(self.cast.known), patience)

    def read_memory(self) -> float:
        """Return the resident memory of the server and its helpers in MB."""
        process = psutil.Process(self.server.process.pid)
        family = [process, *process.children(recursive=True)]
        return sum(member.memory_info().rss for member in family) / 1e6

    def warm_up(self) -> None:
        """Have the first paper printed: what makes it has to start first, which is measured elsewhere."""
        for role, path in (("patient-checked", "/summary.pdf"), ("lead", "/clinic/responses/@@reference@@.pdf")):
            headers = (("Host", HOST), ("Cookie", "@@cookie@@"), ("Connection", "close"))
            self.send(Recipe(role=role, endpoint=path, line=f"GET {path} HTTP/1.1", headers=headers))

    def read_errors(self) -> list[str]:
        """Return the lines of the server's log that tell of an error, or that repeat what was sent or answered."""
        return [line for line in self.server.read_log().splitlines() if _NEVER_LOGGED.search(line)]

    def read_sentinels(self) -> dict[str, object]:
        """Return what the sentinels' pages show, opened as they would, and what the clinic reads of them."""
        paths = [(role, path) for role in SENTINELS for path in ("/check", "/summary", "/questions/1")]
        pages: dict[str, object] = {f"{role} {path}": self._open(role, path) for role, path in paths}
        for reference in map(format_reference, self.cast.sentinel_references):
            page = self._open("lead", f"/clinic/responses/{reference}")
            # Who looked at it and when stands there too: of the page it is the words that have to be the same.
            pages[f"words of {reference}"] = page.count(escape(CANARY))
            pages[f"content of {reference}"] = open_all(self.cast.app, reference)
        return pages

    def _open(self, role: str, path: str) -> str:
        known = self.cast.known[role]
        headers = (("Host", HOST), ("Cookie", known["cookie"]), ("Connection", "close"))
        recipe = Recipe(role=role, endpoint=f"GET {path}", line=f"GET {path} HTTP/1.1", headers=headers)
        exchange = self.send(recipe)
        if not exchange.replies or exchange.replies[0].status != HTTPStatus.OK:
            raise StageError(f"{path} cannot be opened as {role} any more: {exchange}")
        return _TOKEN.sub("", unpack(exchange.replies[0]).decode())


@contextmanager
def set_stage(folder: Path, database_url: str = "", *, is_timed: bool = False) -> Iterator[Stage]:
    """Open a clinic in a folder, bring everybody in, and start its server; it is stopped at the end."""
    data = folder / "data"
    data.mkdir(mode=0o700)
    settings = {"DATABASE_URL": database_url} if database_url else {}
    app = make_app(data, RealClock(), **settings)
    cast = Cast(app, RealClock())
    opener = join_first(app, cast.clock())
    opener.visitor.get("/clinic/setup")
    opener.visitor.post(FILLED, form=opener.visitor.find_form("/clinic/setup"))
    cast.assemble()
    # What a guess at a password costs is measured elsewhere.
    given = {"public_url": ORIGIN, "demo": "0", "password_cost": "test"}
    server = launch_server(folder, given | ({"database_url": database_url} if database_url else {}))
    try:
        yield Stage(server, cast, build_corpus(cast), Ledger(cast), is_timed)
        server.stop(may_have_failed=True)
    finally:
        if server.process.poll() is None:
            server.process.kill()
            server.process.wait()
        cast.engine.dispose()
