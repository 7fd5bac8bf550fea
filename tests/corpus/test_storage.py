"""What storage refuses is named, and what is another matter is left alone."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from citewell.corpus.errors import StorageFailed
from citewell.corpus.storage import storing


def test_a_file_that_the_error_names_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageFailed, match="No such file") as failed, storing(tmp_path):
        (tmp_path / "nowhere" / "file").touch()
    assert failed.value.file == tmp_path / "nowhere" / "file"


def test_else_the_place_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(StorageFailed, match=r"No space left on device\..*make room") as failed,
        storing(tmp_path),
    ):
        Path("/dev/full").write_text("a word")
    assert failed.value.file == tmp_path


def test_a_database_without_room_is_named(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "db")) as db:
        db.execute("PRAGMA max_page_count = 2")
        db.execute("CREATE TABLE words (word)")
        with pytest.raises(StorageFailed, match="full") as failed, storing(tmp_path / "db"):
            db.execute("INSERT INTO words VALUES (zeroblob(10000))")
    assert failed.value.file == tmp_path / "db"


@pytest.mark.parametrize(
    "error", [ValueError("no number"), sqlite3.DatabaseError("malformed"), KeyboardInterrupt()]
)
def test_what_is_no_matter_of_storage_is_left_alone(tmp_path: Path, error: BaseException) -> None:
    with pytest.raises(type(error)), storing(tmp_path):
        raise error
