"""The database under the store: what it does, whether a SQLite file or a PostgreSQL server, and the schema of both.

Statements are written once, in what both understand, with ? for each value.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

SCHEMA_VERSION = 5
SCHEMA = """
CREATE TABLE library (epoch TEXT NOT NULL, former TEXT NOT NULL) STRICT;
CREATE TABLE keeping (revisions INTEGER, digest TEXT NOT NULL) STRICT;
CREATE TABLE changes (number INTEGER PRIMARY KEY AUTOINCREMENT, article_id TEXT NOT NULL, kind TEXT NOT NULL,
    revision INTEGER NOT NULL, former INTEGER NOT NULL, recorded_at TEXT NOT NULL, digest TEXT NOT NULL) STRICT;
CREATE INDEX changes_of ON changes (article_id);
CREATE TABLE texts (sha TEXT PRIMARY KEY, text TEXT NOT NULL, cut_recipe TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE passages (text_sha TEXT NOT NULL REFERENCES texts, start INTEGER NOT NULL, "end" INTEGER NOT NULL,
    heading TEXT, header_start INTEGER, header_end INTEGER, sentences TEXT NOT NULL,
    digest TEXT NOT NULL, PRIMARY KEY (text_sha, start)) STRICT, WITHOUT ROWID;
CREATE TABLE excluded (text_sha TEXT NOT NULL REFERENCES texts, start INTEGER NOT NULL, "end" INTEGER NOT NULL,
    rule TEXT NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (text_sha, start)) STRICT, WITHOUT ROWID;
CREATE TABLE articles (id TEXT PRIMARY KEY, live INTEGER, digest TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE revisions (article_id TEXT NOT NULL REFERENCES articles, number INTEGER NOT NULL,
    source TEXT NOT NULL, text_sha TEXT NOT NULL REFERENCES texts, title TEXT NOT NULL, author TEXT, published TEXT,
    language TEXT, metadata TEXT NOT NULL, recorded_at TEXT NOT NULL, original_sha TEXT NOT NULL, reader TEXT NOT NULL,
    digest TEXT NOT NULL, change INTEGER NOT NULL REFERENCES changes, PRIMARY KEY (article_id, number)) STRICT, WITHOUT ROWID;
CREATE TABLE pages (text_sha TEXT NOT NULL REFERENCES texts, original_sha TEXT NOT NULL, starts TEXT NOT NULL,
    digest TEXT NOT NULL, PRIMARY KEY (text_sha, original_sha)) STRICT, WITHOUT ROWID;
CREATE TABLE repeated (site TEXT NOT NULL, line TEXT NOT NULL, articles INTEGER NOT NULL, "of" INTEGER NOT NULL,
    digest TEXT NOT NULL, PRIMARY KEY (site, line)) STRICT, WITHOUT ROWID;
CREATE TABLE sources (place TEXT PRIMARY KEY, looked_at TEXT NOT NULL, tried_at TEXT NOT NULL, fault TEXT,
    digest TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX revisions_of ON revisions (text_sha);
CREATE INDEX revisions_from ON revisions (original_sha);
"""
TABLES = tuple(re.findall(r"CREATE TABLE (\w+)", SCHEMA))  # each after those that it refers to
_AT_ONCE = 1_000  # rows that are copied together


@dataclass(frozen=True, slots=True)
class Place:
    """Where a database is, as messages name it, and the folder of the library that it belongs to."""

    name: str
    folder: Path

    def __str__(self) -> str:
        return self.name


class Result(Protocol):
    """The rows of a statement, and how many rows it changed."""

    @property
    def rowcount(self) -> int: ...

    def fetchone(self) -> Any: ...

    def fetchall(self) -> list[Any]: ...

    def __iter__(self) -> Iterator[Any]: ...


class Transaction(Protocol):
    """What can be done within one."""

    def execute(self, query: str, values: Sequence[Any] = ..., /) -> Result: ...

    def executemany(self, query: str, rows: Iterable[Sequence[Any]], /) -> object: ...


class Database(Protocol):
    """Serves all threads of a process. What is committed is on disk; a commit is seen by all or by none.

    Raises LibraryBusy, LibraryReadOnly, StorageFailed or CorruptLibrary, and of a server TruthAway, TruthRefused or
    TruthMismatch.
    """

    @property
    def place(self) -> Place: ...

    def is_current(self) -> bool:
        """Whether what was opened is what has the name now."""
        ...

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Of a statement that only reads; inside a transaction of this thread what was written there, too."""
        ...

    def check(self) -> None:
        """Raises at once, or within some seconds, what is wrong when nothing can be read."""
        ...

    def transaction(self) -> AbstractContextManager[Transaction]:
        """All of what is done inside, or nothing; inside another it is a part of that.

        One at a time, so that each sees what those before did.
        """
        ...

    def snapshot(self) -> AbstractContextManager[Transaction]:
        """To read everything as it is at one moment, while others read and write."""
        ...

    def at_once(self) -> AbstractContextManager[None]:
        """Of what no writer of this folder changes meanwhile, this thread reads everything as it is at one moment."""
        ...

    def alone(self, wait: float, at: str = "writing") -> AbstractContextManager[None]:
        """Hold the lock of those who do that and share no folder. Raises LibraryBusy after so many seconds."""
        ...

    def copy_to(self, file: Path) -> None:
        """Write the whole database as it is now to a SQLite file, while others read and write it."""
        ...

    def replace_with(self, other: "Database") -> None:
        """Become a copy of another database in one step; readers see the old content or the new."""
        ...

    def vacuum(self) -> None:
        """Leave no trace of deleted rows."""
        ...

    def faults(self) -> list[str]:
        """What the database itself finds wrong."""
        ...

    def close(self) -> None: ...


def fill(target: Transaction, source: Transaction) -> None:
    """Let one database hold what another does, and nothing else."""
    for table in reversed(TABLES):
        target.execute(f"DELETE FROM {table}")
    for table in TABLES:
        rows = iter(source.execute(f"SELECT * FROM {table}"))
        while some := list(islice(rows, _AT_ONCE)):
            marks = ", ".join("?" * len(some[0]))
            target.executemany(f"INSERT INTO {table} VALUES ({marks})", some)
