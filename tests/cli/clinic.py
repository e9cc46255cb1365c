"""A clinic with made-up responses for commands to work on: its folder, and its database looked into from outside."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tests.cli.conftest import Outcome, Run


@dataclass(frozen=True, slots=True)
class Lived:
    """A clinic in a folder, and a way to run commands for it."""

    run_command: Run
    folder: Path

    def run(self, *words: str, **settings: str) -> Outcome:
        """Run `foreword` with words for this clinic."""
        return self.run_command(*words, **{"FOREWORD_DEMO": "1", "FOREWORD_DATA": str(self.folder), **settings})

    def ask(self, statement: str) -> list[tuple[object, ...]]:
        """Return the rows a statement gives."""
        with closing(sqlite3.connect(self.folder / "foreword.sqlite3")) as connection:
            rows: list[tuple[object, ...]] = connection.execute(statement).fetchall()
            connection.commit()
        return rows

    def list_references(self) -> list[str]:
        """Return the reference of every response, oldest first."""
        return [str(row[0]) for row in self.ask("SELECT reference FROM responses ORDER BY received_at")]


def make_clinic(run: Run, folder: Path, responses: int = 8) -> Lived:
    """Return a clinic that has received some made-up responses."""
    lived = Lived(run, folder / "data")
    made = lived.run("demo", "--responses", str(responses))
    assert made.code == 0, made.err
    return lived
