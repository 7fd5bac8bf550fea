"""Keys to the service: made once, shown once, kept as SHA-256 in `keys.json` beside the library.

A key has 256 random bits, so that one round of a fast digest is enough. The file is replaced by a rename and is read again
when it was, so that a revoked key stops at once, in every process, without a query for each request.
"""

import fcntl
import hashlib
import hmac
import json
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from citewell.corpus.errors import BadInput, CorruptLibrary, LibraryReadOnly
from citewell.corpus.storage import Signature, signature_of, storing, write_json

Scope = Literal["read", "write", "admin"]
SCOPES: tuple[Scope, ...] = ("read", "write", "admin")
FILE = "keys.json"
MOST_KEYS = 10_000
_PREFIX = "cw"
_NOBODY = hashlib.sha256(b"").hexdigest()


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


class Keys:
    """The keys of a library; reading costs a look at the file's date."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE
        self._seen: Signature | None = None
        self._keys: dict[str, Key] = {}

    def all(self) -> tuple[Key, ...]:
        """Revoked ones, too, in the order in which they were made. Raises CorruptLibrary."""
        self._look()
        return tuple(self._keys.values())

    @property
    def needed(self) -> bool:
        """Whether a key was ever made: revoking the last one does not open the service to everybody."""
        return bool(self.all())

    def find(self, token: str) -> Key | None:
        """The key that is written so, unless it was revoked; takes as long for every wrong one of the same length."""
        self._look()
        _, _, rest = token.partition("_")
        key = self._keys.get(rest.partition("_")[0])
        same = hmac.compare_digest(_digest(token), key.sha256 if key else _NOBODY)
        return key if key and same and key.revoked is None else None

    def create(self, name: str, scopes: Sequence[Scope]) -> tuple[Key, str]:
        """The new key and how it is written, which nobody can tell later."""
        if not scopes:
            raise BadInput("A key needs a scope: --scope read, write or admin.")
        with self._changing():
            if len(self._keys) >= MOST_KEYS:
                raise BadInput(f"There are {MOST_KEYS:,} keys already, revoked ones included.")
            made = secrets.token_hex(6)
            token = f"{_PREFIX}_{made}_{secrets.token_urlsafe(32)}"
            ordered = tuple(scope for scope in SCOPES if scope in scopes)
            key = Key(len(self._keys) + 1, made, name, ordered, _digest(token), _now())
            self._keys[made] = key
        return key, token

    def revoke(self, key_id: str) -> Key:
        """Raises BadInput if there is no such key; one that was revoked stays as it is."""
        with self._changing():
            if (key := self._keys.get(key_id)) is None:
                raise BadInput(f"No key {key_id!r}. See which there are: citewell keys list")
            self._keys[key_id] = key = key if key.revoked else replace(key, revoked=_now())
        return key

    def _look(self) -> None:
        seen = signature_of(self._file)
        if seen == self._seen:
            return
        self._keys = self._read() if seen else {}
        self._seen = seen

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
    def _changing(self) -> Iterator[None]:
        """Alone with the keys, which are on disk afterwards."""
        try:
            lock = (self._file.with_suffix(".lock")).open("a")
        except PermissionError:
            raise LibraryReadOnly(self._file.parent) from None
        with storing(self._file), lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._look()
            yield
            write_json(self._file, {"keys": [asdict(key) for key in self._keys.values()]}, private=True)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
