"""Rankings of the three retrievers, and what they say when they have nothing to say."""

from pathlib import Path

import pytest

from citewell.corpus.errors import ModelMismatch
from citewell.index.config import Config
from citewell.index.part import Part
from citewell.index.scoring import Ranking, State
from citewell.index.search import Searcher
from tests.fakes import AnyEmbedder, WordEmbedder
from tests.index.examples import a_searcher, a_segment, an_article


def articles_of(ranking: Ranking) -> list[str]:
    return [hit.passage_id.split(".")[0] for hit in ranking.hits]


@pytest.fixture
def searcher(tmp_path: Path) -> Searcher:
    return a_searcher(
        tmp_path,
        WordEmbedder("battery", "price", "colour"),
        an_article("phone", "The battery lasts two days."),
        an_article("shop", "The price is high."),
        an_article("paint", "The colour fades."),
        an_article("both", "Battery and price matter to most people who buy one."),
    )


def test_lexical_ranks_by_bm25(searcher: Searcher) -> None:
    ranking = searcher.lexical(searcher.query("battery life"), 10)
    assert articles_of(ranking) == ["phone", "both"]
    assert ranking.retrievers == {"lexical": State.OK}


def test_dense_ranks_by_cosine_and_always_finds_k(searcher: Searcher) -> None:
    ranking = searcher.dense(searcher.query("price battery"), 3)
    assert articles_of(ranking)[0] == "both"
    assert [hit.score for hit in ranking.hits] == [
        pytest.approx(1.0, abs=1e-2),
        *[pytest.approx(0.707, abs=1e-2)] * 2,
    ]


def test_hybrid_takes_what_either_proposes(searcher: Searcher) -> None:
    ranking = searcher.hybrid(searcher.query("the price"), 10)
    assert articles_of(ranking)[:2] == ["shop", "both"]
    assert ranking.retrievers == {"lexical": State.OK, "dense": State.OK}


def test_k_cuts_the_ranking_and_nothing_else(searcher: Searcher) -> None:
    query = searcher.query("battery price")
    assert searcher.hybrid(query, 2).hits == searcher.hybrid(query, 4).hits[:2]


def test_equal_scores_are_ordered_by_passage_id(tmp_path: Path) -> None:
    """Whatever order they were added in."""
    same = [an_article(name, "The battery lasts.") for name in ("b", "c", "a", "a-1", "a.b")]
    searcher = a_searcher(tmp_path, WordEmbedder("battery"), *same)
    for retrieve in (searcher.lexical, searcher.dense, searcher.hybrid):
        ids = [hit.passage_id for hit in retrieve(searcher.query("battery"), 5).hits]
        assert len(ids) == 5
        assert ids == sorted(ids)


def test_a_score_can_be_compared_across_questions(searcher: Searcher) -> None:
    """Words that the library does not know lower the score; they are part of the question."""
    known = searcher.hybrid(searcher.query("battery"), 1).hits[0].score
    partly = searcher.hybrid(searcher.query("battery flywheel gearbox"), 1).hits[0].score
    assert 0 < partly < known < 1


@pytest.mark.parametrize(
    ("question", "lexical", "dense"),
    [
        ("battery", State.OK, State.OK),
        ("flywheel", State.OUT_OF_VOCABULARY, State.OK),
        ("who is it?", State.EMPTY, State.OK),
        ("数据中心", State.OUT_OF_VOCABULARY, State.UNKNOWN_SCRIPT),
        ("数据 battery", State.OK, State.UNKNOWN_SCRIPT),
    ],
)
def test_a_retriever_that_has_nothing_to_say_is_reported(
    searcher: Searcher, question: str, lexical: State, dense: State
) -> None:
    assert searcher.hybrid(searcher.query(question), 5).retrievers == {"lexical": lexical, "dense": dense}


def test_a_silent_retriever_is_not_fused_as_noise(searcher: Searcher) -> None:
    alone = searcher.lexical(searcher.query("数据 battery"), 5)
    hits = searcher.hybrid(searcher.query("数据 battery"), 5).hits
    assert [(hit.passage_id, hit.score) for hit in hits] == [
        (hit.passage_id, hit.score) for hit in alone.hits
    ]
    assert searcher.hybrid(searcher.query("数据中心"), 5).hits == ()


def test_an_empty_library_finds_nothing(tmp_path: Path) -> None:
    searcher = a_searcher(tmp_path, WordEmbedder("battery"))
    ranking = searcher.hybrid(searcher.query("battery"), 5)
    assert ranking == Ranking((), {"lexical": State.EMPTY, "dense": State.EMPTY})
    assert searcher.lexical(searcher.query("battery"), 5).hits == ()
    assert searcher.dense(searcher.query("battery"), 5).hits == ()


def test_each_article_is_asked_in_its_own_language(tmp_path: Path) -> None:
    """'katten' is 'kat' in Dutch and stays whole in English."""
    searcher = a_searcher(
        tmp_path,
        WordEmbedder("x"),
        an_article("dutch", "De katten kosten weinig.", language="nl"),
        an_article("english", "The katten cost little.", language="en"),
        an_article("unknown", "katten katten katten", language=None),
    )
    assert set(articles_of(searcher.lexical(searcher.query("katten"), 5))) == {
        "dutch",
        "english",
        "unknown",
    }
    assert articles_of(searcher.lexical(searcher.query("kat"), 5)) == ["dutch"]


def test_an_index_of_another_model_is_refused(tmp_path: Path) -> None:
    segment = a_segment(tmp_path, WordEmbedder("a"), an_article("one", "A word."))
    with pytest.raises(ModelMismatch, match="citewell rebuild"):
        Searcher("snapshot", [Part(segment)], WordEmbedder("b"), Config())


@pytest.mark.parametrize("parts", [1, 4])
def test_of_many_equal_vectors_those_with_the_first_ids_are_found(tmp_path: Path, parts: int) -> None:
    """However the passages are spread: what ties at the edge of the nearest goes by passage id."""
    articles = [
        an_article(f"a{i:04}", "The battery lasts." if i % 20 == 3 else "The price, the price.")
        for i in range(1000)
    ]
    embedder = WordEmbedder("battery", "price")
    pieces = [Part(a_segment(tmp_path, embedder, *articles[i::parts])) for i in range(parts)]
    searcher = Searcher("snapshot", pieces, embedder, Config())
    found = articles_of(searcher.dense(searcher.query("battery"), 80))
    near = [f"a{i:04}" for i in range(1000) if i % 20 == 3]
    far = [f"a{i:04}" for i in range(1000) if i % 20 != 3]
    assert found == near + far[:30]


@pytest.mark.parametrize("parts", [1, 3])
@pytest.mark.parametrize("others", [0, 1, 2, 3, 10])
def test_equal_vectors_are_equally_near_whatever_is_beside_them(
    tmp_path: Path, parts: int, others: int
) -> None:
    """Sums of the same numbers differ by the order of adding up."""
    embedder = AnyEmbedder()
    same = [an_article(f"a{i:02}", "The battery lasts.") for i in range(20)]
    articles = [*same, *(an_article(f"b{i:02}", f"Number {i}.") for i in range(others))]
    pieces = [Part(a_segment(tmp_path, embedder, *articles[i::parts])) for i in range(parts)]
    searcher = Searcher("snapshot", pieces, embedder, Config())
    for question in ("battery", "price", "colour", "Who knows?"):
        found = [name for name in articles_of(searcher.dense(searcher.query(question), 30)) if name[0] == "a"]
        assert found == [f"a{i:02}" for i in range(20)]
        for k in range(1, 20 + others):
            assert len(articles_of(searcher.dense(searcher.query(question), k))) == k
            few = [
                name for name in articles_of(searcher.dense(searcher.query(question), k)) if name[0] == "a"
            ]
            assert few == found[: len(few)]


def test_a_term_of_another_language_alone_is_out_of_vocabulary(tmp_path: Path) -> None:
    """'ponies' is 'poni' in English: known, but only in the Dutch article, where the question reads 'ponie'."""
    searcher = a_searcher(
        tmp_path,
        WordEmbedder("x"),
        an_article("dutch", "Hier staat poni.", language="nl"),
        an_article("english", "Here stands a horse.", language="en"),
    )
    assert searcher.query("ponies").lexical is State.OUT_OF_VOCABULARY


def test_the_language_of_a_dead_article_alone_leaves_no_trace(tmp_path: Path) -> None:
    """'wat is dat' is nothing but function words in Dutch, and three words in English."""
    embedder = WordEmbedder("x")
    segment = a_segment(
        tmp_path,
        embedder,
        an_article("dutch", "De kat zit.", language="nl"),
        an_article("english", "The cat sits.", language="en"),
    )
    dead = segment.articles.numbers_of(["english"])
    searcher = Searcher("snapshot", [Part(segment, dead)], embedder, Config())
    alone = a_searcher(tmp_path, embedder, an_article("dutch", "De kat zit.", language="nl"))
    assert searcher.query("wat is dat").lexical is alone.query("wat is dat").lexical is State.EMPTY


def test_every_hit_says_what_its_score_is_made_of_and_where_each_retriever_had_it(searcher: Searcher) -> None:
    ranking = searcher.hybrid(searcher.query("battery life"), 10)
    first, *_, last = ranking.hits
    assert first.parts is not None
    assert last.parts is not None
    assert (first.parts.lexical_rank, first.parts.dense_rank) == (1, 1)
    assert last.parts.lexical_rank is None  # it shares no word with the question
    for hit in ranking.hits:
        assert hit.parts is not None
        parts = (hit.parts.lexical, hit.parts.passage, hit.parts.sentence)
        assert round(sum(part or 0.0 for part in parts), 6) == hit.score


def test_a_silent_retriever_has_no_part(searcher: Searcher) -> None:
    (first, *_) = searcher.hybrid(searcher.query("колір battery"), 10).hits
    assert first.parts is not None
    assert (first.parts.passage, first.parts.sentence, first.parts.dense_rank) == (None, None, None)
    assert first.parts.lexical == first.score
