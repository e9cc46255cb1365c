"""Migrations while others work: each only adds, which is looked up in the database itself, and none locks for long."""

import ast
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, Engine, inspect, text

from app.storage.engine import begin_read, begin_write, create_engine_for, find_revision, migrate
from app.storage.metadata import SCHEMA_REVISION

LAST_WITHOUT_RULE = "0004"


def build_config() -> Config:
    config = Config()
    config.set_main_option("script_location", "app.storage:migrations")
    return config


REVISIONS = sorted(ScriptDirectory.from_config(build_config()).walk_revisions(), key=lambda script: script.revision)
RULED = [script for script in REVISIONS if script.revision > LAST_WITHOUT_RULE]


def upgrade_to(engine: Engine, revision: str) -> None:
    """Migrate a database that nobody works with, no further than to a revision."""
    config = build_config()
    with begin_write(engine) as connection:
        config.attributes.update(connection=connection, is_live=False)
        command.upgrade(config, revision)


@pytest.fixture
def bare(database_url: str) -> Iterator[Engine]:
    """Give a database without a schema."""
    engine = create_engine_for(database_url)
    yield engine
    engine.dispose()


@dataclass(frozen=True, slots=True)
class Shape:
    """What a program relies on: tables, their columns, and all that can refuse a row."""

    columns: dict[tuple[str, str], tuple[str, bool]]
    added_to: dict[tuple[str, str], bool]
    refusals: frozenset[str]

    def list_faults(self, before: "Shape") -> list[str]:
        """Return what a program that knows the shape before would stumble over."""
        tables = {table for table, _ in before.columns}
        changed = [f"{one} is gone or another" for one, kind in before.columns.items() if self.columns.get(one) != kind]
        asked_for = [
            f"{one} must be given"
            for one, may_be_left_out in self.added_to.items()
            if one not in before.columns and one[0] in tables and not may_be_left_out
        ]
        return changed + asked_for + [f"{one} refuses" for one in self.refusals - before.refusals]


def read_shape(connection: Connection) -> Shape:
    schema = inspect(connection)
    columns, added_to, refusals = {}, {}, set()
    tables = [table for table in schema.get_table_names() if table != "alembic_version"]
    for table in tables:
        for column in schema.get_columns(table):
            key = (table, column["name"])
            columns[key] = (str(column["type"]), column["nullable"])
            added_to[key] = column["nullable"] or column["default"] is not None
        unique = [*schema.get_unique_constraints(table), *(one for one in schema.get_indexes(table) if one["unique"])]
        for one in [*unique, *schema.get_check_constraints(table)]:
            refusals.add(f"{table}: {one['name']}")
        for foreign in schema.get_foreign_keys(table):
            if foreign["options"].get("ondelete", "").upper() != "CASCADE":
                refusals.add(f"{foreign['referred_table']}: rows that {table} refers to")
            refusals.add(f"{table}: {foreign['constrained_columns']}")
    kinds = {
        "sqlite": "SELECT tbl_name, name FROM sqlite_schema WHERE type = 'trigger'",
        "postgresql": "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE NOT tgisinternal",
    }
    for table, name in connection.execute(text(kinds[connection.dialect.name])):
        refusals.add(f"{table}: {name}")
    return Shape(columns, added_to, frozenset(refusals))


def keep_to(shape: Shape, before: Shape) -> Shape:
    """Return a shape without what refuses rows of tables that were not there before: no old program writes any."""
    tables = {table for table, _ in before.columns}
    return Shape(
        shape.columns, shape.added_to, frozenset(one for one in shape.refusals if one.partition(":")[0] in tables)
    )


def find_faults(before: Shape, after: Shape) -> list[str]:
    return keep_to(after, before).list_faults(before)


def test_what_each_migration_leaves_behind_fits_the_oldest_program_it_names(bare: Engine) -> None:
    shapes = {}
    for script in REVISIONS:
        upgrade_to(bare, script.revision)
        with begin_read(bare) as connection:
            shapes[script.revision] = read_shape(connection)
    assert RULED
    for script in RULED:
        faults = find_faults(shapes[script.module.oldest_program], shapes[script.revision])
        assert not faults, f"{script.revision} does not fit {script.module.oldest_program}: {faults}"


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE responses DROP COLUMN call_on",
        "ALTER TABLE responses RENAME COLUMN call_on TO call_at",
        "ALTER TABLE responses RENAME TO forms",
        "ALTER TABLE drafts ADD COLUMN kind INTEGER NOT NULL DEFAULT 0 UNIQUE",
        "CREATE UNIQUE INDEX one_owner ON responses (owner)",
        "CREATE TABLE scans (reference VARCHAR(16) REFERENCES responses (reference))",
        "DROP TABLE notes",
    ],
)
def test_the_rule_sees_what_an_old_program_would_stumble_over(bare: Engine, statement: str) -> None:
    migrate(bare)
    with begin_write(bare) as connection:
        before = read_shape(connection)
        connection.execute(text(statement.removesuffix(" UNIQUE") if bare.dialect.name == "sqlite" else statement))
        if statement.endswith("UNIQUE") and bare.dialect.name == "sqlite":
            connection.execute(text("CREATE UNIQUE INDEX one_kind ON drafts (kind)"))
        assert find_faults(before, read_shape(connection))


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE responses ADD COLUMN room TEXT",
        "ALTER TABLE responses ADD COLUMN room TEXT NOT NULL DEFAULT ''",
        "CREATE TABLE x (of TEXT UNIQUE, FOREIGN KEY (of) REFERENCES responses (reference) ON DELETE CASCADE)",
        "CREATE INDEX by_owner ON responses (owner)",
    ],
)
def test_the_rule_lets_pass_what_only_adds(bare: Engine, statement: str) -> None:
    migrate(bare)
    with begin_write(bare) as connection:
        before = read_shape(connection)
        connection.execute(text(statement))
        assert find_faults(before, read_shape(connection)) == []


def test_the_oldest_program_never_gets_older() -> None:
    named = [script.module.oldest_program for script in RULED]
    assert named == sorted(named)
    assert all(script.module.oldest_program <= script.revision for script in RULED)


@pytest.mark.parametrize("script", RULED, ids=lambda script: script.revision)
def test_an_index_on_a_table_of_old_is_made_beside_those_who_write(script: Script) -> None:
    calls = [node for node in ast.walk(ast.parse(open_source(script))) if isinstance(node, ast.Call)]
    made = {_get_text(call, 0) for call in calls if _get_name(call) == "create_table"}
    wrong = [
        _get_text(call, 0) for call in calls if _get_name(call) == "create_index" and _get_text(call, 1) not in made
    ]
    assert not wrong, f"{script.revision}: {wrong} would lock its table: use make_index"


def open_source(script: Script) -> str:
    with open(script.path, encoding="utf-8") as file:  # noqa: PTH123  Alembic gives a text
        return file.read()


def _get_name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def _get_text(call: ast.Call, number: int) -> Any:  # noqa: ANN401  whatever stands there
    argument = call.args[number] if len(call.args) > number else None
    return argument.value if isinstance(argument, ast.Constant) else None


ENTRY = text(
    "INSERT INTO audit_entries (number, at, actor, action, subject, outcome, origin, about, link) "
    "VALUES (:number, now(), 'program', 'test.done', '', 'done', '', '{}', '')"
)


def test_on_postgresql_others_write_while_an_index_is_made(postgres_url: str) -> None:
    engine = create_engine_for(postgres_url)
    upgrade_to(engine, "0004")
    with ThreadPoolExecutor(1) as thread:
        with begin_write(engine) as slow:
            slow.execute(ENTRY, {"number": 1})
            migrated = thread.submit(migrate, engine)
            while not find_waiting_index(engine):
                assert not migrated.done(), migrated.result()
            with begin_write(engine) as connection:  # waits for its lock no longer than five seconds
                connection.execute(ENTRY, {"number": 2})
            assert not migrated.done()
        migrated.result(timeout=60)
    assert find_revision(engine) == SCHEMA_REVISION
    with begin_read(engine) as connection:
        valid = connection.execute(text("SELECT bool_and(indisvalid) FROM pg_index")).scalar_one()
        assert valid
    engine.dispose()


def find_waiting_index(engine: Engine) -> bool:
    """Tell whether somebody is at making an index, and waits for others."""
    with begin_read(engine) as connection:
        asked = (
            "SELECT count(*) FROM pg_stat_activity WHERE query ILIKE 'CREATE INDEX CONCURRENTLY%' AND state = 'active'"
        )
        return bool(connection.execute(text(asked)).scalar_one())


def test_on_postgresql_a_table_that_is_taken_is_asked_for_again(postgres_url: str) -> None:
    engine = create_engine_for(postgres_url)
    upgrade_to(engine, "0005")
    with ThreadPoolExecutor(1) as thread:
        with engine.connect() as other, other.begin():
            other.execute(text("SELECT * FROM alembic_version"))  # holds a lock that no change of the table goes beside
            migrated = thread.submit(migrate, engine)
            with engine.connect() as patient:
                patient.execute(text("SELECT pg_sleep(2.5)"))  # longer than a change waits
                patient.execute(text("SELECT version_num FROM alembic_version"))
            assert not migrated.done()
        migrated.result(timeout=60)
    assert find_revision(engine) == SCHEMA_REVISION
    engine.dispose()
