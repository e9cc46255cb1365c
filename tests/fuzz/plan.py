"""A request while it is being spoilt: what means well becomes what no page of ours would send."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from tests.fuzz.cast import HOST, SENTINELS
from tests.fuzz.corpus import Base
from tests.fuzz.recipe import Framing, Recipe, encode_form, encode_word

_FORM: Final = "application/x-www-form-urlencoded"
_SETTINGS: Final = frozenset({"/clinic/settings", "/clinic/setup"})
_NEVER: Final = (("retention_days", "absurd"), ("seen", "absurd"))


@dataclass
class Plan:
    """One request in parts that can be changed; `bake` puts them together."""

    base: Base
    address: str = "127.0.0.1"
    method: str = ""
    path: str = ""
    query: list[tuple[str, str]] = field(default_factory=list)
    fields: list[tuple[str, str]] = field(default_factory=list)
    headers: list[tuple[str, str]] = field(default_factory=list)
    cookie: str = "@@cookie@@"
    host: str = HOST
    site: str = "same-origin"
    content_type: str = _FORM
    version: str = "HTTP/1.1"
    body: str | None = None
    framing: Framing = Framing.RIGHT
    tail: str = ""
    cut: int | None = None
    line: str | None = None
    spoilt: str = ""
    is_broken: bool = False
    how: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin with what means well."""
        self.method, self.path = self.base.method, self.base.path
        self.query, self.fields = list(self.base.query), list(self.base.fields)
        self._hold_still()

    @property
    def is_form(self) -> bool:
        """Tell whether there are fields to change."""
        return self.base.method == "POST"

    @property
    def is_sentinel(self) -> bool:
        """Tell whether somebody sends it whose answers must stay as they are."""
        return self.base.role in SENTINELS

    def set_field(self, name: str, value: str) -> None:
        """Give a field another value, or add it."""
        self.fields = [(one, old) for one, old in self.fields if one != name]
        self.fields.append((name, value))

    def drop_field(self, name: str) -> None:
        """Take a field out."""
        self.fields = [(one, value) for one, value in self.fields if one != name]

    def _hold_still(self) -> None:
        # What the clinic has set has to be the same at the end: everything is read, and never all of it in order.
        if self.base.rule in _SETTINGS and not self.spoilt:
            for name, value in _NEVER:
                self.set_field(name, value)

    def bake(self) -> Recipe:
        """Return the request as it stands now."""
        self._hold_still()
        query = "&".join(f"{encode_word(name)}={encode_word(value)}" for name, value in self.query)
        line = self.line or f"{self.method} {self.path}{f'?{query}' if query else ''} {self.version}".rstrip()
        body = self.body
        if body is None:
            body = encode_form(self.fields) if self.is_form else ""
        about = [("Host", self.host), ("Cookie", self.cookie), ("Sec-Fetch-Site", self.site)]
        if body or self.is_form:
            about.append(("Content-Type", self.content_type))
        if not self.tail:
            about.append(("Connection", "close"))
        named = [(name, value) for name, value in about if value]
        return Recipe(
            role=self.base.role,
            endpoint=self.base.endpoint,
            line=to_bytes(line),
            headers=tuple((to_bytes(name), to_bytes(value)) for name, value in (*named, *self.headers)),
            body=to_bytes(body),
            framing=self.framing,
            tail=self.tail,
            cut=self.cut,
            address=self.address,
            spoilt=self.spoilt,
            is_broken=self.is_broken,
            how=tuple(self.how),
        )


def to_bytes(text: str) -> str:
    """Return a text whose characters are bytes: what is not Latin-1 as UTF-8, and half a character as it would be."""
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass").decode("latin-1")
    return text
