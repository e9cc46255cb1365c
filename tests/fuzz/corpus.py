"""What each role could send to each address if it meant well: the beginning of every malformed request.

Addresses come from the program's own map of them, and forms from its own pages: what is new is in it by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule

from tests.browser.patient import load_edition
from tests.fuzz.cast import HOST, ROLES, Cast
from tests.fuzz.recipe import Pairs
from tests.web.patient.visitor import ORIGIN, Document

_PARAMETER: Final = re.compile(r"<(?:\w+:)?(\w+)>")
_FILLED: Final = {
    "reference": "@@reference@@",
    "person_id": "@@person@@",
    "secret": "@@invitation@@",
    "handle": "0" * 32,
    "name": "@@asset@@",
}
_LIVE: Final = {"csrf_token": "@@token@@", "draft": "@@draft@@", "revision": "@@revision@@"}
# What stands in an address of ours, besides what its own search form has.
_QUERIES: Final = {
    "/clinic/responses": (("find", "@@find@@"), ("after", "1700000000000000.@@reference@@"), ("state", "new")),
    "/clinic/responses/<reference>": (("version", "1"), ("saved", "1")),
    "/clinic/responses/<reference>.pdf": (("version", "1"), ("paper", "letter")),
    "/clinic/responses/print": (("reference", "@@reference@@"), ("reference", "@@reference@@")),
    "/clinic/audit": (("before", "50"), ("actor", "program"), ("action", "list.viewed")),
    "/clinic/people/<person_id>": (("saved", "1"),),
    "/questions/<page_id>": (("to", "check"),),
    "/summary.pdf": (("print", "large"),),
}
_TEXT: Final = "text/html"
_NO_FORMS: Final = (".pdf", ".svg", "/print")
_WALKER: Final = "patient-checked"


@dataclass(frozen=True, slots=True)
class Base:
    """A request that would be in order: who sends it, where, and what stands in it."""

    role: str
    method: str
    rule: str
    path: str
    query: Pairs = ()
    fields: Pairs = ()

    @property
    def endpoint(self) -> str:
        """Return what the list of addresses calls it."""
        return f"{self.method} {self.rule}"


Corpus = Mapping[tuple[str, str], tuple[Base, ...]]
"""The bases by role and endpoint."""


def build_corpus(cast: Cast) -> Corpus:
    """Return what can be sent, for every method of every address in every role."""
    forms = _collect_forms(cast)
    found: dict[tuple[str, str], tuple[Base, ...]] = {}
    for rule in cast.app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD"}):
            for role in ROLES:
                bases = tuple(_list_bases(role, method, rule, forms))
                found[role, f"{method} {rule.rule}"] = bases
    return found


def _list_bases(role: str, method: str, rule: Rule, forms: Mapping[tuple[str, str], list[Pairs]]) -> Iterator[Base]:
    query = _QUERIES.get(rule.rule, ())
    for path, fields in _list_paths(rule.rule):
        if method == "GET":
            yield Base(role, method, rule.rule, path, query)
            continue
        # Who never sees a form knows it from somebody who does, and sends it with a token of their own.
        known = [form for (_, action), some in forms.items() if action == path for form in some] or [
            (*_LIVE.items(), *fields)
        ]
        own = forms.get((role, path))
        for form in own or known[:3]:
            yield Base(role, method, rule.rule, path, query if rule.rule == "/questions/<page_id>" else (), form)


def _list_paths(rule: str) -> Iterator[tuple[str, Pairs]]:
    if "<page_id>" not in rule:
        yield _PARAMETER.sub(lambda found: _FILLED.get(found[1], "1"), rule), ()
        return
    for page in load_edition().pages:
        names = [item.link_id for item in page.items if item.is_question]
        fields = (("asked", " ".join(names)), *((name, "no") for name in names), ("action", "save"))
        yield rule.replace("<page_id>", page.slug), fields


def _collect_forms(cast: Cast) -> dict[tuple[str, str], list[Pairs]]:
    """Return the forms of all pages, by who sees them and where they go."""
    found: dict[tuple[str, str], list[Pairs]] = {}
    for role in ROLES:
        for rule in cast.app.url_map.iter_rules():
            if "GET" not in (rule.methods or ()) or rule.rule.endswith(_NO_FORMS):
                continue
            if "<page_id>" in rule.rule and role != _WALKER:
                continue  # everybody sees the same form there
            for path, _ in _list_paths(rule.rule):
                for action, fields in _read_forms(cast, role, path):
                    forms = found.setdefault((role, action), [])
                    if fields not in forms:
                        forms.append(fields)
    return found


def _read_forms(cast: Cast, role: str, path: str) -> Iterator[tuple[str, Pairs]]:
    known = cast.known[role]
    address = re.sub(r"@@([a-z]+)@@", lambda found: known.get(found[1], "0"), path)
    headers = {"Cookie": known["cookie"], "Host": HOST}
    answer = cast.app.test_client(use_cookies=False).get(address, base_url=ORIGIN, headers=headers)
    if answer.mimetype != _TEXT:
        return
    document = Document(answer.get_data(as_text=True))
    # Controls that nobody has touched yet send nothing, and have to be known by name all the same.
    names = {control["name"]: control.get("value", "") for control in document.controls if control.get("name")}
    for form in document.forms:
        action = _name_action(cast.app, urlsplit(form.action).path or path)
        sent = tuple((name, _LIVE.get(name, value)) for name, values in form.fields.items() for value in values)
        others = tuple((name, value) for name, value in names.items() if name not in form.fields)
        if action is not None and "csrf_token" in form.fields:
            yield action, (*sent, *others, *_list_buttons(answer.get_data(as_text=True)))


def _list_buttons(html: str) -> Pairs:
    found = re.findall(r'<button[^>]*name="([^"]+)"[^>]*value="([^"]*)"', html)
    return tuple(found[:1])


def _name_action(app: Flask, path: str) -> str | None:
    """Return the path of a form with its own numbers left out, None where it does not post to this program."""
    try:
        rule, values = app.url_map.bind(HOST, url_scheme="https").match(path, "POST", return_rule=True)
    except HTTPException:
        return None
    if "page_id" in values:
        return path
    return _PARAMETER.sub(lambda found: _FILLED.get(found[1], "1"), rule.rule)
