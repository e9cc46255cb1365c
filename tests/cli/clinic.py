"""A clinic with made-up responses for commands to work on: its folder, and its database looked into from outside."""

from dataclasses import dataclass
from pathlib import Path

from app.storage.engine import begin_write, create_engine_for
from tests.cli.conftest import Outcome, Run


@dataclass(frozen=True, slots=True)
class Lived:
    """A clinic in a folder, and a way to run commands for it."""

    run_command: Run
    folder: Path
    url: str = ""

    def run(self, *words: str, **settings: str) -> Outcome:
        """Run `foreword` with words for this clinic."""
        return self.run_command(*words, **{**self.environ, **settings})

    @property
    def environ(self) -> dict[str, str]:
        """Return the settings of this clinic."""
        plain = {"FOREWORD_DEMO": "1", "FOREWORD_DATA": str(self.folder)}
        return plain | ({"FOREWORD_DATABASE_URL": self.url} if self.url else {})

    def ask(self, statement: str) -> list[tuple[object, ...]]:
        """Return the rows a statement gives."""
        engine = create_engine_for(self.url or f"sqlite:///{self.folder}/foreword.sqlite3")
        with begin_write(engine) as connection:
            result = connection.exec_driver_sql(statement)
            rows = [tuple(row) for row in result] if result.returns_rows else []
        engine.dispose()
        return rows

    def list_references(self) -> list[str]:
        """Return the reference of every response, oldest first."""
        return [str(row[0]) for row in self.ask("SELECT reference FROM responses ORDER BY received_at")]


def make_clinic(run: Run, folder: Path, responses: int = 8, url: str = "") -> Lived:
    """Return a clinic that has received some made-up responses, on SQLite unless a database is named."""
    lived = Lived(run, folder / "data", url)
    made = lived.run("demo", "--responses", str(responses))
    assert made.code == 0, made.err
    return lived
