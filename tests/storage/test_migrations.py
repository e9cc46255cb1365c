"""The schema: made once, by whoever comes first, and the same as the tables in Python."""

import logging
import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import DBAPIError

from app.storage import staff_tables, tables  # noqa: F401  importing them is what fills METADATA
from app.storage.engine import SchemaRevisionError, begin_read, begin_write, create_engine_for, is_current, migrate
from app.storage.metadata import METADATA, SCHEMA_REVISION

MIGRATE = """
import sys
from app.storage.engine import create_engine_for, migrate
engine = create_engine_for(sys.argv[1])
migrate(engine)
engine.dispose()
print("alembic" in sys.modules)
"""


def start_process(url: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "error", "-c", MIGRATE, url]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_the_migrated_schema_is_the_one_the_tables_describe(engine: Engine) -> None:
    with begin_read(engine) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, METADATA)
        schema = inspect(connection)
        indexes = {index["name"] for index in schema.get_indexes("drafts")}
        unique = {constraint["name"] for constraint in schema.get_unique_constraints("drafts")}
        foreign = {key["name"] for key in schema.get_foreign_keys("drafts")}
    assert differences == []
    assert "ix_drafts_expires_at" in indexes
    assert unique == {"uq_drafts_secret_hash"}
    assert foreign == {"fk_drafts_edition_hash"}


def test_the_revision_the_tables_name_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", "app.storage:migrations")
    assert ScriptDirectory.from_config(config).get_heads() == [SCHEMA_REVISION]


def test_processes_that_start_together_migrate_once_and_all_go_on(database_url: str) -> None:
    processes = [start_process(database_url) for _ in range(4)]
    results = [(process.communicate(timeout=60), process.returncode) for process in processes]
    assert [(errors, code) for (_, errors), code in results] == [("", 0)] * 4
    engine = create_engine_for(database_url)
    with begin_read(engine) as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all() == [SCHEMA_REVISION]
    engine.dispose()


def test_a_start_with_nothing_to_migrate_does_not_import_alembic(engine: Engine) -> None:
    output, errors = start_process(engine.url.render_as_string(hide_password=False)).communicate(timeout=60)
    assert (output, errors) == ("False\n", "")


def test_a_migration_says_nothing(
    database_url: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.INFO)
    engine = create_engine_for(database_url)
    migrate(engine)
    migrate(engine)
    engine.dispose()
    assert caplog.text == ""
    assert capfd.readouterr() == ("", "")


def test_a_migration_that_fails_leaves_the_database_as_it_was(database_url: str) -> None:
    engine = create_engine_for(database_url)
    with begin_write(engine) as connection:
        connection.execute(text("CREATE TABLE drafts (number INTEGER)"))  # in the way of the second table
    with pytest.raises(DBAPIError):
        migrate(engine)
    with begin_read(engine) as connection:
        assert inspect(connection).get_table_names() == ["drafts"]
    with begin_write(engine) as connection:
        connection.execute(text("DROP TABLE drafts"))
    migrate(engine)
    with begin_read(engine) as connection:
        assert set(inspect(connection).get_table_names()) == {"alembic_version", *METADATA.tables}
    engine.dispose()


@pytest.mark.parametrize("oldest", [None, "9998", "9999"])
def test_a_database_that_a_newer_program_made_unfit_is_refused(engine: Engine, oldest: str | None) -> None:
    tell(engine, oldest)
    with pytest.raises(SchemaRevisionError, match="the database is at schema revision 9999") as caught:
        migrate(engine)
    assert (caught.value.found, caught.value.known) == ("9999", SCHEMA_REVISION)


@pytest.mark.parametrize("oldest", ["0004", SCHEMA_REVISION])
def test_a_database_that_a_newer_program_only_added_to_is_worked_with_and_left_as_it_is(
    engine: Engine, oldest: str
) -> None:
    tell(engine, oldest)
    migrate(engine)
    with begin_read(engine) as connection:
        assert not is_current(connection)
        assert connection.execute(text("SELECT * FROM alembic_version")).all() == [("9999", oldest)]


def tell(engine: Engine, oldest: str | None) -> None:
    with begin_write(engine) as connection:
        statement = text("UPDATE alembic_version SET version_num = '9999', oldest_program = :oldest")
        connection.execute(statement, {"oldest": oldest})


def test_before_that_was_told_every_newer_database_is_refused(engine: Engine) -> None:
    with begin_write(engine) as connection:
        connection.execute(text("ALTER TABLE alembic_version DROP COLUMN oldest_program"))
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaRevisionError):
        migrate(engine)


def test_time_outs_are_the_usual_ones_after_a_migration(database_url: str) -> None:
    engine = create_engine_for(database_url)
    migrate(engine)
    asked = {"sqlite": "PRAGMA busy_timeout", "postgresql": "SHOW lock_timeout"}[engine.dialect.name]
    with begin_write(engine) as one, begin_read(engine) as other:
        timeouts = [connection.exec_driver_sql(asked).scalar() for connection in (one, other)]
    engine.dispose()
    assert timeouts in ([5000, 5000], ["5s", "5s"])
