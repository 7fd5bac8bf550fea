"""The SQLite file under the store: flushed at every commit, and left alone when it is no library."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from citewell.corpus.database import SCHEMA_VERSION
from citewell.corpus.errors import CorruptLibrary, LibraryMissing
from citewell.corpus.sqlite import SqliteDatabase


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "library.db"


@pytest.fixture
def database(file: Path) -> Iterator[SqliteDatabase]:
    opened = SqliteDatabase(file, create=True)
    yield opened
    opened.close()


def add(database: SqliteDatabase, *article_ids: str) -> None:
    with database.transaction() as db:
        for article_id in article_ids:
            db.execute("INSERT INTO articles VALUES (?, 1, '')", (article_id,))


def ids(database: SqliteDatabase) -> list[object]:
    return [article_id for (article_id,) in database.rows("SELECT id FROM articles ORDER BY id")]


def test_every_commit_is_flushed_to_a_write_ahead_log(database: SqliteDatabase) -> None:
    modes = [
        database.rows(f"PRAGMA {name}")[0][0] for name in ("journal_mode", "synchronous", "foreign_keys")
    ]
    assert modes == ["wal", 2, 1]  # 2 is FULL


# -- opening ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["missing.db", "no/folder/library.db", "."])
def test_a_library_that_is_not_there_is_missing_and_not_made(tmp_path: Path, name: str) -> None:
    with pytest.raises(LibraryMissing) as missing:
        SqliteDatabase(tmp_path / name)
    assert missing.value.folder == (tmp_path / name).parent
    assert list(tmp_path.iterdir()) == []


def test_a_library_is_made_once_and_opened_then(file: Path) -> None:
    made = SqliteDatabase(file, create=True)
    add(made, "a")
    made.close()
    for create in (False, True):
        opened = SqliteDatabase(file, create)
        assert ids(opened) == ["a"]
        opened.close()


@pytest.mark.parametrize("create", [False, True])
@pytest.mark.parametrize(
    "content", [b"no database\n" * 500, b"a short note\n", b"SQLite format 3\0" + b"\xff" * 4096]
)
def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(
    file: Path, content: bytes, create: bool
) -> None:
    file.write_bytes(content)
    with pytest.raises(CorruptLibrary):
        SqliteDatabase(file, create).close()
    assert file.read_bytes() == content


def test_a_database_of_another_program_is_refused_and_left_as_it_is(file: Path) -> None:
    other = sqlite3.connect(file)
    other.execute("CREATE TABLE recipes (name TEXT)")
    other.close()
    content = file.read_bytes()
    with pytest.raises(CorruptLibrary, match="schema 0"):
        SqliteDatabase(file, create=True)
    assert file.read_bytes() == content


@pytest.mark.parametrize("version", [SCHEMA_VERSION + 1, 999, -1])
def test_a_library_of_another_schema_is_refused(file: Path, database: SqliteDatabase, version: int) -> None:
    database.rows(f"PRAGMA user_version = {version}")
    database.close()
    content = file.read_bytes()
    with pytest.raises(CorruptLibrary, match=rf"schema {version}, this one reads {SCHEMA_VERSION}"):
        SqliteDatabase(file)
    assert file.read_bytes() == content


def test_an_empty_database_is_no_library_unless_one_is_made(file: Path) -> None:
    sqlite3.connect(file).execute("PRAGMA journal_mode = WAL").connection.close()
    assert file.stat().st_size
    with pytest.raises(CorruptLibrary, match="is empty"):
        SqliteDatabase(file)
    SqliteDatabase(file, create=True).close()
    SqliteDatabase(file).close()


def test_a_damaged_page_is_noticed(file: Path, database: SqliteDatabase) -> None:
    add(database, *(f"article-{n}" for n in range(1000)))
    database.close()
    content = file.read_bytes()
    file.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    damaged = SqliteDatabase(file)
    with pytest.raises(CorruptLibrary, match="Restore a backup into a new folder"):
        ids(damaged)
    damaged.close()
