"""A request that can be made again: everything but the secrets of a run, for which `@@cookie@@` and the like stand.

A recipe is data: a seed makes the same ones again, Hypothesis shrinks them, and one that failed is kept in a file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final
from urllib.parse import quote

PLACEHOLDER: Final = re.compile(r"@@([a-z-]+)(?::([a-z-]+))?@@")
Pairs = tuple[tuple[str, str], ...]


class Framing(StrEnum):
    """How a request says where its body ends."""

    RIGHT = "right"
    NONE = "no length"
    SHORT = "length too small"
    LONG = "length too great"
    TWICE = "two lengths"
    BOTH = "length and chunks"
    CHUNKED = "chunks"
    CHUNK_LIE = "a chunk of another size"
    CHUNK_CUT = "no last chunk"
    CHUNK_ODD = "chunks with extensions and trailers"


_WAITS: Final = frozenset({Framing.LONG, Framing.CHUNK_LIE, Framing.CHUNK_CUT, Framing.BOTH, Framing.TWICE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """One request; its texts are bytes read as Latin-1. `role` sends it, `endpoint` is whom it was made for."""

    role: str
    endpoint: str
    line: str
    headers: Pairs = ()
    body: str = ""
    framing: Framing = Framing.RIGHT
    tail: str = ""  # what follows on the same connection
    cut: int | None = None  # how many bytes of it are sent
    address: str = "127.0.0.1"
    spoilt: str = ""  # why nothing may come of it
    is_broken: bool = False  # bytes were changed that hold the request together: it may be none at all
    how: tuple[str, ...] = ()

    @property
    def may_wait(self) -> bool:
        """Tell whether a server may rightly wait for more of it."""
        return self.is_broken or self.cut is not None or self.framing in _WAITS

    @property
    def method(self) -> str:
        """Return the first word."""
        return self.line.partition(" ")[0]

    def write(self, known: Mapping[str, Mapping[str, str]]) -> bytes:
        """Return the bytes to send; `known` is what stands for the placeholders, by role."""

        def fill(text: str) -> str:
            return PLACEHOLDER.sub(lambda found: known[found[2] or self.role].get(found[1], ""), text)

        body = fill(self.body).encode("latin-1")
        extra, framed = _frame(self.framing, body)
        lines = [fill(self.line), *(f"{name}: {fill(value)}" for name, value in self.headers), *extra]
        whole = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + framed + fill(self.tail).encode("latin-1")
        return whole if self.cut is None else whole[: self.cut]

    def dump(self) -> str:
        """Return it as a file keeps it."""
        return json.dumps(asdict(self), indent=1)


def load_recipe(text: str) -> Recipe:
    """Return a recipe as a file keeps it."""
    found: dict[str, Any] = json.loads(text)
    found["headers"] = tuple((name, value) for name, value in found["headers"])
    found["framing"], found["how"] = Framing(found["framing"]), tuple(found["how"])
    return Recipe(**found)


def encode_form(fields: Iterable[tuple[str, str]]) -> str:
    """Return fields as a form sends them; what has no place in UTF-8 is sent all the same."""
    return "&".join(f"{encode_word(name)}={encode_word(value)}" for name, value in fields)


def encode_word(text: str) -> str:
    """Return a text for an address or a form; a placeholder stays one."""
    return quote(text.encode("utf-8", "surrogatepass"), safe="@")


def _frame(framing: Framing, body: bytes) -> tuple[list[str], bytes]:
    """Return the headers that say how long a body is, and the body as it goes over the wire."""
    length = [f"Content-Length: {len(body)}"]
    chunked = ["Transfer-Encoding: chunked"]
    chunks = b"".join(f"{len(part):x}\r\n".encode() + part + b"\r\n" for part in _split(body))
    end = b"0\r\n\r\n"
    ways: dict[Framing, tuple[list[str], bytes]] = {
        Framing.RIGHT: (length if body else [], body),
        Framing.NONE: ([], body),
        Framing.SHORT: ([f"Content-Length: {len(body) // 2}"], body),
        Framing.LONG: ([f"Content-Length: {len(body) + 7}"], body),
        Framing.TWICE: ([*length, f"Content-Length: {len(body) + 1}"], body),
        Framing.BOTH: (length + chunked, chunks + end),
        Framing.CHUNKED: (chunked, chunks + end),
        Framing.CHUNK_LIE: (chunked, f"{len(body) + 3:x}\r\n".encode() + body + b"\r\n" + end),
        Framing.CHUNK_CUT: (chunked, chunks),
        Framing.CHUNK_ODD: (chunked, chunks.replace(b"\r\n", b";fz=1\r\n", 1) + b"0\r\nX-Fz: 1\r\n\r\n"),
    }
    return ways[framing]


def _split(body: bytes) -> Iterable[bytes]:
    return (body[start : start + 1000] for start in range(0, len(body), 1000))
