"""What is remembered of mirrored files: kept over processes, lost without harm."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from citewell.corpus.looking import Stamp
from citewell.index.mirror import Known
from citewell.index.seen import Seen

ONE = Known(Stamp(5, 2**63 + 1, 7, 2**64 - 1), "sha", "as", {"a": 1, "b": 2})
TWO = Known(Stamp(6, 1, 1, 1), "", "as", {"c": 1})


@pytest.fixture
def seen(tmp_path: Path) -> Iterator[Seen]:
    with closing(Seen(tmp_path / "seen.db")) as opened:
        opened.put({"/notes/one": ONE, "/notes/deep/two": TWO, "/notes.old/x": TWO, "/notes": TWO})
        yield opened


def test_the_files_of_a_folder_are_those_below_it(seen: Seen) -> None:
    assert seen.files("/notes") == {"/notes/one": ONE, "/notes/deep/two": TWO}
    assert len(seen.files("/")) == 4
    assert seen.files("/other") == {}


def test_it_is_there_in_the_next_process_until_it_is_forgotten(seen: Seen) -> None:
    seen.forget(["/notes/one", "/unknown"])
    seen.put({"/notes/deep/two": ONE})
    with closing(Seen(seen.file)) as again:
        assert again.files("/notes") == {"/notes/deep/two": ONE}


def test_files_that_gave_other_articles_are_forgotten(seen: Seen) -> None:
    seen.keep_only({"a", "c"})
    assert [*seen.files("/")] == ["/notes", "/notes.old/x", "/notes/deep/two"]


@pytest.mark.parametrize("column", ["name", "stamp", "sha", "read_as", "articles", "digest"])
def test_an_altered_row_is_a_lost_one(seen: Seen, column: str) -> None:
    with closing(sqlite3.connect(seen.file)) as db, db:
        changed = db.execute(f"UPDATE files SET {column} = {column} || '1' WHERE name = '/notes/one'")
        assert changed.rowcount == 1
    assert seen.files("/notes") == {"/notes/deep/two": TWO}
    seen.keep_only({"a", "b", "c"})
    with closing(sqlite3.connect(seen.file)) as db:
        assert db.execute("SELECT count(*) FROM files").fetchone() == (3,)


@pytest.mark.parametrize("content", [b"no database", b"SQLite format 3\0" + bytes(5000)])
def test_a_damaged_file_is_made_anew(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "seen.db").write_bytes(content)
    with closing(Seen(tmp_path / "seen.db")) as opened:
        assert opened.files("/notes") == {}
        opened.put({"/notes/one": ONE})
        assert opened.files("/notes") == {"/notes/one": ONE}


def test_a_file_of_another_schema_is_made_anew(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "seen.db")) as db:
        db.execute("CREATE TABLE files (name TEXT)")
    with closing(Seen(tmp_path / "seen.db")) as opened:
        opened.put({"/notes/one": ONE})
        assert opened.files("/notes") == {"/notes/one": ONE}
