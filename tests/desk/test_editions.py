"""Editions: a database that fails, or a machine without memory, is never taken for a flaw of what is stored."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.clinic.editions import EditionShelf
from app.questionnaire.canonical import dump_canonical
from app.storage.editions import record_edition
from app.storage.engine import begin_write
from app.web.edition import EditionKeeper
from tests.desk.conftest import NOW, Clinic
from tests.support.source import ROOT

LARGE = "f" * 64

READ = f"""
import resource, sys
from datetime import UTC, datetime
from pathlib import Path
from app.clinic.editions import EditionShelf
from app.storage.engine import create_engine_for
from app.web.edition import EditionKeeper

engine = create_engine_for(sys.argv[1])
keeper = EditionKeeper(engine, Path("none"), report=print, now=lambda: datetime.now(UTC))
find = {{"shelf": EditionShelf(engine), "keeper": keeper}}[sys.argv[2]].find
find("0" * 64)
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
for more in range(2, 1000, 2):
    resource.setrlimit(resource.RLIMIT_AS, (used + (more << 20), resource.RLIM_INFINITY))
    try:
        found = find({LARGE!r})
    except MemoryError:
        print("no memory")
        continue
    print("read" if found else "taken for one that cannot be read")
    break
"""
"""Reads an edition with a little more memory at each try, and prints how each went."""


@pytest.mark.parametrize("who", ["shelf", "keeper"])
def test_an_edition_that_there_was_no_memory_to_read_is_read_once_there_is(clinic: Clinic, who: str) -> None:
    content = json.loads(dump_canonical(clinic.edition.questionnaire))
    content["questionnaire"]["article"] += content["questionnaire"]["article"][:1] * 8_000
    with begin_write(clinic.engine) as connection:
        record_edition(connection, LARGE, json.dumps(content), language="en", title="Large", now=NOW)
    command = [sys.executable, "-c", READ, clinic.settings.database_url, who]
    tries = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    assert tries[:2] == ["no memory"] * 2
    assert set(tries[:-1]) == {"no memory"}
    assert tries[-1] == "read"


def test_a_database_that_failed_is_asked_again_at_once(any_clinic: Clinic) -> None:
    keeper = EditionKeeper(any_clinic.engine, Path("none"), report=print, now=lambda: NOW)
    for find in (EditionShelf(any_clinic.engine).find, keeper.find):
        with begin_write(any_clinic.engine) as connection:
            connection.execute(text("ALTER TABLE editions RENAME TO away"))
        with pytest.raises(DBAPIError):
            find(any_clinic.edition.hash)
        with begin_write(any_clinic.engine) as connection:
            connection.execute(text("ALTER TABLE away RENAME TO editions"))
        assert find(any_clinic.edition.hash) is not None
