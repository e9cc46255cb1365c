"""PostgreSQL does what SQLite does: a demonstration fills, an export holds it, the overview counts it."""

import csv
import io
from pathlib import Path

from sqlalchemy import Engine

from app.desk.export import Office, Order, begin_export
from app.desk.keyring import open_desk
from app.desk.statistics import read_statistics
from app.questionnaire.canonical import dump_canonical
from app.settings import load_settings
from app.storage.editions import record_edition
from app.storage.engine import begin_read, begin_write, create_engine_for, migrate
from tests.browser.patient import load_edition
from tests.desk.conftest import NOW, SPAN, Clinic


def test_a_clinic_on_postgresql(postgres_url: str, tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    settings = load_settings({"FOREWORD_DATA": str(tmp_path), "FOREWORD_DATABASE_URL": postgres_url})
    engine: Engine = create_engine_for(settings.database_url)
    migrate(engine)
    edition = load_edition()
    with begin_write(engine) as connection:
        canonical = dump_canonical(edition.questionnaire)
        record_edition(connection, edition.hash, canonical, language="en", title="Before your visit", now=NOW)
    clinic = Clinic(engine, open_desk(engine, settings, NOW), edition, settings)
    assert clinic.fill(130) == 130
    office = Office(engine=engine, desk=clinic.desk, find_edition=clinic.find_edition, clinic=None, language="en")
    made = begin_export(office, Order(), actor="someone", origin="", now=NOW)
    lines = list(csv.reader(io.StringIO(b"".join(made.write()).decode(), newline=""), strict=True))
    made.end(NOW)
    assert lines[-1][:2] == ["#rows", "130"]
    received = [line[2] for line in lines[2:-1]]
    assert received == sorted(received)
    with begin_read(engine) as connection:
        found = read_statistics(connection, clinic.desk, edition, zone=SPAN.zone, now=NOW, has_items=True)
    assert found.received == sum(count for _, count in found.states) == 130
    engine.dispose()
