"""Whatever happened to a library, it answers as one that was built from what is in it now."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citewell.corpus.article import Draft
from citewell.corpus.passages import CUT_RECIPE, Bounds, cut
from citewell.index.answer import ask, search
from citewell.index.library import Library
from tests.fakes import WordEmbedder

WORDS = ("sun", "moon", "star", "comet")
NAMES = ("a", "b", "c", "d", "e", "f")
TINY = Bounds(least_words=2, target_words=5, most_words=9, most_tokens=30)

sentence = st.lists(st.sampled_from([*WORDS, "rises", "sets", "late"]), min_size=2, max_size=6).map(
    lambda words: " ".join(words).capitalize() + "."
)
text = st.lists(sentence, min_size=1, max_size=5).map(" ".join)
step = st.tuples(st.just("put"), st.sampled_from(NAMES), text) | st.tuples(
    st.just("remove"), st.sampled_from(NAMES), st.just("")
)
history = st.lists(st.lists(step, min_size=1, max_size=3), min_size=1, max_size=10)  # batches of steps


def put(library: Library, name: str, words: str) -> None:
    draft = Draft(words, name.upper(), "test", "")
    pieces = cut(words, "en", library.embedder.count_tokens, TINY)
    library.store.put(name, f"/{name}.txt", draft, "en", pieces, CUT_RECIPE)


def play(library: Library, batches: list[list[tuple[str, str, str]]]) -> None:
    for batch in batches:
        with library.writing():
            for kind, name, words in batch:
                if kind == "put":
                    put(library, name, words)
                elif any(article.article_id == name for article in library.store.articles()):
                    library.store.remove(name)
            library.catch_up()
            library.compact()


def check_against_rebuild(folder: Path, batches: list[list[tuple[str, str, str]]]) -> None:
    library = Library(folder, WordEmbedder(*WORDS), create=True)
    try:
        play(library, batches)
        grown = library.searcher()
        questions = ["sun", "moon star", "comet rises late", "sets", "unknown"]
        answers = [replace(ask(grown, library.store, q, 20), took_ms=0.0) for q in questions]
        rankings = [search(grown, library.store, q, 50).hits for q in questions]
        library.rebuild()
        fresh = library.searcher()
        assert grown.passages == fresh.passages
        for question, answer, ranking in zip(questions, answers, rankings, strict=True):
            again = replace(ask(fresh, library.store, question, 20), took_ms=0.0)
            assert replace(answer, fingerprint=again.fingerprint) == again
            assert ranking == search(fresh, library.store, question, 50).hits
    finally:
        library.close()


@given(history)
@settings(max_examples=25, deadline=None)
def test_a_history_leaves_no_trace_in_the_answers(batches: list[list[tuple[str, str, str]]]) -> None:
    with TemporaryDirectory() as folder:
        check_against_rebuild(Path(folder), batches)


@pytest.mark.slow
@given(st.lists(st.lists(step, min_size=1, max_size=4), min_size=8, max_size=40))
@settings(max_examples=300, deadline=None)
def test_a_long_history_leaves_no_trace_in_the_answers(batches: list[list[tuple[str, str, str]]]) -> None:
    with TemporaryDirectory() as folder:
        check_against_rebuild(Path(folder), batches)
