"""Chooses a configuration on a library's gold questions, and says what it is worth on questions that it was not chosen on.

Every combination of two small grids is tried: what ranks (k1, b, the three weights) by nDCG@10, what chooses a quote (the
three of evidence) by whether the first quote holds evidence, in the passage that is ranked first now. On request sizes of
passages are tried, too (`sizes.py`), of which nothing is taken.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from citewell.eval.check import check_askable
from citewell.eval.cross_validation import Gain, Grid, chosen_on, groups_of
from citewell.eval.evaluate import FIRST_QUOTE, holds, relevant_passages
from citewell.eval.gold import Question
from citewell.eval.locate import Located, Locator, locate
from citewell.eval.measures import Judgements, measure
from citewell.eval.sizes import MEASURE, resized, sizes_for, worth_of_sizes
from citewell.index.citation import unfit
from citewell.index.config import Config
from citewell.index.embedding import Progress
from citewell.index.evidence import evidence_in
from citewell.index.library import Library
from citewell.index.query import Query
from citewell.index.scoring import combine, total
from citewell.index.search import Searcher

FEWEST = 20  # answerable questions, those on the same evidence counted once
RANKED_BY = "nDCG@10"
SIZE = "passage size"
_CUTOFF = 10
_K1 = (0.3, 0.6, 0.9, 1.2, 1.6)
_B = (0.3, 0.5, 0.75, 0.9)
_TENTHS = [(i, j, 10 - i - j) for i in range(1, 9) for j in range(1, 10 - i)]
_EVIDENCE = {
    "evidence_overlap": (0.0, 0.5, 1.0, 2.0),
    "evidence_coverage": (0.0, 0.5, 1.0, 2.0),
    "evidence_context": (0.0, 0.1, 0.2, 0.4),
}
_RANKING = ("k1", "b", "lexical", "passage", "sentence")


@dataclass(frozen=True, slots=True)
class Tuning:
    """`config` is the present one wherever no gain is significant. There are no gains if questions are too few."""

    questions: int
    gains: tuple[Gain, ...]
    present: Config
    config: Config

    @property
    def is_better(self) -> bool:
        return self.config != self.present


def ranking_grid(present: Config) -> tuple[Config, ...]:
    """The present configuration first, so that of equals it stays."""
    grid = [
        replace(present, k1=k1, b=b, lexical=lexical / 10, passage=passage / 10, sentence=sentence / 10)
        for k1, b, (lexical, passage, sentence) in product(_K1, _B, _TENTHS)
    ]
    return tuple(dict.fromkeys([present, *grid]))


def evidence_grid(present: Config) -> tuple[Config, ...]:
    grid = [
        _changed(present, dict(zip(_EVIDENCE, values, strict=True)))
        for values in product(*_EVIDENCE.values())
    ]
    return tuple(dict.fromkeys([present, *grid]))


def _changed(config: Config, values: Mapping[str, float]) -> Config:
    return Config(**{**asdict(config), **values})


def tune(
    library: Library,
    questions: Sequence[Question],
    progress: Progress = lambda *_: None,
    sizes: bool = False,
) -> Tuning:
    """Of the questions the answerable ones. Raises BadInput, naming file and line, before anything is asked.

    A reranker has no part in it.
    """
    for question in questions:
        check_askable(question)
    answerable = tuple(question for question in questions if question.evidence)
    located = locate(answerable, Locator(library.store))
    searcher = library.searcher()
    present = searcher.config
    groups = groups_of(answerable)
    if len(np.unique(groups)) < FEWEST:
        return Tuning(len(answerable), (), present, present)
    relevant = relevant_passages(library, answerable, located)
    ranking, quoting = ranking_grid(present), evidence_grid(present)
    ranked, quoted = Rankings(searcher, ranking), [_with(searcher, config) for config in quoting]
    columns = []
    for done, question in enumerate(answerable, 1):
        query = searcher.query(question.question)
        evidence = [located[each] for each in question.evidence]
        columns.append(
            (ranked.worth(query, relevant[question.id]), _quotes(library, quoted, query, evidence))
        )
        progress(done, len(answerable))
    by_ranking, by_quote = (np.array(worth).T for worth in zip(*columns, strict=True))
    grids: list[Grid] = [
        ("ranking", RANKED_BY, _RANKING, ranking, by_ranking),
        ("evidence", FIRST_QUOTE, tuple(_EVIDENCE), quoting, by_quote),
    ]
    if sizes:
        tried = sizes_for(library)
        asked = [(each.question, [located[of] for of in each.evidence]) for each in answerable]
        with resized(library, tried, progress) as searchers:
            by_size = np.array([worth_of_sizes(searchers, *each) for each in asked]).T
        grids.append((SIZE, MEASURE, ("target_words",), tried, by_size))
    gains = chosen_on(grids, groups)
    taken = {
        name: value
        for gain in gains
        if gain.is_taken and gain.parameters != SIZE
        for name, value in gain.chosen.items()
    }
    return Tuning(len(answerable), gains, present, _changed(present, taken))


class Rankings:
    """Ranks by every configuration of a grid as a searcher of its own would: candidates are embedded and compared once."""

    def __init__(self, searcher: Searcher, grid: Sequence[Config]) -> None:
        self._searcher, self._grid = searcher, grid
        self._lexical = {(each.k1, each.b): _with(searcher, each) for each in grid}

    def worth(self, query: Query, judged: Judgements) -> NDArray[np.float64]:
        """nDCG@10 of one question by each configuration, shape (len(grid),)."""
        score = measure(RANKED_BY)
        return np.array([score(ids, judged) for ids in self.best(query)])

    def best(self, query: Query) -> list[list[str]]:
        """The ids of the first ten by each configuration."""
        depth = self._searcher.config.depth
        nearest, _ = self._searcher.nearest(query, depth)
        proposed = {
            key: np.union1d(nearest, searcher.matching(query, depth)[0])
            for key, searcher in self._lexical.items()
        }
        pool = np.unique(np.concatenate(list(proposed.values())))
        ids = [self._searcher.passage_id(number) for number in pool.tolist()]
        order = np.empty(len(ids), dtype=np.int64)
        order[sorted(range(len(ids)), key=ids.__getitem__)] = np.arange(len(ids))
        _, passage, sentence = self._searcher.values(query, pool)
        words = replace(query, vector=None)  # cosines do not depend on k1 and b
        lexical = {key: searcher.values(words, proposed[key])[0] for key, searcher in self._lexical.items()}
        found = []
        for config in self._grid:
            key = config.k1, config.b
            at = np.searchsorted(pool, proposed[key])
            parts = combine(
                config,
                lexical[key],
                None if passage is None else passage[at],
                None if sentence is None else sentence[at],
            )
            first = at[np.lexsort((order[at], -total(parts)))[:_CUTOFF]]
            found.append([ids[place] for place in first.tolist()])
        return found


def _quotes(
    library: Library, searchers: Sequence[Searcher], query: Query, evidence: Sequence[Located]
) -> NDArray[np.float64]:
    """Whether the first quote holds evidence, by each configuration, shape (len(searchers),)."""
    hits = searchers[0].hybrid(query, 1).hits
    if not hits:
        return np.zeros(len(searchers))
    segment, local = searchers[0].locate(hits[0].number)
    article = segment.article(local)
    text, passage = (
        library.store.text(article.text_sha),
        library.store.passage(article.text_sha, segment.span(local)),
    )
    if passage is None:
        raise unfit(hits[0].passage_id, library.store.place)
    return np.array(
        [
            any(
                holds(article.article_id, quote, of)
                for quote in [evidence_in(searcher, query, hits[0].number, passage, text).span]
                for of in evidence
            )
            for searcher in searchers
        ],
        dtype=np.float64,
    )


def _with(searcher: Searcher, config: Config) -> Searcher:
    return Searcher(searcher.snapshot_id, searcher.parts, searcher.embedder, config)
