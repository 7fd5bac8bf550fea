"""What is done within a transaction of a PostgreSQL server, in the statements that SQLite takes, too."""

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import islice
from typing import Any

from psycopg.rows import TupleRow

from citewell.corpus.postgres_connection import Connection

_STREAMED = 500  # rows that are fetched together


@lru_cache(1024)
def marked(query: str) -> bytes:
    """With the marks of this client in the place of ?."""
    return query.replace("%", "%%").replace("?", "%s").encode()


class Within:
    """A connection in a transaction."""

    def __init__(self, connection: Connection, streamed: bool = False) -> None:
        self._connection, self._streamed = connection, streamed
        self.thread = threading.get_ident()

    def execute(self, query: str, values: Sequence[Any] = (), /) -> Any:
        if self._streamed and query.startswith("SELECT"):
            cursor = self._connection.cursor(name="citewell")
            cursor.itersize = _STREAMED
            return _until_read(cursor, marked(query), values)
        return self._connection.execute(marked(query), values)

    def executemany(self, query: str, rows: Iterable[Sequence[Any]], /) -> None:
        left = iter(rows)
        with self._connection.cursor() as cursor:
            while some := list(islice(left, _STREAMED)):
                cursor.executemany(marked(query), some)

    @contextmanager
    def unhurried(self) -> Iterator[None]:
        """Inside, statements take as long as they take."""
        patience, self._connection.patience = self._connection.patience, None
        try:
            self._connection.execute("SET LOCAL statement_timeout = 0")
            yield
        finally:
            self._connection.patience = patience


def _until_read(cursor: Any, query: bytes, values: Sequence[Any]) -> Iterator[TupleRow]:
    with cursor:
        yield from cursor.execute(query, values)
