"""Near-duplicate articles: what they all say is cited from the one that was added first, the others stand under it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from citewell.index.answer import ask, search
from citewell.index.filter import EVERYTHING, Filter
from citewell.index.library import Library
from citewell.index.purge import purge
from citewell.index.response import Answer
from citewell.index.writing import add, remove
from tests.fakes import WordEmbedder

QUESTION = "When does the tide come?"
SEA = (
    "The tide comes two days after new moon. Fishermen wait for it on the long quay behind the harbour office. Nobody "
    "else is there at that hour, and the gulls sleep on the roof of the old customs house beside the lighthouse."
)
EDITED = SEA.replace("old customs house", "former customs house")
AGAIN = f"# The tide\n\n{SEA.replace('long quay', 'high quay')}"
OTHER = "The tide comes in at noon where the river is wide, as boatmen say who have seen it all their lives."


@pytest.fixture
def library(tmp_path: Path) -> Library:
    (tmp_path / "library").mkdir()
    return Library(tmp_path / "library", WordEmbedder("tide", "moon", "gulls"), create=True)


@pytest.fixture
def put(library: Library, tmp_path: Path) -> Callable[..., None]:
    def write(name: str, text: str, **more: str) -> None:
        said = "".join(f"{key}: {value}\n" for key, value in more.items())
        file = tmp_path / f"{name}.md"
        file.write_text(f"---\nid: {name}\ntitle: T {name}\nlanguage: en\n{said}---\n{text}\n")
        (done,) = add(library, [file])
        assert done.result in ("added", "updated")

    return write


def cited(answer: Answer) -> list[tuple[str, list[str]]]:
    return [
        (each.article.id, [also.article_id for also in each.also_in])
        for each in answer.citations or answer.near_misses
    ]


def asked(library: Library, only: Filter = EVERYTHING, as_of: str | None = None, k: int = 5) -> Answer:
    return ask(library.searcher(as_of), library.store, QUESTION, k, only)


def test_only_the_first_added_is_cited(library: Library, put: Callable[..., None]) -> None:
    """Also where a later one ranks higher, here by its heading."""
    put("z-first", SEA)
    put("a-again", AGAIN)
    put("b-other", OTHER)
    ranked = [hit.article.id for hit in search(library.searcher(), library.store, QUESTION).hits]
    assert ranked.index("a-again") < ranked.index("z-first")
    assert cited(asked(library)) == [("b-other", []), ("z-first", ["a-again"])]
    scores = [each.score for each in asked(library).citations]
    assert scores == sorted(scores, reverse=True)


def test_the_others_are_named_with_what_is_known_of_them(library: Library, put: Callable[..., None]) -> None:
    put("first", SEA)
    put("second", EDITED)
    (also,) = asked(library).citations[0].also_in
    assert (also.article_id, also.title, also.source.endswith("second.md")) == ("second", "T second", True)
    assert also.passage_id.startswith("second.")


def test_the_next_takes_over_when_the_first_is_removed(library: Library, put: Callable[..., None]) -> None:
    for name, text in (("c", SEA), ("b", EDITED), ("a", AGAIN)):
        put(name, text)
    assert cited(asked(library)) == [("c", ["a", "b"])]
    remove(library, ["c"])
    assert cited(asked(library)) == [("b", ["a"])]
    purge(library, ["b"])
    assert cited(asked(library)) == [("a", [])]


def test_an_article_that_comes_back_counts_from_when_it_first_came(
    library: Library, put: Callable[..., None]
) -> None:
    """Unless it was purged meanwhile."""
    put("c", SEA)
    put("b", EDITED)
    remove(library, ["c"])
    put("c", SEA)
    assert cited(asked(library)) == [("c", ["b"])]
    purge(library, ["c"])
    put("c", SEA)
    assert cited(asked(library)) == [("b", ["c"])]


def test_an_update_parts_what_was_near_and_joins_what_was_not(
    library: Library, put: Callable[..., None]
) -> None:
    put("first", SEA)
    put("second", OTHER)
    assert {name for name, _ in cited(asked(library))} == {"first", "second"}
    put("second", EDITED)
    assert cited(asked(library)) == [("first", ["second"])]
    put("first", OTHER)
    assert {name for name, _ in cited(asked(library))} == {"first", "second"}


def test_a_filter_that_lets_only_the_second_pass(library: Library, put: Callable[..., None]) -> None:
    put("first", SEA, topic="sea")
    put("second", EDITED, topic="river")
    assert cited(asked(library, Filter(articles=("second",)))) == [("second", [])]
    assert cited(asked(library, Filter(metadata=(("topic", "river"),)))) == [("second", [])]
    assert cited(asked(library, Filter(metadata=(("topic", "sea"),)))) == [("first", [])]


def test_at_an_earlier_moment_those_of_then_count(library: Library, put: Callable[..., None]) -> None:
    put("first", OTHER)
    put("second", SEA)
    put("third", EDITED)
    before = library.store.article("third").recorded_at
    put("first", AGAIN)
    assert cited(asked(library)) == [("first", ["second", "third"])]
    assert ("second", ["third"]) in cited(asked(library, as_of=before))


def test_what_only_a_later_one_says_is_cited_from_it(library: Library, put: Callable[..., None]) -> None:
    """So a figure that was corrected there is not lost."""
    put("first", SEA)
    put("second", SEA.replace("two days", "3 days"))
    assert {name for name, _ in cited(asked(library))} == {"first", "second"}


def test_a_passage_that_no_retriever_proposed_is_cited_for_its_copy(
    library: Library, put: Callable[..., None]
) -> None:
    """With k = 1 three hits are looked at; the first article's own is the fifth."""
    put("z", SEA)
    for name in "abcd":
        put(name, AGAIN.replace("gulls", f"gulls of {name}"))
    assert [hit.article.id for hit in search(library.searcher(), library.store, QUESTION).hits][-1] == "z"
    ((name, others),) = cited(asked(library, k=1))
    assert (name, len(others)) == ("z", 3)
    (why,) = ask(library.searcher(), library.store, QUESTION, 1, absent=["z"]).why_not
    assert (why.outcome, why.citation) == ("cited", 1)


def test_segments_do_not_matter(library: Library, put: Callable[..., None]) -> None:
    for name, text in (("c", SEA), ("b", EDITED), ("a", AGAIN), ("d", OTHER)):
        put(name, text)
    many = cited(asked(library))
    with library.writing():
        library.rebuild()
    assert cited(asked(library)) == many
