"""What an earlier moment costs: `python -m citewell.eval.bench_as_of [PASSAGES ...]`, one article in a hundred superseded."""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from time import process_time

import numpy as np

from citewell.eval.bench_library import (
    Generated,
    corpus,
    generated_library,
    put_article,
    questions,
    scratch_copy,
)
from citewell.eval.bench_timing import Timing
from citewell.eval.generate import CHUNK, PASSAGES, SENTENCES, Chunk, Corpus
from citewell.index.answer import ask
from citewell.index.embedding import Embedder, Vectors
from citewell.index.library import Library

_SIZES = (5_000, 100_000)
_QUESTIONS = 100
_OPENED = 3  # times
_WARMING = 20  # questions
_SHARE = 100  # one article in so many


@dataclass(frozen=True, slots=True)
class Asked:
    """Of a whole answer, embedding included, CPU time; the library is open, as in a service."""

    now: Timing
    opening: Timing  # the state of a moment that was not asked about before, alone
    first: Timing  # as of such a moment
    later: Timing  # as of the same moment


@dataclass(frozen=True, slots=True)
class AsOfCost:
    passages: int
    superseded: int  # passages
    updated: Asked  # right after the updates: what was superseded stands among what is live
    cleaned: Asked  # it stands in segments of its own


class GeneratedVectors:
    """The embedder, with the vectors of a chunk's passages and sentences looked up instead of computed."""

    def __init__(self, embedder: Embedder, chunk: Chunk) -> None:
        self._embedder, self.fingerprint, self.dim = embedder, embedder.fingerprint, embedder.dim
        self.cut_recipe, self.most_tokens = embedder.cut_recipe, embedder.most_tokens
        self._known = {chunk.passage_text(i): chunk.passage_vectors[i] for i in range(CHUNK)}
        for i in range(CHUNK):
            rows = chunk.sentence_vectors[i * SENTENCES : (i + 1) * SENTENCES]
            self._known.update(zip(chunk.sentence_texts(i), rows, strict=True))

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        return self._embedder.embed_queries(texts)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return np.array([self._known[text] for text in texts], dtype=np.float32)

    def count_tokens(self, text: str) -> int:
        return self._embedder.count_tokens(text)

    def knows_script(self, text: str) -> bool:
        return self._embedder.knows_script(text)

    def knows_word(self, word: str) -> bool:
        return self._embedder.knows_word(word)


def as_of_cost(of: Corpus, generated: Generated, embedder: Embedder, count: int = _QUESTIONS) -> AsOfCost:
    """Of a copy of the library, in which articles are updated with texts that would come after its last."""
    asked = questions(of, count)
    chunk = of.chunk(generated.passages // CHUNK)
    updates = max(1, generated.passages // PASSAGES // _SHARE)
    with scratch_copy(generated) as folder:
        then = _update(folder, GeneratedVectors(embedder, chunk), chunk, updates)
        updated = _asked(folder, embedder, asked, then)
        library = Library(folder, embedder)
        with library.writing():
            library.forget()
        library.close()
        cleaned = _asked(folder, embedder, asked, then)
    return AsOfCost(generated.passages, updates * PASSAGES, updated, cleaned)


def _update(folder: Path, embedder: Embedder, chunk: Chunk, updates: int) -> str:
    """Give articles another text; a moment before that."""
    library = Library(folder, embedder)
    now = datetime.now(UTC)
    library.store.clock = lambda: now + timedelta(days=2)
    with library.writing():
        for number in range(updates):
            put_article(library.store, chunk, number, f"generated-{number * _SHARE:07}")
        library.catch_up()
        library.compact()
    library.close()
    return (now + timedelta(days=1)).isoformat()


def _asked(folder: Path, embedder: Embedder, asked: Sequence[str], then: str) -> Asked:
    def spent(work: Callable[[], object]) -> float:
        began = process_time()
        work()
        return 1000 * (process_time() - began)

    def answer(library: Library, question: str, as_of: str | None) -> float:
        return spent(lambda: ask(library.searcher(as_of), library.store, question))

    now, opening, first, later = [], [], [], []
    for _ in range(_OPENED):
        library = Library(folder, embedder)
        for question in asked[:_WARMING]:
            answer(library, question, None)
        opening.append(spent(partial(library.searcher, then)))
        first.append(opening[-1] + answer(library, asked[0], then))
        for question in asked:
            now.append(answer(library, question, None))
            later.append(answer(library, question, then))
        library.close()
    return Asked(*map(Timing.of, (now, opening, first, later)))


def main() -> None:
    from citewell.index.model import default_model
    from citewell.index.onnx_embedder import OnnxEmbedder

    embedder = OnnxEmbedder(default_model())
    of = corpus(embedder)
    for passages in map(int, sys.argv[1:]) if sys.argv[1:] else _SIZES:
        generated = generated_library(of, passages, embedder.fingerprint, lambda _: None)
        print(json.dumps(asdict(as_of_cost(of, generated, embedder))))


if __name__ == "__main__":
    main()
