"""What changes cost: one article added to a large library, and building an index from texts."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np

from citewell.corpus.article import Draft
from citewell.corpus.errors import CitewellError
from citewell.corpus.passages import CUT_RECIPE, cut
from citewell.eval.bench_library import Generated, chunks, put_article, scratch_copy
from citewell.eval.bench_words import LANGUAGE
from citewell.eval.generate import CHUNK, PASSAGES, Chunk, Corpus
from citewell.index.answer import search
from citewell.index.embedding import Embedder, Vectors, embed_cached
from citewell.index.library import Library
from citewell.index.vector_cache import Role, VectorCache

_ADDED = 5
_BUILT = 2000  # passages


@dataclass(frozen=True, slots=True)
class AddOne:
    """Seconds from before an article of ten passages is stored until a search gives it, its vectors known already."""

    articles: int
    median_s: float  # the library is open, as in a service
    slowest_s: float
    opened_first_s: float  # the library is opened to do it, as by a command


@dataclass(frozen=True, slots=True)
class BuildRate:
    """From texts to a published index, cut and stored; embedding excluded."""

    passages: int
    passages_per_s: float


class NoModel:
    """Counts tokens as the embedder does; its vectors are all the same and cost nothing."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder, self.fingerprint, self.dim = embedder, "no model", embedder.dim
        self.cut_recipe, self.most_tokens = embedder.cut_recipe, embedder.most_tokens

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        return self.embed_passages(texts)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return np.full((len(texts), self.dim), self.dim**-0.5, dtype=np.float32)

    def count_tokens(self, text: str) -> int:
        return self._embedder.count_tokens(text)

    def knows_script(self, text: str) -> bool:
        return self._embedder.knows_script(text)

    def knows_word(self, word: str) -> bool:
        return self._embedder.knows_word(word)


def add_one(of: Corpus, generated: Generated, embedder: Embedder) -> AddOne:
    """Add articles one by one to a copy of the library: those that would come after its last."""
    chunk = of.chunk(generated.passages // CHUNK)
    with scratch_copy(generated) as folder:
        library = Library(folder, embedder)
        searcher = library.searcher()
        searcher.hybrid(searcher.query(chunk.sentence_texts(0)[0]), 1)
        times = [_add(library, embedder, chunk, number) for number in range(_ADDED)]
        library.close()
        library = Library(folder, embedder)
        opened_first = _add(library, embedder, chunk, _ADDED)
        library.close()
    return AddOne(_ADDED, round(median(times), 4), round(max(times), 4), round(opened_first, 4))


def _add(library: Library, embedder: Embedder, chunk: Chunk, number: int) -> float:
    """Seconds until the article is found: the texts of others need not be stored, as an answer would have them."""
    article_id, first = f"added-{number}", number * PASSAGES
    passages = range(first, first + PASSAGES)
    sentences = [sentence for passage in passages for sentence in chunk.sentence_texts(passage)]
    cache = VectorCache(library.vectors)
    embed_cached(embedder, cache, Role.PASSAGE, [chunk.passage_text(passage) for passage in passages])
    embed_cached(embedder, cache, Role.SENTENCE, sentences)
    cache.close()
    began = perf_counter()
    with library.writing():
        put_article(library.store, chunk, number, article_id)
        library.catch_up()
        library.compact()
    (hit,) = search(library.searcher(), library.store, chunk.passage_text(first), k=1).hits
    spent = perf_counter() - began
    if hit.article.id != article_id:
        raise CitewellError(f"{article_id} was added and is not found; {hit.article.id} is")
    return spent


def build_rate(of: Corpus, embedder: Embedder) -> BuildRate:
    texts = [text for chunk in chunks(of, _BUILT) for text in chunk.texts]
    with tempfile.TemporaryDirectory(prefix="citewell-bench-") as made:
        library = Library(Path(made), NoModel(embedder), create=True)
        began = perf_counter()
        with library.writing():
            for number, text in enumerate(texts):
                pieces = cut(text, LANGUAGE, embedder.count_tokens)
                draft = Draft(text, "", "generated", "")
                library.store.put(
                    f"built-{number}", f"/built/{number}.txt", draft, LANGUAGE, pieces, CUT_RECIPE
                )
            library.catch_up()
        spent = perf_counter() - began
        passages = library.searcher().passages
        library.close()
    return BuildRate(passages, round(passages / spent, 1))
