"""The squashed migrations give an empty database the same schema as those that they replace."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.db.migrations.loader import MigrationLoader

from tests.served import ServedSite

APPS = ("labeling", "review", "merging")

#: Migrates an empty database to these migrations: by squashed ones where there are any, or not.
MIGRATE = """
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

executor = MigrationExecutor(connection)
executor.loader.replace_migrations = {squashed}
executor.loader.build_graph()
executor.migrate({targets})
"""


def squashes() -> dict[tuple[str, str], list[tuple[str, str]]]:
    """Return each squashed migration of the apps with the migrations that it replaces, in order."""
    loader = MigrationLoader(None)
    return {
        key: list(migration.replaces)
        for key, migration in sorted(loader.disk_migrations.items())
        if key[0] in APPS and migration.replaces
    }


def test_each_app_is_squashed_once() -> None:
    assert sorted(app for app, _ in squashes()) == sorted(APPS)


def test_on_sqlite(tmp_path: Path) -> None:
    found = []
    for squashed in (True, False):
        site = ServedSite(tmp_path / f"squashed-{squashed}")
        site.home.mkdir()
        migrate(site, squashed)
        with closing(sqlite3.connect(site.home / "ai4mars.sqlite3")) as database:
            found.append({**sqlite_schema(database), "groups": rows(database, GROUPS)})
    assert len(found[0]) > 50
    assert found[0]["groups"]
    assert found[0] == found[1]


@pytest.mark.servers
def test_on_postgresql(tmp_path: Path, new_postgres_database: Any) -> None:
    found = []
    for squashed in (True, False):
        url = new_postgres_database()
        migrate(ServedSite(tmp_path, {"DATABASE_URL": url}), squashed)
        with closing(psycopg2.connect(url)) as database:
            found.append({name: rows(database, query) for name, query in POSTGRES.items()})
    assert len(found[0]["columns"]) > 300
    assert found[0] == found[1]


def migrate(site: ServedSite, squashed: bool) -> None:
    targets = [key if squashed else replaced[-1] for key, replaced in squashes().items()]
    program = MIGRATE.format(squashed=squashed, targets=targets)
    site.manage("shell", "-v0", "-c", program)


def sqlite_schema(database: sqlite3.Connection) -> dict[str, Any]:
    """Return the definition of each table, index and trigger; the parts of a table in any order.

    SQLite moves an altered column to the end, so the order of columns depends on history.
    """
    found: dict[str, Any] = {}
    for kind, name, sql in rows(
        database, "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL"
    ):
        found[f"{kind} {name}"] = parts(sql) if kind == "table" else sql
    return found


def parts(sql: str) -> list[str]:
    """Return the columns and constraints of a CREATE TABLE."""
    inside = sql[sql.index("(") + 1 : sql.rindex(")")]
    found, depth, start = [], 0, 0
    for place, letter in enumerate(inside):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            found.append(inside[start:place].strip())
            start = place + 1
    found.append(inside[start:].strip())
    return sorted(found)


#: The only rows that migrations give an empty database.
GROUPS = "SELECT name FROM auth_group ORDER BY name"

#: What a schema is made of, apart from the numbers that PostgreSQL gives to its parts.
POSTGRES = {
    "columns": """
        SELECT table_name, column_name, data_type, character_maximum_length,
               is_nullable, column_default, is_identity, collation_name
        FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2""",
    "constraints": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2""",
    "indexes": """
        SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1""",
    "triggers": """
        SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid)
        FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2""",
    "sequences": """
        SELECT sequencename, data_type::text, start_value, increment_by
        FROM pg_sequences WHERE schemaname = 'public' ORDER BY 1""",
    "groups": GROUPS,
}


def rows(database: Any, query: str) -> list[Any]:
    cursor = database.cursor()
    cursor.execute(query)
    return list(cursor.fetchall())
