"""What other sizes of passages would be worth to a library: its articles cut and indexed again, beside it, and asked.

Nothing of it is kept: a library holds one cut of each text, passages and vectors belong to the snapshot, and a
configuration is in force at the next question. No single step could put both in place.
"""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from citewell.corpus.passages import Bounds, cut
from citewell.eval.locate import Located
from citewell.eval.spans import recall_within, returned
from citewell.eval.trec import Scored
from citewell.eval.unstored import searcher_of
from citewell.index.cutting import bounds_for
from citewell.index.embedding import Progress
from citewell.index.library import Library
from citewell.index.search import Searcher
from citewell.index.vector_cache import VectorCache

CITED = 5  # passages of the present size, whose characters are the room that every size has
MEASURE = f"span R in the room of {CITED}"
_TARGETS = (60, 90, 190, 260)  # words
_DEPTH = 100  # passages that are looked at to fill the room


def sizes_for(library: Library) -> tuple[Bounds, ...]:
    """The present size first; the others have the same proportions, and never more tokens than the model reads."""
    present = bounds_for(library.embedder)
    return (present, *(_scaled(present, target, library.embedder.most_tokens) for target in _TARGETS))


def _scaled(present: Bounds, target: int, most_tokens: int) -> Bounds:
    by = target / present.target_words
    return replace(
        present,
        least_words=round(by * present.least_words),
        target_words=target,
        most_words=round(by * present.most_words),
        most_tokens=min(most_tokens, round(by * present.most_tokens)),
    )


@contextmanager
def resized(library: Library, sizes: Sequence[Bounds], progress: Progress) -> Iterator[tuple[Searcher, ...]]:
    """A searcher for each size, in memory; the first is the library's own. Sentences stay what they are."""
    with tempfile.TemporaryDirectory(prefix="citewell-sizes-") as folder:
        vectors = Path(folder) / "vectors.db"
        if library.vectors.is_file():
            shutil.copyfile(library.vectors, vectors)
        with closing(VectorCache(vectors)) as cache:
            others = tuple(_searcher(library, bounds, cache, progress) for bounds in sizes[1:])
        yield (library.searcher(), *others)


def _searcher(library: Library, bounds: Bounds, cache: VectorCache, progress: Progress) -> Searcher:
    store, embedder = library.store, library.embedder
    texts = ((article, store.text(article.text_sha)) for article in store.articles())
    given = (
        (article, text, cut(text, article.language, embedder.count_tokens, bounds)) for article, text in texts
    )
    return searcher_of(given, embedder, cache, library.config, progress=progress)


def worth_of_sizes(
    searchers: Sequence[Searcher], question: str, evidence: Sequence[Located]
) -> NDArray[np.float64]:
    """How much of the evidence the first passages of each size hold in equal room, shape (len(searchers),)."""
    rankings = [_ranking(searcher, question) for searcher in searchers]
    room = returned(rankings[0][:CITED])
    return np.array([recall_within(ranking, evidence, room) for ranking in rankings])


def _ranking(searcher: Searcher, question: str) -> Scored:
    hits = searcher.hybrid(searcher.query(question), _DEPTH).hits
    return tuple((hit.passage_id, hit.score) for hit in hits)
