"""The first hits judged again: who is judged, what becomes of scores, parts and order, and what an answer says of it."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from citewell.corpus.errors import CorruptLibrary, ModelMismatch
from citewell.index.answer import ask
from citewell.index.cross_encoder import CrossEncoderReranker
from citewell.index.explain import Values
from citewell.index.library import Library
from citewell.index.reranking import SHARE, Reranking
from citewell.index.scoring import Hit, Parts
from citewell.index.writing import add
from tests.fakes import WordEmbedder
from tests.tiny_models import cross_encoder

TEXTS = {
    "sun": "The sun is hot and bright.",
    "noon": "At noon the sun is high.",
    "moon": "The moon has no light of its own.",
}


class Likes:
    """Gives 0.9 to passages that hold a word, 0.1 to others."""

    fingerprint = "likes"

    def __init__(self, word: str) -> None:
        self.word = word
        self.read: list[str] = []

    def scores(self, question: str, passages: Sequence[str]) -> NDArray[np.float64]:
        self.read += passages
        return np.array([0.9 if self.word in passage else 0.1 for passage in passages])


def library_of(folder: Path, reranker: Likes | None, rerank: int = 20) -> Library:
    library = Library(
        folder, WordEmbedder("sun", "noon", "moon"), create=True, reranker=reranker, rerank=rerank
    )
    for name, text in TEXTS.items():
        (folder / f"{name}.txt").write_text(text, "utf-8")
    add(library, sorted(folder.glob("*.txt")))
    return library


@pytest.fixture
def likes_noon() -> Likes:
    return Likes("noon")


@pytest.fixture
def library(tmp_path: Path, likes_noon: Likes) -> Iterator[Library]:
    made = library_of(tmp_path, likes_noon)
    yield made
    made.close()


def hit(name: str, score: float) -> Hit:
    return Hit(name, score, 0, Parts(score, 0.0, None, 1, None))


def reranked(values: Sequence[float], hits: Sequence[Hit]) -> tuple[Hit, ...]:
    class Says:
        fingerprint = "says"

        def scores(self, question: str, passages: Sequence[str]) -> NDArray[np.float64]:
            return np.array(values)

    reranking = Reranking(Says(), len(values), lambda segment, local: "")
    return reranking.of("?", hits, [(None, 0)] * len(values))  # type: ignore[list-item]


def test_a_score_is_shared_between_what_it_was_and_what_the_reranker_says() -> None:
    first, second = reranked([0.5, 1.0], [hit("a", 0.6), hit("b", 0.4)])
    assert (first.passage_id, first.score) == ("b", round((1 - SHARE) * 0.4 + SHARE, 6))
    assert (second.passage_id, second.score) == ("a", round((1 - SHARE) * 0.6 + SHARE * 0.5, 6))
    assert second.parts == Parts(0.12, 0.0, None, 1, None, 0.4)


def test_what_is_not_judged_stays_behind_in_its_order() -> None:
    hits = [hit(name, score) for name, score in (("d", 0.9), ("c", 0.8), ("b", 0.7), ("a", 0.6))]
    ranked = reranked([0.0, 0.0], hits)
    assert [each.passage_id for each in ranked] == ["d", "c", "b", "a"]
    assert [each.parts.reranker for each in ranked if each.parts] == [0.0] * 4


def test_ties_go_by_passage_id() -> None:
    assert [each.passage_id for each in reranked([0.5, 0.5], [hit("b", 0.3), hit("a", 0.3)])] == ["a", "b"]


@given(
    st.lists(st.floats(0, 1).map(lambda x: round(x, 6)), min_size=1, max_size=8),
    st.lists(st.floats(0, 1), max_size=8),
)
def test_scores_stay_from_0_to_1_in_order_and_are_the_sum_of_their_parts(
    scores: list[float], values: list[float]
) -> None:
    hits = [hit(f"{i}", score) for i, score in enumerate(sorted(scores, reverse=True))]
    ranked = reranked(values[: len(hits)], hits)
    assert sorted(ranked, key=lambda each: (-each.score, each.passage_id)) == list(ranked)
    for each in ranked:
        assert each.parts is not None
        assert each.parts.reranker is not None
        assert each.parts.lexical is not None
        assert 0 <= each.score <= 1
        assert each.score == round(each.parts.lexical + each.parts.reranker, 6)


@pytest.mark.parametrize("said", [float("nan"), -0.1, 1.1])
def test_what_is_no_number_from_0_to_1_is_refused(said: float) -> None:
    with pytest.raises(CorruptLibrary, match="gives scores that are no numbers from 0 to 1"):
        reranked([said], [hit("a", 0.5)])


def test_a_ranking_is_that_of_the_reranker(library: Library, likes_noon: Likes) -> None:
    searcher = library.searcher()
    ranking = searcher.hybrid(searcher.query("hot sun"), 3)
    first = library.store.article(ranking.hits[0].passage_id.rsplit(".", 2)[0])
    assert first.source.endswith("noon.txt")
    assert any("At noon the sun is high." in words for words in likes_noon.read)


def test_who_is_judged_does_not_depend_on_how_many_are_asked_for(library: Library) -> None:
    searcher = library.searcher()
    query = searcher.query("hot sun")
    assert searcher.hybrid(query, 1).hits == searcher.hybrid(query, 3).hits[:1]


def test_only_the_first_hits_are_read(tmp_path: Path, likes_noon: Likes) -> None:
    library = library_of(tmp_path, likes_noon, rerank=1)
    searcher = library.searcher()
    ranking = searcher.hybrid(searcher.query("hot sun"), 3)
    (read,) = likes_noon.read
    assert "The sun is hot" in read  # the first, which stays the first
    assert ranking.hits[0].score > ranking.hits[1].score
    library.close()


def test_an_answer_says_who_reranked_it_and_has_no_confidence(
    library: Library, tmp_path_factory: pytest.TempPathFactory
) -> None:
    given = ask(library.searcher(), library.store, "Is the sun hot?", explain=True)
    assert given.fingerprint.reranker == "likes"
    assert (given.confidence, given.calibration.state) == (None, "none")
    explanation = given.citations[0].explain
    assert explanation is not None
    assert explanation.parts.reranker == round(0.9 * SHARE, 6)
    assert (explanation.raw.reranker, explanation.weights.reranker) == (0.9, SHARE)
    assert sum(value or 0 for value in _values(explanation.weights)) == pytest.approx(1)
    for part, raw, weight in zip(
        *map(_values, (explanation.parts, explanation.raw, explanation.weights)), strict=True
    ):
        assert part == pytest.approx((raw or 0) * (weight or 0), abs=2e-6)
    plain = library_of(tmp_path_factory.mktemp("plain"), None)
    alone = ask(plain.searcher(), plain.store, "Is the sun hot?")
    assert alone.fingerprint.reranker is None
    assert alone.fingerprint.config != given.fingerprint.config
    assert alone.citations[0].quote.text != given.citations[0].quote.text
    plain.close()


def _values(of: Values) -> list[float | None]:
    return [of.lexical, of.passage, of.sentence, of.reranker]


def test_an_earlier_moment_is_reranked_by_the_words_of_then(library: Library, likes_noon: Likes) -> None:
    moment = library.store.articles()[0].recorded_at
    for article in library.store.articles():
        moment = max(moment, article.recorded_at)
    (library.folder / "noon.txt").write_text("At midnight the sun is gone.", "utf-8")
    add(library, [library.folder / "noon.txt"])
    for at, expected in ((moment, "noon"), (None, "midnight")):
        likes_noon.read.clear()
        searcher = library.searcher(at)
        searcher.hybrid(searcher.query("sun"), 3)
        assert any(expected in words for words in likes_noon.read)
        assert not any(
            {"noon": "midnight", "midnight": "At noon"}[expected] in words for words in likes_noon.read
        )


WORDS = ("the", "sun", "moon", "hot")


def test_a_cross_encoder_gives_the_sigmoid_of_its_logit_pair_by_pair(tmp_path: Path) -> None:
    from sentence_transformers import CrossEncoder

    folder = cross_encoder(tmp_path, *WORDS)
    reranker = CrossEncoderReranker(str(folder))
    passages = ["the sun", "moon", "hot the moon the sun"]
    together = reranker.scores("hot sun", passages)
    model = CrossEncoder(str(folder), device="cpu", local_files_only=True)
    for passage, score in zip(passages, together, strict=True):
        assert reranker.scores("hot sun", [passage])[0] == score
        logit = model.predict([("hot sun", passage)], activation_fn=_same)[0]
        assert score == pytest.approx(1 / (1 + np.exp(-logit)), abs=1e-6)
    assert len(set(together.tolist())) == 3
    assert reranker.fingerprint.startswith("model-")


def _same(values: object) -> object:
    return values


def test_a_model_with_several_labels_is_refused(tmp_path: Path) -> None:
    folder = cross_encoder(tmp_path, *WORDS, labels=3)
    with pytest.raises(ModelMismatch, match="has 3 labels"):
        CrossEncoderReranker(str(folder)).scores("sun", ["moon"])
