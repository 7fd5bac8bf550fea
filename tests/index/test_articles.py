"""The articles of a segment: in order of their ids, each as it was given."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citewell.index.articles import Articles, IndexedArticle
from tests.index.examples import an_article
from tests.index.filters import indexed_articles


def indexed(article_id: str, language: str | None = "en") -> IndexedArticle:
    return IndexedArticle(article_id, 1, "sha", language, f"/{article_id}.txt", None, ())


def test_of_an_article_it_keeps_what_a_filter_asks_for() -> None:
    article, _, _ = an_article(
        "tides", "Words.", source="https://e.org/t", published="2026-03", metadata={"topic": "sea", "by": "A"}
    )
    assert IndexedArticle.of(article) == IndexedArticle(
        "tides", 1, article.text_sha, "en", "https://e.org/t", "2026-03", (("by", "A"), ("topic", "sea"))
    )


def test_articles_are_in_order_of_their_ids() -> None:
    """By code point: capitals first."""
    articles = Articles.of(map(indexed, ["b", "a-1", "a.b", "B", "a", "a1"]))
    assert [article.article_id for article in articles] == ["B", "a", "a-1", "a.b", "a1", "b"]


@given(indexed_articles(), st.slices(8))
def test_they_are_the_articles_that_were_given(given_: list[IndexedArticle], some: slice) -> None:
    ordered = sorted(given_, key=lambda article: article.article_id)
    articles = Articles.of(given_)
    assert len(articles) == len(ordered)
    assert list(articles) == ordered
    assert list(articles.all) == ordered
    assert [articles[i] for i in range(len(ordered))] == ordered
    assert articles[some] == ordered[some]


@given(indexed_articles().flatmap(lambda given_: st.tuples(st.just(given_), st.permutations(given_))))
def test_the_arrays_do_not_depend_on_the_order_in_which_articles_come(
    orders: tuple[list[IndexedArticle], list[IndexedArticle]],
) -> None:
    def arrays(articles: Articles) -> list[bytes]:
        strings = (articles.ids, articles.facts)
        parts = [array.tobytes() for s in strings for array in (s.content, s.offsets)]
        return [*parts, articles.language_of.tobytes(), repr(articles.languages).encode()]

    one, other = map(Articles.of, orders)
    assert arrays(one) == arrays(other)


def test_numbers_are_given_of_those_that_are_here_in_the_order_asked() -> None:
    articles = Articles.of(map(indexed, ["c", "a", "b"]))
    assert articles.numbers_of(["b", "nobody", "a", ""]) == [0, 1]
    assert articles.numbers_of([]) == articles.numbers_of(["ab", "d"]) == []


def test_languages_are_those_that_some_article_is_in() -> None:
    articles = Articles.of(
        [indexed("a", "nl"), indexed("b", None), indexed("c", "en"), indexed("d", "nl"), indexed("e", None)]
    )
    assert articles.languages == (None, "en", "nl")
    assert articles.language_of.tolist() == [2, 0, 1, 2, 0]


def test_no_articles_are_in_no_language() -> None:
    empty = Articles.of([])
    assert (list(empty), empty.all, empty.languages, empty.numbers_of(["a"])) == ([], (), (), [])
    with pytest.raises(IndexError):
        empty[0]
