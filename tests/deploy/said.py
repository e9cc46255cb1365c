"""What the program says to an operator, read out of its source: each sentence with `…` where it fills something in."""

import ast
from collections.abc import Iterator

from app.storage.trouble import SENTENCES
from tests.support.source import Module, read_modules

APP = read_modules("app")
# Whatever stops `foreword serve`, but for single settings, which docs/settings.md tells.
START = (
    "app.server",
    "app.clinic.kind",
    "app.clinic.profile",
    "app.desk.keyring",
    "app.files",
    "app.web.session",
    "app.web.activation",
    "app.web.metrics",
)
_QUIET = {"doctor found something"}  # tells of findings, which have chapters of their own


def list_findings() -> set[str]:
    """Return the fault of every finding of the doctor's."""
    calls = (call for module in APP for call in _list_calls(module, "Finding") if module.name.startswith("app.desk"))
    return {said for call in calls if len(call.args) > 1 and (said := _read(call.args[1]))}


def list_start_sentences() -> set[str]:
    """Return every sentence that stops the start."""
    calls = (call for module in APP if module.name in START for call in _list_calls(module, "StartError"))
    said = {said for call in calls for argument in call.args if (said := _read(argument)) and len(said) > len("…: …")}
    return said | {f"FOREWORD_DATABASE_URL: {sentence}" for sentence in SENTENCES}


def list_events() -> set[str]:
    """Return what every kind of line in the log begins with."""
    texts = [
        _read(call.args[place])
        for module in APP
        if module.name == "app.logs" or any(target.startswith("app.logs") for _, target in module.list_imports())
        for name, place in (("record_failure", 1), ("info", 0), ("warning", 0))
        for call in _list_calls(module, name)
        if len(call.args) > place
    ]
    return {text for text in texts if text} - _QUIET


def _list_calls(module: Module, name: str) -> Iterator[ast.Call]:
    return (call for _, called, call in module.list_calls() if called == name)


def _read(node: ast.expr) -> str:
    """Return a text as it stands in the source."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(
            part.value if isinstance(part, ast.Constant) and isinstance(part.value, str) else "…"
            for part in node.values
        )
    return ""
