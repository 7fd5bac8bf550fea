"""A filter takes passages out of a ranking and changes nothing else: scores are those among all live passages."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from citewell.index.articles import IndexedArticle
from citewell.index.config import Config
from citewell.index.filter import EVERYTHING, Filter
from citewell.index.part import Part
from citewell.index.scoring import Hit, Ranking, State
from citewell.index.search import Searcher
from tests.fakes import WordEmbedder
from tests.index.examples import a_searcher, a_segment, an_article
from tests.index.filters import LANGUAGES, NAMES, SOURCES, filters, metadata, passes, published

WORDS = ("sun", "moon", "star")
EMBEDDER = WordEmbedder(*WORDS)
ALL = 100  # more than there are
DENSE_ALONE = Config(lexical=0.0)

sentence = st.lists(st.sampled_from([*WORDS, "zon", "rises", "the", "de", "is"]), min_size=1, max_size=5).map(
    " ".join
)
question = st.lists(st.sampled_from([*WORDS, "zon", "the", "de", "is", "unknown", "月"]), min_size=1, max_size=3).map(" ".join)  # fmt: skip


@dataclass(frozen=True)
class Said:
    """What an article is, and whether it is dead."""

    article_id: str
    sentences: tuple[str, ...]
    language: str | None
    source: str
    published: str | None
    metadata: dict[str, str]
    dead: bool


said = st.builds(
    Said,
    st.sampled_from(NAMES),
    st.lists(sentence, min_size=1, max_size=3).map(tuple),
    st.none() | st.sampled_from(LANGUAGES),
    st.sampled_from(SOURCES),
    published,
    metadata,
    st.booleans(),
)
library = st.lists(
    st.lists(said, min_size=1, max_size=3, unique_by=lambda article: article.article_id),
    min_size=1,
    max_size=3,
)  # of parts; an article that is dead in one may live in another


def a_part(folder: Path, articles: Sequence[Said]) -> Part:
    segment = a_segment(
        folder,
        EMBEDDER,
        *(
            an_article(
                f"{a.article_id}",
                *a.sentences,
                language=a.language,
                source=a.source,
                published=a.published,
                metadata=a.metadata,
            )
            for a in articles
        ),
    )
    return Part(segment, segment.articles.numbers_of(a.article_id for a in articles if a.dead))


def live_once(parts: Sequence[Sequence[Said]]) -> list[list[Said]]:
    """An article lives in one part at most, as in a library."""
    seen: set[str] = set()
    found = []
    for articles in parts:
        found.append([a for a in articles if a.dead or a.article_id not in seen])
        seen |= {a.article_id for a in articles if not a.dead}
    return found


def scored(hits: Sequence[Hit]) -> list[tuple[str, float]]:
    """Without the ranks, which count only what passes."""
    return [(hit.passage_id, hit.score) for hit in hits]


@given(library.map(live_once), filters(), question)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80, deadline=None)
def test_the_hits_under_a_filter_are_those_of_all_that_pass(
    tmp_path: Path, spread: list[list[Said]], given_: Filter, asked: str
) -> None:
    """In every retriever, wherever the passages lie. One that has nothing to say of them has no share, as ever."""
    parts = [a_part(tmp_path, articles) for articles in spread]
    searcher = Searcher("snapshot", parts, EMBEDDER, Config())

    def those_that_pass(hits: Sequence[Hit]) -> list[tuple[str, float]]:
        def article(hit: Hit) -> IndexedArticle:
            segment, number = searcher.locate(hit.number)
            return segment.article(number)

        return scored([hit for hit in hits if passes(given_, article(hit))])

    every, some = searcher.query(asked), searcher.query(asked, given_)
    assert scored(searcher.lexical(some, ALL).hits) == those_that_pass(searcher.lexical(every, ALL).hits)
    assert scored(searcher.dense(some, ALL).hits) == those_that_pass(searcher.dense(every, ALL).hits)
    found = searcher.hybrid(some, ALL)
    if some.lexical is every.lexical is State.OK:
        assert scored(found.hits) == those_that_pass(searcher.hybrid(every, ALL).hits)
    elif some.vector is not None:
        alone = Searcher("snapshot", parts, EMBEDDER, DENSE_ALONE)
        assert scored(found.hits) == those_that_pass(alone.hybrid(alone.query(asked), ALL).hits)
    else:
        assert found.hits == ()
    for k in (1, 2, 3):
        assert searcher.hybrid(some, k).hits == found.hits[:k]


@pytest.fixture
def searcher(tmp_path: Path) -> Searcher:
    return a_searcher(
        tmp_path,
        EMBEDDER,
        an_article("sun", "The sun is up.", "It is hot.", published="2026-03-20"),
        an_article("moon", "The moon is not.", published="2026-03"),
        an_article("zon", "De sun is op.", language="nl"),
    )


@pytest.mark.parametrize(
    ("asked", "given_", "lexical", "dense"),
    [
        ("sun", EVERYTHING, State.OK, State.OK),
        ("sun", Filter(articles=("sun",)), State.OK, State.OK),
        ("sun", Filter(articles=("moon",)), State.OUT_OF_VOCABULARY, State.OK),
        ("sun", Filter(languages=("nl",)), State.OK, State.OK),
        ("moon", Filter(languages=("nl",)), State.OUT_OF_VOCABULARY, State.OK),
        ("hot", Filter(published_from="2026-03-19"), State.OK, State.OK),
        ("hot", Filter(published_to="2026-03-19"), State.OUT_OF_VOCABULARY, State.OK),
        ("月 sun", Filter(articles=("sun",)), State.OK, State.UNKNOWN_SCRIPT),
        ("月 sun", Filter(articles=("moon",)), State.OUT_OF_VOCABULARY, State.UNKNOWN_SCRIPT),
        ("wat is dat", EVERYTHING, State.OUT_OF_VOCABULARY, State.OK),
        ("wat is dat", Filter(languages=("nl",)), State.EMPTY, State.OK),
        ("sun", Filter(articles=("nobody",)), State.EMPTY, State.EMPTY),
        ("月", Filter(languages=("de",)), State.EMPTY, State.EMPTY),
    ],
)
def test_a_retriever_says_what_it_has_to_say_of_what_passes(
    searcher: Searcher, asked: str, given_: Filter, lexical: State, dense: State
) -> None:
    assert searcher.hybrid(searcher.query(asked, given_), 5).retrievers == {
        "lexical": lexical,
        "dense": dense,
    }


def test_where_nothing_passes_nothing_is_found(searcher: Searcher) -> None:
    query = searcher.query("sun", Filter(articles=("nobody",)))
    assert query.vector is None
    assert searcher.hybrid(query, 5) == Ranking((), {"lexical": State.EMPTY, "dense": State.EMPTY})
    assert searcher.lexical(query, 5).hits == searcher.dense(query, 5).hits == ()


def test_a_word_is_as_rare_as_it_is_in_the_library(searcher: Searcher) -> None:
    """Not as it is among what passes: the score is the same number."""
    (best, *_) = searcher.lexical(searcher.query("sun"), 5).hits
    (only,) = searcher.lexical(
        searcher.query("sun", Filter(articles=(best.passage_id.split(".")[0],))), 5
    ).hits
    assert only == best
