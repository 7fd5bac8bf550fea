"""Keys to the service: made once, shown once, kept as SHA-256.

A key has 256 random bits, so that one round of a fast digest is enough. A revoked key stops with the next request, in every
process and on every machine that shares the truth.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from citewell.corpus.database import Database
from citewell.corpus.errors import BadInput
from citewell.corpus.server import Server
from citewell.corpus.stored import opened
from citewell.index.folder import require
from citewell.service.key_rows import SCOPES, Key, KeyFile, KeyRows, KeyTable, Scope

MOST_KEYS = 10_000
_PREFIX = "cw"
_NOBODY = hashlib.sha256(b"").hexdigest()


class Keys:
    """The keys of a library."""

    def __init__(self, at: Path | Database) -> None:
        """In a folder, or beside a truth on a server."""
        self._kept: KeyRows = KeyFile(at) if isinstance(at, Path) else KeyTable(at)

    @property
    def is_near(self) -> bool:
        """Whether looking at them waits for no other machine."""
        return self._kept.is_near

    def all(self) -> tuple[Key, ...]:
        """Revoked ones, too, in the order in which they were made. Raises CorruptLibrary, and of a server TruthAway."""
        return tuple(self._kept.look().values())

    @property
    def needed(self) -> bool:
        """Whether a key was ever made: revoking the last one does not open the service to everybody."""
        return bool(self._kept.look())

    def find(self, token: str) -> Key | None:
        """The key that is written so, unless it was revoked; takes as long for every wrong one of the same length."""
        _, _, rest = token.partition("_")
        key = self._kept.look().get(rest.partition("_")[0])
        same = hmac.compare_digest(_digest(token), key.sha256 if key else _NOBODY)
        return key if key and same and key.revoked is None else None

    def create(self, name: str, scopes: Sequence[Scope]) -> tuple[Key, str]:
        """The new key and how it is written, which nobody can tell later."""
        if not scopes:
            raise BadInput("A key needs a scope: --scope read, write or admin.")
        with self._kept.changing() as keys:
            if len(keys) >= MOST_KEYS:
                raise BadInput(f"There are {MOST_KEYS:,} keys already, revoked ones included.")
            made = secrets.token_hex(6)
            token = f"{_PREFIX}_{made}_{secrets.token_urlsafe(32)}"
            ordered = tuple(scope for scope in SCOPES if scope in scopes)
            keys[made] = key = Key(len(keys) + 1, made, name, ordered, _digest(token), _now())
        return key, token

    def revoke(self, key_id: str) -> Key:
        """Raises BadInput if there is no such key; one that was revoked stays as it is."""
        with self._kept.changing() as keys:
            if (key := keys.get(key_id)) is None:
                raise BadInput(f"No key {key_id!r}. See which there are: citewell keys list")
            keys[key_id] = key = key if key.revoked else replace(key, revoked=_now())
        return key

    def take_over(self, others: "Keys") -> None:
        """All of others beside one's own; what was revoked here or there is revoked."""
        if theirs := others.all():
            with self._kept.changing() as keys:
                for key in theirs:
                    known = keys.get(key.id) or replace(key, number=len(keys) + 1)
                    keys[key.id] = replace(known, revoked=known.revoked or key.revoked)


@contextmanager
def keys_of(folder: Path, truth: Server | None) -> Iterator[Keys]:
    """Of a library that is not opened. Raises LibraryMissing if there is none."""
    require(folder, truth)
    if truth is None:
        yield Keys(folder)
        return
    with closing(opened(truth, create=False)[0]) as database:
        yield Keys(database)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
