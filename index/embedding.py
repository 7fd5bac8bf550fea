"""Texts to unit vectors: the protocol, and each text's vector computed once."""

from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from citewell.corpus.text import text_sha
from citewell.index.vector_cache import Role, VectorCache

Vectors = NDArray[np.float32]
Progress = Callable[[int, int], None]  # (done, total)
# set where other questions are worked on, or wait for it: then a second core for one would be taken from them
side_by_side: ContextVar[bool] = ContextVar("side_by_side", default=False)
_BATCH = 256  # vectors computed between two commits of the cache


class Embedder(Protocol):
    """A text's vector depends on the text alone, never on what is embedded beside it."""

    @property
    def dim(self) -> int: ...

    @property
    def fingerprint(self) -> str:
        """Names everything that a vector depends on; equal fingerprints, equal vectors."""
        ...

    @property
    def cut_recipe(self) -> str:
        """Names how texts are cut into passages for it; equal recipes, equal passages."""
        ...

    @property
    def most_tokens(self) -> int:
        """Tokens of a passage that its vector is made of."""
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

    def knows_word(self, word: str) -> bool:
        """Whether its vocabulary has the word whole and not in pieces only; such a word is no misspelling."""
        ...


@runtime_checkable
class InBatches(Protocol):
    """An embedder that makes the batches itself, several at a time."""

    def embed_batches(self, texts: Sequence[str]) -> Iterator[tuple[int, Vectors]]:
        """Each when it is done, in any order: the number of its first text, and its vectors."""
        ...


def embed_cached(
    embedder: Embedder,
    cache: VectorCache | None,
    role: Role,
    texts: Sequence[str],
    progress: Progress = lambda *_: None,
) -> NDArray[np.float16]:
    """Vectors of the texts, shape (len(texts), dim), computed only where the cache has none; committed as it goes."""
    shas = [text_sha(text) for text in texts]
    distinct = dict(zip(shas, texts, strict=True))
    known = cache.get(list(distinct), role, embedder.fingerprint) if cache else {}
    missing = [sha for sha in distinct if not _is_vector(known.get(sha, b""), embedder.dim)]
    done = 0
    for first, made in _batches(embedder, [distinct[sha] for sha in missing]):
        batch = missing[first : first + len(made)]
        rows = [(sha, row.tobytes()) for sha, row in zip(batch, made.astype(np.float16), strict=True)]
        if cache:
            cache.put(rows, role, embedder.fingerprint)
        known.update(rows)
        done += len(batch)
        progress(done, len(missing))
    joined = b"".join(known[sha] for sha in shas)
    return np.frombuffer(joined, dtype=np.float16).reshape(len(texts), embedder.dim)


def _batches(embedder: Embedder, texts: Sequence[str]) -> Iterator[tuple[int, Vectors]]:
    if isinstance(embedder, InBatches):
        yield from embedder.embed_batches(texts)
        return
    for first in range(0, len(texts), _BATCH):
        yield first, embedder.embed_passages(texts[first : first + _BATCH])


def _is_vector(kept: bytes, dim: int) -> bool:
    return len(kept) == 2 * dim and bool(np.isfinite(np.frombuffer(kept, dtype=np.float16)).all())
