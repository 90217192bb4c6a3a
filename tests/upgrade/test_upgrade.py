"""A site of an earlier version is upgraded: nothing is lost, and its work continues.

README.md says what the dumps contain and how they were made.
"""

from __future__ import annotations

import gzip
import json
import re
import sqlite3
import tarfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from tests.served import ServedSite
from tests.upgrade.test_squashed import squashes

DUMPS = Path(__file__).parent

#: Tables of Django's own to which an upgrade adds rows.
GROWING = {"django_content_type", "django_migrations", "auth_permission"}
#: Tables that have another name now.
RENAMED_TABLES: dict[str, str] = {
    "labeling_feedback": "labeling_sitefeedback",
    "labeling_knownanswer": "labeling_referenceanswer",
    "merging_labelingpolicy": "merging_labelingguideline",
}
#: Models that have another name now, as the table of content types has it.
RENAMED_MODELS = {
    "feedback": "sitefeedback",
    "knownanswer": "referenceanswer",
    "labelingpolicy": "labelingguideline",
}
#: Columns that have another name now, by the table's name in the dump.
RENAMED_COLUMNS: dict[str, dict[str, str]] = {
    "labeling_campaign": {"known_image_percent": "reference_image_percent"},
    "labeling_label": {"fixed_at": "locked_at", "fixed_because": "lock_reason"},
    "merging_publishing": {"licence": "license"},
    "merging_release": {"licence": "license", "has_public_board": "has_public_leaderboard"},
    "review_agreementscore": {"opinions_wanted": "opinions_requested"},
    "review_campaignskill": {"claimed_at": "heartbeat_at"},
}
#: Of a part, what tells that its image and labels were the same.
SAME_PART = ("labels", "labelers", "merged_labels", "counted")

#: Formats whose fragments have the metadata of an image, which say more than in the dump: where
#: its rover mask comes from.
WITH_METADATA = {"metadata", "parquet", "webdataset"}

Row = tuple[tuple[str, str], ...]
Contents = dict[str, list[dict[str, Any]]]


class OldSite(ServedSite):
    """A site with a loaded dump, and the content of the dump."""

    before: Contents


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.servers)]
)
def upgraded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> OldSite:
    """Load the dump of one database, and migrate it with the current code."""
    home = tmp_path_factory.mktemp("old-site")
    with tarfile.open(DUMPS / "media.tar.gz") as media:
        media.extractall(home / "media", filter="data")
    if request.param == "sqlite":
        site = OldSite(home)
        with closing(sqlite3.connect(home / "ai4mars.sqlite3")) as database:
            # Some constraints match a regular expression, for which SQLite has no function.
            database.create_function(
                "regexp", 2, lambda pattern, text: bool(re.search(pattern, text))
            )
            database.executescript(dumped("sqlite.sql.gz"))
    else:
        new_database: Callable[[], str] = request.getfixturevalue("new_postgres_database")
        url = new_database()
        site = OldSite(home, {"DATABASE_URL": url})
        # Of psql, which is not needed here.
        script = re.sub(r"^\\(un)?restrict .*$", "", dumped("postgres.sql.gz"), flags=re.M)
        with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as each:
            each.execute(script)
    site.before = contents(site)
    site.manage("migrate", "--verbosity", "0")
    return site


def dumped(name: str) -> str:
    return gzip.decompress((DUMPS / name).read_bytes()).decode()


@contextmanager
def cursor(site: ServedSite) -> Iterator[Any]:
    url = site.environment.get("DATABASE_URL")
    connect: Any = psycopg2.connect(url) if url else sqlite3.connect(site.home / "ai4mars.sqlite3")
    with closing(connect) as connection:
        yield connection.cursor()


def rows(each: Any, query: str) -> list[dict[str, Any]]:
    each.execute(query)
    names = [column[0] for column in each.description]
    return [dict(zip(names, row, strict=True)) for row in each.fetchall()]


def contents(site: ServedSite) -> Contents:
    """Return every row of every table, by the table's name."""
    tables = (
        "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'"
        if "DATABASE_URL" in site.environment
        else "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    )
    with cursor(site) as each:
        names = sorted(row["name"] for row in rows(each, tables))
        return {name: rows(each, f'SELECT * FROM "{name}"') for name in names}


def counted(table: list[dict[str, Any]], columns: dict[str, str]) -> Counter[Row]:
    """Count the distinct rows of these columns; each column has its name from the dump."""
    return Counter(tuple((old, repr(row[new])) for old, new in columns.items()) for row in table)


def test_the_dump_has_rows_in_every_table(upgraded: OldSite) -> None:
    assert len(upgraded.before) > 50
    assert [name for name, table in upgraded.before.items() if not table] == []


def test_nothing_is_lost(upgraded: OldSite) -> None:
    after = contents(upgraded)
    for name, table in upgraded.before.items():
        renamed = RENAMED_COLUMNS.get(name, {})
        columns = {column: renamed.get(column, column) for column in table[0]}
        if name == "django_content_type":
            table = [
                row | {"model": RENAMED_MODELS.get(row["model"], row["model"])} for row in table
            ]
        old = counted(table, {column: column for column in columns})
        new = counted(after[RENAMED_TABLES.get(name, name)], columns)
        assert old - new == Counter(), f"Rows of {name} are gone or changed"
        if name not in GROWING:
            assert new - old == Counter(), f"Rows of {name} came from nowhere"


def test_the_models_are_those_of_the_database(upgraded: OldSite) -> None:
    upgraded.manage("makemigrations", "--check", "--dry-run")


def test_the_squashed_migrations_count_as_applied(upgraded: OldSite) -> None:
    """No migration ran again, so the next version can drop the ones they replace."""
    applied = {(row["app"], row["name"]) for row in contents(upgraded)["django_migrations"]}
    assert squashes().keys() <= applied


def test_work_goes_on(upgraded: OldSite) -> None:
    """Scores are the same, masks are merged, and stopped work is completed."""
    scored, merged, built = (
        upgraded.before[name]
        for name in ("review_agreementscore", "merging_mergedmask", "merging_releasepart")
    )
    upgraded.manage("score_labels", "--all", "--campaign", "demo-renamed")
    out = upgraded.home / "released"
    upgraded.manage(
        *("build_release", "--campaign", "demo-renamed", "--version", "0.3", "--out", str(out))
    )
    upgraded.manage("verify_release", str(next(out.iterdir())))
    # Its estimate was under way; the process that made it ended with the upgrade.
    upgraded.manage("estimate_skill", "--campaign", "other")
    after = contents(upgraded)

    assert {row["status"] for row in after["review_campaignskill"]} == {"estimated"}

    # Labels that were sent last had not been processed yet.
    scores = {
        (row["label_id"], row["labels_version"]): row
        for row in after[table_of("review_agreementscore")]
    }
    again = [row for row in scored if (row["label_id"], row["labels_version"]) in scores]
    assert len(again) > 70
    for row in again:
        now = scores[row["label_id"], row["labels_version"]]
        assert (now["score"], now["pairs"]) == (row["score"], row["pairs"])
    masks = {row["inputs"]: row["mask"] for row in after[table_of("merging_mergedmask")]}
    unchanged = [row for row in merged if row["inputs"] in masks]
    assert len(unchanged) > 15
    assert all(masks[row["inputs"]] == row["mask"] for row in unchanged)

    # Parts of the complete release whose labels and ratings are the same: made again, to the byte,
    # for another RELEASE_CODE made them out of date, and their store was not in the dump.
    [release] = [row for row in after["merging_release"] if row["version"] == "0.3"]
    assert release["status"] == "complete"
    parts = {
        row["product_id"]: row
        for row in after["merging_releasepart"]
        if row["release_id"] == release["id"]
    }
    assert len(parts) > 15
    [earlier] = [row["id"] for row in upgraded.before["merging_release"] if row["version"] == "0.2"]
    same = [
        row
        for row in built
        if row["release_id"] == earlier
        and all(known(row[name]) == known(parts[row["product_id"]][name]) for name in SAME_PART)
    ]
    assert len(same) > 10
    for row in same:
        assert plain(parts[row["product_id"]]["files"]) == plain(row["files"])
        fragments, earlier_ones = (
            plain(part["fragments"]) for part in (parts[row["product_id"]], row)
        )
        assert fragments.keys() == earlier_ones.keys()
        for name in fragments.keys() - WITH_METADATA:
            assert fragments[name] == earlier_ones[name], name


def table_of(name: str) -> str:
    return RENAMED_TABLES.get(name, name)


def known(value: Any) -> Any:
    """Return the value of a column without what parts of the dump did not store yet."""
    value = plain(value)
    if isinstance(value, dict):
        value.pop("rover_mask", None)
    return value


def plain(value: Any) -> Any:
    """Return the value of a JSON column, which SQLite returns as text."""
    return json.loads(value) if isinstance(value, str) else value
