"""Where keys are kept: `keys.json` beside the library, or a table beside a truth on a server, which all machines ask."""

import fcntl
import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, Protocol

from citewell.corpus.database import Database
from citewell.corpus.errors import CorruptLibrary, LibraryReadOnly
from citewell.corpus.postgres_schema import have
from citewell.corpus.storage import Signature, signature_of, storing, write_json

Scope = Literal["read", "write", "admin"]
SCOPES: tuple[Scope, ...] = ("read", "write", "admin")
FILE = "keys.json"
_COLUMNS = "id, number, name, scopes, sha256, created, revoked"
_TABLE = """CREATE TABLE IF NOT EXISTS keys (id TEXT PRIMARY KEY, number INTEGER NOT NULL UNIQUE, name TEXT NOT NULL,
    scopes TEXT NOT NULL, sha256 TEXT NOT NULL, created TEXT NOT NULL, revoked TEXT)"""


@dataclass(frozen=True, slots=True)
class Key:
    """`number` counts from 1 and is never used again; admin is all that a key can do."""

    number: int
    id: str
    name: str
    scopes: tuple[Scope, ...]
    sha256: str
    created: str
    revoked: str | None = None

    def may(self, scope: Scope) -> bool:
        return scope in self.scopes or "admin" in self.scopes


class KeyRows(Protocol):
    """Keys by their ids, in the order in which they were made."""

    is_near: bool  # whether to look waits for no other machine

    def look(self) -> dict[str, Key]:
        """As they are now. Raises CorruptLibrary, and of a server TruthAway."""
        ...

    def changing(self) -> AbstractContextManager[dict[str, Key]]:
        """Alone with the keys; what was put there is kept when this ends."""
        ...


class KeyFile:
    """Replaced by a rename, and read again when it was; looking costs a look at its date."""

    is_near = True

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE
        self._seen: Signature | None = None
        self._keys: dict[str, Key] = {}

    def look(self) -> dict[str, Key]:
        seen = signature_of(self._file)
        if seen != self._seen:
            self._keys = self._read() if seen else {}
            self._seen = seen
        return self._keys

    def _read(self) -> dict[str, Key]:
        try:
            content = json.loads(self._file.read_text("utf-8"))
            keys = [Key(**{**key, "scopes": tuple(key["scopes"])}) for key in content["keys"]]
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CorruptLibrary(
                f"{self._file} cannot be read ({error}); nobody is let in. Put it back, or remove it and make new keys."
            ) from None
        return {key.id: key for key in keys}

    @contextmanager
    def changing(self) -> Iterator[dict[str, Key]]:
        try:
            lock = (self._file.with_suffix(".lock")).open("a")
        except PermissionError:
            raise LibraryReadOnly(self._file.parent) from None
        with storing(self._file), lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            keys = dict(self.look())
            yield keys
            write_json(self._file, {"keys": [asdict(key) for key in keys.values()]}, private=True)


class KeyTable:
    """Counted when somebody looks, and read again when there is another one or one more that was revoked."""

    is_near = False

    def __init__(self, database: Database) -> None:
        self._database, self._is_there = database, False
        self._seen: tuple[tuple[int, int], dict[str, Key]] = (0, 0), {}

    def look(self) -> dict[str, Key]:
        if not self._is_there:  # the first key makes it, so that whoever only looks writes nothing
            query = (
                "SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'keys' LIMIT 1"
            )
            self._is_there = bool(self._database.rows(query))
        if not self._is_there:
            return {}
        ((number, revoked),) = self._database.rows("SELECT count(*), count(revoked) FROM keys")
        seen, keys = self._seen
        if seen != (number, revoked):
            keys = _by_id(self._database.rows(f"SELECT {_COLUMNS} FROM keys ORDER BY number"))
            self._seen = (len(keys), sum(key.revoked is not None for key in keys.values())), keys
        return keys

    @contextmanager
    def changing(self) -> Iterator[dict[str, Key]]:
        have(self._database, _TABLE)
        with self._database.transaction() as db:
            before = _by_id(db.execute(f"SELECT {_COLUMNS} FROM keys ORDER BY number").fetchall())
            keys = dict(before)
            yield keys
            db.executemany(
                f"INSERT INTO keys ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?) "
                "ON CONFLICT (id) DO UPDATE SET revoked = excluded.revoked",
                [_row(key) for key in keys.values() if before.get(key.id) != key],
            )


def _row(key: Key) -> tuple[object, ...]:
    return key.id, key.number, key.name, ",".join(key.scopes), key.sha256, key.created, key.revoked


def _by_id(rows: list[tuple[str, int, str, str, str, str, str | None]]) -> dict[str, Key]:
    return {
        name: Key(
            number,
            name,
            said,
            tuple(each for each in SCOPES if each in scopes.split(",")),
            sha,
            made,
            revoked,
        )
        for name, number, said, scopes, sha, made, revoked in rows
    }
