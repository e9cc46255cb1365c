"""Decides from outside whether anything acknowledged is missing, doubled or mixed up.

It reads the patients' own ledger, asks both machines for each form by its cookie, and reads what the clinic exports
with its key. It shares no word with the program's storage.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from tests.browser.patient import load_edition
from tests.machines.exchange import LineError, Reply
from tests.machines.ledger import MARK, Entry
from tests.web.patient.visitor import Document

_CONSENT = "consent-to-share"
_CHECK = "answers-checked"


class Asks(Protocol):
    """A line to a machine."""

    cookies: dict[str, str]

    def ask(self, method: str, path: str, body: bytes | None = None) -> Reply:
        """Return the answer to a request."""
        ...


@dataclass(slots=True)
class Verdict:
    """What was found, one sentence each, and how much was looked at."""

    missing: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    mixed_up: list[str] = field(default_factory=list)
    pages: int = 0
    responses: int = 0

    @property
    def is_clean(self) -> bool:
        """Tell whether nothing was found."""
        return not (self.missing or self.doubled or self.mixed_up)


def check_drafts(verdict: Verdict, entries: Iterable[Entry], machines: Mapping[str, Asks]) -> None:
    """Look whether every acknowledged page is there, on each machine, for whoever has the cookie.

    Of those who sent, the clinic's export has every answer: here it is enough that their form opens.
    """
    for entry in entries:
        for name, line in machines.items():
            line.cookies = dict(entry.cookies)
            paths = ["/check"] if entry.reference else list(entry.pages)
            for path in paths:
                _check_page(verdict, entry, name, path, _ask(line, path))


def check_export(verdict: Verdict, entries: Sequence[Entry], out: Path) -> None:
    """Look whether the clinic has every acknowledged response once, with exactly its own answers."""
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    responses, tail = [row for row in rows if "response" in row], rows[-1]
    verdict.responses = len(responses)
    if tail != {"rows": len(responses)}:
        verdict.missing.append(f"the export ends with {tail} after {len(responses)} responses")
    owners = {f"Test {entry.mark}": entry for entry in entries}
    found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in responses:
        found[str(row["response"].get("name"))].append(row)
    for name, theirs in found.items():
        owner = owners.get(name)
        if owner is None or not owner.tried_to_send:
            verdict.mixed_up.append(f"a response of {name}, who sent nothing")
            continue
        if len(theirs) > 1:
            verdict.doubled.append(f"{len(theirs)} responses of {name}")
        for row in theirs:
            _check_response(verdict, owner, row)
    references = Counter(row["response"]["reference"] for row in responses)
    for entry in entries:
        if entry.reference and references[entry.reference] != 1:
            (verdict.doubled if references[entry.reference] else verdict.missing).append(
                f"{entry.reference} of {entry.mark} is there {references[entry.reference]} times"
            )


def _ask(line: Asks, path: str) -> Reply | None:
    try:
        return line.ask("GET", path)
    except LineError:
        return None


def _check_page(verdict: Verdict, entry: Entry, machine: str, path: str, reply: Reply | None) -> None:
    verdict.pages += 1
    where = f"{path} of {entry.mark} on {machine}"
    if reply is None:
        verdict.missing.append(f"{where} is not answered")
        return
    if reply.status != 200:
        verdict.missing.append(f"{where} answers {reply.status}")
        return
    others = set(MARK.findall(reply.text)) - {entry.mark}
    if others:
        verdict.mixed_up.append(f"{where} shows {sorted(others)}")
    if path == "/check":
        if entry.mark not in reply.text:
            verdict.missing.append(f"{where} shows no answer")
        return
    shown = _read_controls(Document(reply.text))
    for control, values in entry.pages[path].items():
        wanted = [value for value in values if value]
        if wanted and shown.get(control, []) != wanted:
            verdict.missing.append(f"{where}: {control} is not what was acknowledged")


def _read_controls(document: Document) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    for form in document.forms:
        for control, values in form.fields.items():
            fields.setdefault(control, []).extend(value for value in values if value)
    return fields


def _check_response(verdict: Verdict, owner: Entry, row: Mapping[str, Any]) -> None:
    name = f"the response {row['response']['reference']} of {owner.mark}"
    if row.get("unreadable"):
        verdict.missing.append(f"{name} does not open")
        return
    marks = set(MARK.findall(json.dumps(row, ensure_ascii=False)))
    if marks != {owner.mark}:
        verdict.mixed_up.append(f"{name} holds the words of {sorted(marks)}")
    known = {link_id: answer for link_id, answer in row["answers"].items() if link_id not in {_CONSENT, _CHECK}}
    expected = {link_id: _export(link_id, answer) for link_id, answer in owner.answers.items() if answer}
    for link_id in sorted(expected.keys() | known.keys()):
        if known.get(link_id) != expected.get(link_id):
            verdict.mixed_up.append(f"{name}: {link_id} is not what was acknowledged")


def _export(link_id: str, answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an answer in the words of docs/export.md."""
    if "codes" in answer:
        return {"codes": answer["codes"]} | ({"own-words": answer["words"]} if "words" in answer else {})
    if "number" in answer:
        number = float(answer["number"])
        plain: dict[str, Any] = {"number": int(number) if number.is_integer() else number}
        return plain | ({} if answer["number"] == str(plain["number"]) else {"typed": answer["number"]})
    if "date" in answer:
        year, month, day = answer["date"]
        return {"date": f"{year:04}-{month:02}" + (f"-{day:02}" if day else "")}
    if "rows" in answer:
        names = [child.link_id for child in load_edition().items[link_id].items]
        return {"rows": [dict(zip(names, row, strict=True)) for row in answer["rows"]]}
    return answer
