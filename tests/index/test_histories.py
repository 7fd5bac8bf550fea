"""Whatever happened to a library, it answers as one that was built from what is in it now."""

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from citewell.corpus.article import passage_id
from citewell.corpus.server import Server
from citewell.index.answer import ask, search
from citewell.index.filter import EVERYTHING, Filter
from citewell.index.library import Library
from tests.fakes import WordEmbedder
from tests.index.histories import FILTERS, LANGUAGES, MENU, NAMES, WORDS, history, play, step, tiny_passages
from tests.truths import another, kept_by


def check_against_rebuild(
    folder: Path, batches: list[list[tuple[str, str, str]]], truth: Server | None = None
) -> None:
    library = Library(folder, WordEmbedder(*WORDS), create=True, truth=truth)
    try:
        play(library, batches)
        grown = library.searcher()
        questions = [
            "sun",
            "moon star",
            "comet rises late",
            "sets",
            "unknown",
            "wat is dat",
            "cometes riss",
            "coemt sun",
        ]
        answers = [replace(ask(grown, library.store, q, 20), took_ms=0.0) for q in questions]
        rankings = [search(grown, library.store, q, 50).hits for q in questions]
        some = [search(grown, library.store, q, 50, given).hits for q in questions for given in FILTERS]
        library.rebuild()
        fresh = library.searcher()
        assert grown.passages == fresh.passages
        for question, answer, ranking in zip(questions, answers, rankings, strict=True):
            again = replace(ask(fresh, library.store, question, 20), took_ms=0.0)
            assert replace(answer, fingerprint=again.fingerprint) == again
            assert ranking == search(fresh, library.store, question, 50).hits
        assert some == [
            search(fresh, library.store, q, 50, given).hits for q in questions for given in FILTERS
        ]
    finally:
        library.close()


@given(batches=history)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_history_leaves_no_trace_in_the_answers(
    truth: Path | Server, batches: list[list[tuple[str, str, str]]]
) -> None:
    with TemporaryDirectory() as folder, tiny_passages():
        check_against_rebuild(Path(folder), batches, kept_by(another(truth)))


@pytest.mark.slow
@given(batches=history)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_many_histories_leave_no_trace_in_the_answers(
    truth: Path | Server, batches: list[list[tuple[str, str, str]]]
) -> None:
    with TemporaryDirectory() as folder, tiny_passages():
        check_against_rebuild(Path(folder), batches, kept_by(another(truth)))


def test_what_histories_clean_is_left_out(tmp_path: Path) -> None:
    """Else the other tests would show nothing of it."""
    library = Library(tmp_path, WordEmbedder(*WORDS), create=True)
    with tiny_passages():
        play(library, [[("put", "a", f"{MENU}\n\nSun rises late.")], [("clean", MENU, "")]])
        play(library, [[("put", "b", f"{MENU}\n\nMoon rises.")]])
        found = search(library.searcher(), library.store, "sun moon menu", 9).hits
        assert {hit.passage.text.strip() for hit in found} == {"Sun rises late.", "Moon rises."}
        play(library, [[("clean", "", "")]])
        found = search(library.searcher(), library.store, "sun moon menu", 9).hits
        assert sum(MENU in hit.passage.text for hit in found) == 2
    library.close()


def check_with_clusters(folder: Path, batches: list[list[tuple[str, str, str]]]) -> None:
    """Every segment of more than two passages is clustered."""
    library = Library(folder, WordEmbedder(*WORDS), create=True)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("citewell.index.segment.ONE_BY_ONE", 2)
        patched.setattr("citewell.index.part.ONE_BY_ONE", 2)
        try:
            play(library, batches)
            parts = library.searcher().parts
            assert [part.segment.clusters is not None for part in parts] == [
                len(p.segment) > 2 for p in parts
            ]
            for given_ in (EVERYTHING, *FILTERS):
                for question in ("sun", "moon star", "unknown"):
                    found = search(library.searcher(), library.store, question, 100, given_).hits
                    passing = {article for article in NAMES if passes(given_, article)}
                    assert sorted(hit.passage.id for hit in found) == live(library, passing)
        finally:
            library.close()


def passes(given_: Filter, name: str) -> bool:
    language = LANGUAGES.get(name, "en")
    return (
        name in (given_.articles or NAMES)
        and (not given_.languages or language in given_.languages)
        and (not given_.sources or f"/{name}.txt" in given_.sources)
    )


def live(library: Library, names: Collection[str]) -> list[str]:
    """Ids of the passages of those of the articles that are in the store, in order."""
    return sorted(
        passage_id(article.article_id, article.text_sha, passage.span)
        for article in library.store.articles()
        if article.article_id in names
        for passage in library.store.cut(article.text_sha).passages
    )


@given(history)
@settings(max_examples=12, deadline=None)
def test_in_clusters_no_passage_is_lost_and_no_dead_one_found(
    batches: list[list[tuple[str, str, str]]],
) -> None:
    """What was added, updated, removed and merged, when as many are asked for as there are."""
    with TemporaryDirectory() as folder, tiny_passages():
        check_with_clusters(Path(folder), batches)


@pytest.mark.slow
@given(st.lists(st.lists(step, min_size=1, max_size=4), min_size=8, max_size=40))
@settings(max_examples=300, deadline=None)
def test_a_long_history_leaves_no_trace_in_the_answers(batches: list[list[tuple[str, str, str]]]) -> None:
    with TemporaryDirectory() as folder, tiny_passages():
        check_against_rebuild(Path(folder), batches)
