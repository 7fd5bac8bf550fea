"""Texts to unit vectors: the protocol, and the cache that makes a text's vector a thing computed once."""

import sqlite3
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from citewell.corpus.errors import CorruptLibrary
from citewell.corpus.text import text_sha

Vectors = NDArray[np.float32]
Progress = Callable[[int, int], None]  # (done, total)
_BATCH = 256  # vectors computed between two commits of the cache


class Embedder(Protocol):
    """A text's vector depends on the text alone, never on what is embedded beside it."""

    @property
    def dim(self) -> int: ...

    @property
    def fingerprint(self) -> str:
        """Names everything that a vector depends on; equal fingerprints, equal vectors."""
        ...

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, shape (len(texts), dim)."""
        ...

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, shape (len(texts), dim)."""
        ...

    def count_tokens(self, text: str) -> int:
        """Tokens of the text for this model, without the marks it adds."""
        ...

    def knows_script(self, text: str) -> bool:
        """False when the text is mostly in a script that the model was not trained on."""
        ...


class Role(StrEnum):
    QUESTION = "question"
    PASSAGE = "passage"
    SENTENCE = "sentence"


class VectorCache:
    """An SQLite file of half-precision vectors by text SHA, role and model; losing it costs time only."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self.file = file
        try:
            self._db = sqlite3.connect(file, check_same_thread=False, isolation_level=None, timeout=30)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._db.execute(
                "CREATE TABLE IF NOT EXISTS vectors (text_sha TEXT NOT NULL, role TEXT NOT NULL, model TEXT NOT NULL, "
                "vector BLOB NOT NULL, PRIMARY KEY (text_sha, role, model)) STRICT, WITHOUT ROWID"
            )
        except sqlite3.DatabaseError as error:
            raise CorruptLibrary(
                f"{file} is not a vector cache ({error}). Remove it; vectors are computed again."
            ) from error

    def close(self) -> None:
        self._db.close()

    def get(self, shas: Sequence[str], role: Role, model: str) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        for first in range(0, len(shas), 500):
            part = shas[first : first + 500]
            marks = ",".join("?" * len(part))
            found.update(
                self._db.execute(
                    f"SELECT text_sha, vector FROM vectors WHERE role = ? AND model = ? AND text_sha IN ({marks})",  # noqa: S608
                    (role, model, *part),
                )
            )
        return found

    def put(self, vectors: Sequence[tuple[str, bytes]], role: Role, model: str) -> None:
        self._db.execute("BEGIN")
        self._db.executemany(
            "INSERT OR REPLACE INTO vectors VALUES (?, ?, ?, ?)",
            [(sha, role, model, vector) for sha, vector in vectors],
        )
        self._db.execute("COMMIT")


def embed_cached(
    embedder: Embedder,
    cache: VectorCache,
    role: Role,
    texts: Sequence[str],
    progress: Progress = lambda *_: None,
) -> NDArray[np.float16]:
    """Vectors of the texts, shape (len(texts), dim), computed only where the cache has none; committed as it goes."""
    embed = embedder.embed_queries if role is Role.QUESTION else embedder.embed_passages
    shas = [text_sha(text) for text in texts]
    distinct = dict(zip(shas, texts, strict=True))
    known = cache.get(list(distinct), role, embedder.fingerprint)
    missing = [sha for sha in distinct if len(known.get(sha, b"")) != 2 * embedder.dim]
    for first in range(0, len(missing), _BATCH):
        batch = missing[first : first + _BATCH]
        made = embed([distinct[sha] for sha in batch]).astype(np.float16)
        rows = [(sha, row.tobytes()) for sha, row in zip(batch, made, strict=True)]
        cache.put(rows, role, embedder.fingerprint)
        known.update(rows)
        progress(first + len(batch), len(missing))
    joined = b"".join(known[sha] for sha in shas)
    return np.frombuffer(joined, dtype=np.float16).reshape(len(texts), embedder.dim)
