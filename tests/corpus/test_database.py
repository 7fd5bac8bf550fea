"""What is under the store, a file or a server: all or nothing, nobody waits to read, writers take turns."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

import pytest

from citewell.corpus.database import TABLES, Database
from citewell.corpus.errors import CorruptLibrary, LibraryBusy, LibraryMissing
from citewell.corpus.server import Server
from citewell.corpus.sqlite import SqliteDatabase
from citewell.corpus.stored import opened
from tests.postgres import Postgres
from tests.truths import altered


@pytest.fixture
def database(truth: Path | Server) -> Iterator[Database]:
    made, _ = opened(truth, create=True)
    yield made
    made.close()


def add(database: Database, *article_ids: str) -> None:
    with database.transaction() as db:
        for article_id in article_ids:
            db.execute("INSERT INTO articles VALUES (?, 1, '')", (article_id,))


def ids(database: Database) -> list[object]:
    return [article_id for (article_id,) in database.rows("SELECT id FROM articles ORDER BY id")]


# -- transactions -----------------------------------------------------------------------------------------------


def test_what_a_transaction_wrote_is_there_when_the_library_is_opened_again(
    truth: Path | Server, database: Database
) -> None:
    add(database, "a", "b")
    database.close()
    with closing(opened(truth, create=False)[0]) as again:
        assert ids(again) == ["a", "b"]


def broken_off(database: Database) -> None:
    with database.transaction() as db:
        db.execute("INSERT INTO articles VALUES ('a', 1, '')")
        raise KeyboardInterrupt


def test_a_transaction_that_is_broken_off_leaves_nothing(database: Database) -> None:
    with pytest.raises(KeyboardInterrupt):
        broken_off(database)
    assert ids(database) == []
    add(database, "b")
    assert ids(database) == ["b"]


def test_a_transaction_in_another_is_a_part_of_it(database: Database) -> None:
    def outer() -> None:
        with database.transaction():
            add(database, "b")
            assert ids(database) == ["b"]
            broken_off(database)

    with pytest.raises(KeyboardInterrupt):
        outer()
    assert ids(database) == []


def test_a_statement_that_the_schema_forbids_undoes_the_whole_transaction(database: Database) -> None:
    with pytest.raises(CorruptLibrary, match=r"(?i)unique"):
        add(database, "a", "b", "a")
    assert ids(database) == []


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO articles VALUES ('a', 'not a number', '')",
        "INSERT INTO passages VALUES ('no such text', 0, 1, NULL, NULL, NULL, '[]', '')",
        "INSERT INTO texts VALUES ('sha', NULL, 'cut-1')",
        "SELECT * FROM no_such_table",
    ],
)
def test_the_schema_holds_types_and_references(database: Database, statement: str) -> None:
    with pytest.raises(CorruptLibrary), database.transaction() as db:
        db.execute(statement)


def test_a_reader_does_not_wait_for_a_writer_and_sees_what_was_before(
    truth: Path | Server, database: Database
) -> None:
    reader, _ = opened(truth, create=False)
    add(database, "a")
    with database.transaction() as db:
        db.execute("INSERT INTO articles VALUES ('b', 1, '')")
        assert ids(reader) == ["a"]
    assert ids(reader) == ["a", "b"]
    reader.close()


def test_a_second_writer_is_told_that_the_library_is_busy(
    truth: Path | Server, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("citewell.corpus.postgres_connection.LOCK_WAIT", 0.01)
    second, _ = opened(truth, create=False)
    if isinstance(second, SqliteDatabase):
        second.rows("PRAGMA busy_timeout = 1")  # rather than 30 s
    with database.transaction(), pytest.raises(LibraryBusy) as busy:
        add(second, "a")
    assert busy.value.folder == second.place.folder
    add(second, "a")
    assert ids(database) == ["a"]
    second.close()


def test_what_counts_on_from_what_is_there_counts_every_time(
    truth: Path | Server, database: Database
) -> None:
    """Two writers that look before they write: nobody writes what another wrote meanwhile."""
    second, _ = opened(truth, create=False)

    def count(database: Database) -> None:
        for _ in range(25):
            with database.transaction() as db:
                (last,) = db.execute("SELECT coalesce(max(number), 0) FROM changes").fetchone()
                db.execute("INSERT INTO changes VALUES (?, 'a', 'put', 1, 0, '', '')", (last + 1,))

    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(count, (database, second))) == [None, None]
    assert database.rows("SELECT count(*), max(number) FROM changes") == [(50, 50)]
    second.close()


def test_ids_sort_by_code_points_whatever_the_language(database: Database) -> None:
    names = ["é", "a", "B", "Z", "z", "a-b", "a.b", "ab", "\U0001f642", "\ufffd", "_"]
    add(database, *names)
    assert ids(database) == sorted(names)
    assert database.rows("SELECT min(id), max(id) FROM articles") == [("B", "\U0001f642")]


# -- the whole of it --------------------------------------------------------------------------------------------


def content(database: Database) -> list[list[object]]:
    with database.snapshot() as db:
        return [sorted(db.execute(f"SELECT * FROM {table}"), key=str) for table in TABLES]


@pytest.mark.parametrize("name", ["sqlite", "postgres"])
def test_a_copy_holds_the_same_and_another_database_can_become_it(
    database: Database, name: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    add(database, "a", "b")
    database.copy_to(tmp_path / "copy.db")
    with closing(SqliteDatabase(tmp_path / "copy.db")) as copy:
        assert content(copy) == content(database)
        at: Path | Server = tmp_path / "other.db"
        if name == "postgres":
            server: Postgres = request.getfixturevalue("postgres")
            at = server.server(tmp_path)
        other, _ = opened(at, create=True)
        add(other, "c")
        other.replace_with(copy)
        assert content(other) == content(database)
        other.close()


def test_what_is_read_at_one_moment_stays_as_it_was(truth: Path | Server, database: Database) -> None:
    writer, _ = opened(truth, create=False)
    add(writer, "a")
    with database.snapshot() as db:
        before = list(db.execute("SELECT id FROM articles"))
        add(writer, "b")
        assert list(db.execute("SELECT id FROM articles")) == before == [("a",)]
    writer.close()


def test_deleted_rows_can_be_swept(database: Database) -> None:
    add(database, "a", "b")
    with database.transaction() as db:
        db.execute("DELETE FROM articles WHERE id = 'a'")
    database.vacuum()
    assert ids(database) == ["b"]


def test_a_row_that_refers_to_nothing_is_a_fault(truth: Path | Server, database: Database) -> None:
    assert database.faults() == []
    altered(truth, "INSERT INTO pages VALUES ('no such text', 'x', '[]', '')")
    assert len(database.faults()) == 1


# -- opening ----------------------------------------------------------------------------------------------------


def test_a_library_that_is_not_there_is_missing_and_not_made(truth: Path | Server) -> None:
    for _ in range(2):
        with pytest.raises(LibraryMissing) as missing:
            opened(truth, create=False)
        assert missing.value.folder == truth.folder if isinstance(truth, Server) else truth.parent


def test_a_library_is_made_once_and_opened_then(truth: Path | Server, database: Database) -> None:
    add(database, "a")
    for create in (False, True):
        with closing(opened(truth, create)[0]) as again:
            assert ids(again) == ["a"]


def test_many_that_make_a_library_at_once_make_one(truth: Path | Server) -> None:
    """Who is told that it is busy tries again; nobody takes what another is making for something else."""

    def make(_: int) -> Database:
        while True:
            with suppress(LibraryBusy):
                return opened(truth, create=True)[0]

    with ThreadPoolExecutor(6) as threads:
        made = list(threads.map(make, range(6)))
    assert len({str(each.rows("SELECT epoch FROM library")) for each in made}) == 1
    for each in made:
        each.close()
