"""BM25 over postings against rank-bm25 itself."""

import math
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rank_bm25 import BM25Okapi

from citewell.index.bm25 import InvertedBM25, idf
from citewell.index.postings import Postings


class LuceneOkapi(BM25Okapi):  # type: ignore[misc]
    """The stock class with Lucene's idf, written down on its own."""

    def _calc_idf(self, nd: Mapping[str, int]) -> None:
        self.idf = {term: math.log(1 + (self.corpus_size - n + 0.5) / (n + 0.5)) for term, n in nd.items()}


class Blocks(InvertedBM25):
    """Goes through however few passages in blocks; scores a few one by one."""

    block = 4
    few = 2


terms = st.sampled_from(["a", "b", "c", "d", "e", "f"])
passages = st.lists(st.lists(terms, max_size=12), min_size=1, max_size=15).filter(any)


@given(passages, st.lists(terms | st.just("unknown"), max_size=6), st.floats(0.1, 3), st.floats(0, 0.99))
def test_scores_equal_rank_bm25(corpus: list[list[str]], query: list[str], k1: float, b: float) -> None:
    """Same tokens, same idf, same k1 and b: same scores, repeated terms included."""
    theirs = LuceneOkapi(corpus, k1=k1, b=b).get_scores(query)
    ours = InvertedBM25(Postings.of(corpus), k1=k1, b=b).get_scores(query)
    np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-12)


@given(passages, st.lists(terms | st.just("unknown"), max_size=6), st.data())
def test_scores_of_some_passages_are_those_of_all(
    corpus: list[list[str]], query: list[str], data: st.DataObject
) -> None:
    bm25 = InvertedBM25(Postings.of(corpus))
    some = np.array(data.draw(st.lists(st.integers(0, len(corpus) - 1), unique=True)), dtype=np.int64)
    np.testing.assert_allclose(bm25.get_batch_scores(query, some), bm25.get_scores(query)[some], rtol=1e-12)


@given(passages, st.lists(terms | st.just("unknown"), max_size=6), st.integers(1, 8), st.data())
def test_the_best_are_found_without_scoring_all(
    corpus: list[list[str]], query: list[str], k: int, data: st.DataObject
) -> None:
    """None of the k best of the allowed is missing, nor any that ties with the last of them."""
    bm25 = data.draw(st.sampled_from((InvertedBM25, Blocks)))(Postings.of(corpus))
    allowed = np.array(data.draw(st.lists(st.booleans(), min_size=len(corpus), max_size=len(corpus))))
    scores = np.where(allowed, bm25.get_scores(query), 0.0)
    numbers, found = bm25.best(query, k, allowed)
    assert numbers.tolist() == sorted(set(numbers.tolist()))
    np.testing.assert_allclose(found, scores[numbers], rtol=1e-12)
    bar = np.sort(scores)[::-1][:k][-1]
    assert set(np.flatnonzero((scores > 0) & (scores >= bar * (1 + 1e-12)))) <= set(numbers.tolist())


def test_common_terms_are_looked_up_only_where_they_can_matter() -> None:
    """The rare term decides: of a thousand passages with the common one, those with the rare one are scored."""
    corpus = [["common"]] * 1000 + [["common", "rare"]] * 3
    numbers, _ = Blocks(Postings.of(corpus)).best(["common", "rare"], 2)
    assert numbers.tolist() == [1000, 1001, 1002]


@given(passages, st.lists(terms | st.just("unknown"), min_size=1, max_size=6))
def test_no_passage_reaches_the_upper_bound(corpus: list[list[str]], query: list[str]) -> None:
    bm25 = InvertedBM25(Postings.of(corpus))
    assert bm25.get_scores(query).max() < bm25.upper_bound(query)


def test_postings_of_a_small_corpus() -> None:
    postings = Postings.of([["b", "a", "b"], [], ["a"]])
    assert list(postings.terms) == ["a", "b"]
    assert postings.offsets.tolist() == [0, 2, 3]
    assert postings.passages.tolist() == [0, 2, 0]
    assert postings.counts().tolist() == [1, 1, 2]
    assert postings.distinct.tolist() == [[1, 1], [1, 3], [2, 3]]  # tf and length
    assert postings.pairs.tolist() == [1, 0, 2]
    assert postings.lengths.tolist() == [3, 0, 1]
    assert [postings.doc_freq(term) for term in ("a", "b", "c")] == [2, 1, 0]


@pytest.mark.parametrize("corpus", [[], [[]], [[], []]])
def test_nothing_scores_in_an_empty_corpus(corpus: list[list[str]]) -> None:
    bm25 = InvertedBM25(Postings.of(corpus))
    assert bm25.get_scores(["a"]).tolist() == [0.0] * len(corpus)


@pytest.mark.parametrize(("passages_", "doc_freq"), [(1, 1), (10, 10), (10, 0), (1, 0)])
def test_idf_is_positive_even_for_a_term_in_every_passage(passages_: int, doc_freq: int) -> None:
    assert idf(passages_, doc_freq) > 0
