"""What a library was given of its own beside its articles, a configuration or a calibration: JSON texts by their names.

Files in its folder, which users see and may remove; or rows beside a truth on a server, so that all machines answer alike.
"""

import time
from collections.abc import Hashable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from citewell.corpus.database import Database
from citewell.corpus.postgres_schema import have
from citewell.corpus.storage import Signature, signature_of, storing, write_whole

_TABLE = "CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, content TEXT NOT NULL)"
_TRUSTED = 1.0  # seconds that rows are taken to be what they were


class Own(Protocol):
    """Serves all threads of a process. Raises StorageFailed, or what a database does."""

    def version(self, name: str) -> Hashable | None:
        """Equal as long as no other text has the name; None if none has."""
        ...

    def read(self, name: str) -> str | None:
        """As it is now, on a server as it was a second ago or later."""
        ...

    def write(self, name: str, text: str) -> None:
        """All or nothing; it is on disk when this returns."""
        ...

    def remove(self, name: str) -> None:
        """Also if it is not there."""
        ...

    def place(self, name: str) -> str:
        """For messages."""
        ...


@dataclass(frozen=True, slots=True)
class OwnFiles:
    """In a folder. To look costs a look at the date."""

    folder: Path

    def version(self, name: str) -> Signature | None:
        return signature_of(self.folder / name)

    def read(self, name: str) -> str | None:
        with storing(self.folder / name):
            seen = self.version(name)
            with suppress(FileNotFoundError):  # it was removed since
                return _text(self.folder / name, seen) if seen else None
        return None

    def write(self, name: str, text: str) -> None:
        write_whole(self.folder / name, text.encode())

    def remove(self, name: str) -> None:
        with storing(self.folder / name):
            (self.folder / name).unlink(missing_ok=True)

    def place(self, name: str) -> str:
        return str(self.folder / name)


@lru_cache(maxsize=64)
def _text(file: Path, _: Signature) -> str:
    """What is no text is damaged, as whoever understands it finds. Raises OSError."""
    return file.read_text("utf-8", "replace")


class OwnRows:
    """In a table, which the first text makes, so that whoever only looks writes nothing."""

    def __init__(self, database: Database) -> None:
        self._database, self._is_there = database, False
        self._seen: tuple[float, dict[str, str]] = float("-inf"), {}

    def version(self, name: str) -> str | None:
        return self.read(name)

    def read(self, name: str) -> str | None:
        at, texts = self._seen
        if time.monotonic() - at > _TRUSTED:
            texts = self._look()
            self._seen = time.monotonic(), texts  # from now on, else a look that takes long is never trusted
        return texts.get(name)

    def _look(self) -> dict[str, str]:
        if not self._is_there:
            query = "SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'settings'"
            self._is_there = bool(self._database.rows(query))
        return dict(self._database.rows("SELECT name, content FROM settings")) if self._is_there else {}

    def write(self, name: str, text: str) -> None:
        have(self._database, _TABLE)
        with self._database.transaction() as db:
            db.execute(
                "INSERT INTO settings VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET content = excluded.content",
                (name, text),
            )
        self._seen = float("-inf"), {}

    def remove(self, name: str) -> None:
        if self.read(name) is not None:
            with self._database.transaction() as db:
                db.execute("DELETE FROM settings WHERE name = ?", (name,))
            self._seen = float("-inf"), {}

    def place(self, name: str) -> str:
        return f"{name} (table settings of {self._database.place})"
