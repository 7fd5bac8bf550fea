"""The first hits of a ranking, judged again by a model that reads question and passage together.

Of every hit score = (1 - SHARE) * score + SHARE * what the reranker says, from 0 to 1, and 0 for the hits after the first
ones: so they stay behind, in their order, and scores stay on one scale.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from citewell.corpus.errors import CorruptLibrary, UnknownArticle
from citewell.corpus.store import Store
from citewell.index.build import with_context
from citewell.index.scoring import Hit, Parts
from citewell.index.segment import Segment

SHARE = 0.8
FIRST = 20  # hits
_DECIMALS = 6

Words = Callable[[Segment, int], str]  # of a passage of a segment, with its title and heading


class Reranker(Protocol):
    """What it says of a pair depends on the pair alone."""

    @property
    def fingerprint(self) -> str: ...

    def scores(self, question: str, passages: Sequence[str]) -> NDArray[np.float64]:
        """How well each passage answers the question, from 0 to 1, shape (len(passages),)."""
        ...


@dataclass(frozen=True, slots=True)
class Reranking:
    """A reranker of so many first hits, and where their words are read."""

    reranker: Reranker
    first: int
    words: Words

    @property
    def fingerprint(self) -> str:
        said = json.dumps([self.reranker.fingerprint, self.first, SHARE])
        return hashlib.sha256(said.encode()).hexdigest()[:16]

    def of(
        self, question: str, hits: Sequence[Hit], located: Sequence[tuple[Segment, int]]
    ) -> tuple[Hit, ...]:
        """A whole ranking, best first, ranked again; `located` is where those passages stand that are judged."""
        passages = [self.words(segment, local) for segment, local in located]
        said = self.reranker.scores(question, passages) if passages else np.empty(0)
        if not ((said >= 0) & (said <= 1)).all():  # NaN neither
            raise CorruptLibrary(
                f"The reranker {self.reranker.fingerprint} gives scores that are no numbers from 0 to 1. Choose another."
            )
        values = [*said.tolist(), *[0.0] * (len(hits) - len(passages))]
        again = (_joined(hit, value) for hit, value in zip(hits, values, strict=True))
        return tuple(sorted(again, key=lambda hit: (-hit.score, hit.passage_id)))

    def unjudged(self, hits: Sequence[Hit]) -> tuple[Hit, ...]:
        """Hits with the scores that they have after those that are judged."""
        return tuple(_joined(hit, 0.0) for hit in hits)


def words_in(store: Store, segment: Segment, local: int) -> str:
    """What a passage is indexed with: title, heading, table header and its words."""
    indexed, span = segment.article(local), segment.span(local)
    with suppress(UnknownArticle):
        article = store.article(indexed.article_id, indexed.revision)
        if (passage := store.passage(indexed.text_sha, span)) is not None:
            return with_context(article.title, passage, store.text(indexed.text_sha))
    raise CorruptLibrary(
        f"{store.place} lacks a passage that the index holds. Build the index again: citewell rebuild"
    )


def _joined(hit: Hit, value: float) -> Hit:
    assert hit.parts is not None
    lexical, passage, sentence = (
        None if part is None else round((1 - SHARE) * part, _DECIMALS)
        for part in (hit.parts.lexical, hit.parts.passage, hit.parts.sentence)
    )
    reranker = round(SHARE * value, _DECIMALS)
    score = round(sum(part or 0.0 for part in (lexical, passage, sentence, reranker)), _DECIMALS)
    parts = Parts(lexical, passage, sentence, hit.parts.lexical_rank, hit.parts.dense_rank, reranker)
    return replace(hit, score=score, parts=parts)
