"""Looking from outside when all is over: with each patient's own cookie, as a reviewer, and by the commands."""

import json
import re
import shutil
from collections.abc import Iterable
from pathlib import Path

from tests.torture.checker import Outside
from tests.torture.client import Client, Traffic
from tests.torture.clinic import invite_reviewer
from tests.torture.ledger import Line
from tests.torture.patients import COOKIE, read_answers
from tests.torture.program import Program
from tests.torture.reviewers import read_notes

_EXPORT = ("--format", "json-lines", "--include", "identity", "--include", "substance-use", "--include", "pregnancy")
_HEAD = re.compile(r"^[0-9]+:[0-9a-f]{64}$", re.MULTILINE)
_CHUNK = 1 << 20


def look(program: Program, book: Iterable[Line], old_keys: Path, heads: list[str], sample: int) -> Outside:
    """Return what can be seen now; `old_keys` are keys that a rotation has replaced, of drafts `sample` are opened."""
    lines = list(book)
    traffic = Traffic()
    reviewer = invite_reviewer(program, traffic, "judge@clinic.example")
    references = {line.about["reference"] for line in lines if line.kind == "acting"}
    notes = {
        reference: read_notes(page.body.decode())
        for reference in sorted(references)
        for _, page in [reviewer.client.open(f"/clinic/responses/{reference}")]
        if page.status == 200
    }
    reviewer.client.close()
    drafts = read_drafts(program.url, traffic, lines, sample)
    responses = read_export(program)
    return Outside(
        drafts=drafts,
        responses=responses,
        notes=notes,
        audit=verify_log(program, heads),
        readable=[*find_in_the_clear(program, lines), *try_old_keys(program, old_keys)],
    )


def read_drafts(url: str, traffic: Traffic, lines: list[Line], sample: int) -> dict[str, list[Line] | None]:
    """Return the pages of drafts as their own cookies open them: of everybody who did not send, and of some others."""
    codes = {line.who: line.about["code"] for line in lines if line.kind == "begun" and not line.about["is_due"]}
    paths: dict[str, dict[str, None]] = {}
    for line in lines:
        if line.kind == "saving" and line.who in codes:
            paths.setdefault(line.who, {})[line.about["path"]] = None
    saved = {line.who for line in lines if line.kind == "saved"}
    sent = {line.who for line in lines if line.kind == "sent"}
    chosen = [name for name in codes if name in saved and name not in sent] + sorted(sent & codes.keys())[:sample]
    found: dict[str, list[Line] | None] = {}
    for name in chosen:
        client = Client(url, traffic)
        client.cookies[COOKIE] = codes[name]
        found[name] = _read_draft(client, name, paths[name])
        client.close()
    return found


def _read_draft(client: Client, name: str, paths: Iterable[str]) -> list[Line] | None:
    pages = []
    for path in paths:
        reply = client.insist("GET", path)
        if reply.status == 410:
            return None
        form = next(iter(reply.document.forms), None)
        asked = form.fields.get("asked", [""])[0].split() if form else []
        if form and asked:
            about = {"asked": asked, "values": read_answers(form, asked)}
            pages.append(Line(kind="shown", who=name, about=about))
    return pages


def read_export(program: Program) -> list[dict[str, object]]:
    """Return every response as `foreword export` writes it; raises RuntimeError when that ends otherwise than well."""
    said = program.run("export", "-", *_EXPORT)
    if said.code not in {0, 1}:
        raise RuntimeError(f"export: {said.err}")
    rows = [json.loads(line) for line in said.out.splitlines() if line.startswith("{")]
    if not rows or rows[-1] != {"rows": len(rows) - 1}:
        raise RuntimeError("export: the file is not whole")
    return rows[:-1]


def verify_log(program: Program, heads: list[str]) -> str:
    """Return what is wrong with the audit log, also against every end of it that was written down meanwhile."""
    for head in [*heads[:1], *heads[-1:]]:
        said = program.run("audit", "verify", "--head", head)
        if said.code != 0:
            return f"{said.out}{said.err}".strip()
    return ""


def read_head(text: str) -> list[str]:
    """Return the ends of the audit log in what a command said."""
    return _HEAD.findall(text)


def find_in_the_clear(program: Program, lines: Iterable[Line]) -> list[str]:
    """Return where in the program's files words of patients or notes stand readable."""
    words = {line.about["mark"] for line in lines if line.kind == "begun"}
    words |= {line.who for line in lines if line.kind == "begun"} | {"noted "}
    pattern = re.compile(b"|".join(re.escape(word.encode()) for word in sorted(words)))
    return [
        f"{path.relative_to(program.folder)}: {match[0].decode()} in the clear"
        for path in sorted(program.folder.rglob("*"))
        if path.is_file() and (match := pattern.search(path.read_bytes()))
    ]


def try_old_keys(program: Program, old_keys: Path) -> list[str]:
    """Return what opens with keys that were replaced, on a copy of everything else."""
    folder = program.folder.with_name(f"{program.folder.name}-old-keys")
    folder.mkdir(mode=0o700)
    shutil.copytree(program.data, folder / "data")
    shutil.rmtree(folder / "data" / "keys")
    shutil.copytree(old_keys, folder / "data" / "keys")
    for path in (folder / "data", folder / "data" / "keys"):
        path.chmod(0o700)
    thief = Program(folder, program.port)
    said = thief.run("export", "-", *_EXPORT)
    opened = [json.loads(line) for line in said.out.splitlines() if line.startswith("{")]
    shutil.rmtree(folder)
    return [f"{row['response']['reference']}: opens with a key that was replaced" for row in opened if "answers" in row]
