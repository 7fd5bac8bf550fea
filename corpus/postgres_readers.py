"""Connections to a PostgreSQL server that read, for all threads of a process; lost ones are made again."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from citewell.corpus.database import Place
from citewell.corpus.errors import CorruptLibrary, TruthAway
from citewell.corpus.postgres_connection import PATIENCE, Connection, connect, named_errors
from citewell.corpus.postgres_within import marked
from citewell.corpus.server import Server

CONNECTIONS = 8
RETRIES = 10.0  # seconds that is asked again after the connection was lost


class Readers:
    """As many connections as threads read at once, up to `CONNECTIONS`; none can write."""

    def __init__(self, server: Server, place: Place) -> None:
        self._server, self._place = server, place
        self._places = threading.BoundedSemaphore(CONNECTIONS)
        self.idle: list[Connection] = []
        self._closed = False

    def check_open(self) -> None:
        if self._closed:
            raise CorruptLibrary(f"{self._place} was closed. Open the library again.")

    @contextmanager
    def one(self) -> Iterator[Connection]:
        """A connection alone. It is kept if it can be used again."""
        if not self._places.acquire(timeout=PATIENCE):
            raise TruthAway(self._place, f"all {CONNECTIONS} connections have been in use for {PATIENCE:g} s")
        try:
            self.check_open()
            try:
                connection = self.idle.pop()
            except IndexError:
                connection = connect(self._server, self._place)
            try:
                with named_errors(self._place):
                    yield connection
            finally:
                if connection.is_usable and not self._closed:
                    self.idle.append(connection)
                else:
                    connection.close()
                    self._hang_up()  # the others were lost with it, or will be made again
        finally:
            self._places.release()

    def rows(self, query: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        """Asked again for some seconds when the connection was lost."""
        deadline, pause = time.monotonic() + RETRIES, 0.05
        while True:
            try:
                with self.one() as connection:
                    return connection.execute(marked(query), values).fetchall()
            except TruthAway:
                if time.monotonic() + pause >= deadline:
                    raise
            time.sleep(pause)
            pause = min(2 * pause, 1.0)

    def close(self) -> None:
        self._closed = True
        self._hang_up()

    def _hang_up(self) -> None:
        with suppress(IndexError):
            while True:
                self.idle.pop().close()
