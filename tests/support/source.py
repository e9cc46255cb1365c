"""The program as text and syntax trees, for the tests that read it instead of running it."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Module:
    """One Python file: `name` as it is imported, `path` from the repository's root."""

    name: str
    path: str
    lines: int
    tree: ast.Module

    def list_imports(self) -> list[tuple[int, str]]:
        """Return line and full name of all that is imported, at whatever depth: `from a import b` gives `a.b`.

        What an import by text names is as much as the text itself tells, and maybe nothing.
        """
        found = []
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found += [(node.lineno, alias.name) for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                base = self._resolve(node)
                found += [(node.lineno, f"{base}.{alias.name}") for alias in node.names]
            elif isinstance(node, ast.Call) and _get_last_name(node.func) in {"import_module", "__import__"}:
                found.append((node.lineno, _get_start(node.args[0])))
        return found

    def list_calls(self) -> Iterator[tuple[int, str, ast.Call]]:
        """Give line, last name and node of every call: `a.b(c)` and `b(c)` are both called `b`."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                yield node.lineno, _get_last_name(node.func), node

    def list_functions(self) -> list[tuple[str, int]]:
        """Return name and length in lines of every function and method, with what is defined inside them."""
        return [
            (node.name, (node.end_lineno or node.lineno) - node.lineno + 1)
            for node in ast.walk(self.tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        ]

    def _resolve(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        is_package = self.path.endswith("__init__.py")
        parts = self.name.split(".")
        parent = parts[: len(parts) - node.level + is_package]
        return ".".join([*parent, *filter(None, [node.module])])


@cache
def read_modules(*folders: str) -> tuple[Module, ...]:
    """Return every Python file in folders named from the repository's root."""
    return tuple(_read(path) for folder in folders for path in sorted((ROOT / folder).rglob("*.py")))


def _read(path: Path) -> Module:
    text = path.read_text()
    place = path.relative_to(ROOT)
    parts = place.with_suffix("").parts
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    return Module(name, str(place), len(text.splitlines()), ast.parse(text))


def _get_last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _get_start(node: ast.expr) -> str:
    first = node.values[0] if isinstance(node, ast.JoinedStr) else node
    return str(first.value) if isinstance(first, ast.Constant) else ""
