"""The engine over a cluster, and what it does when the cluster fails: the same answers, or one that says what is missing."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from citewell.corpus.errors import (
    BadInput,
    ClusterAway,
    ClusterMismatch,
    CorruptLibrary,
    LibraryBusy,
    ModelMismatch,
)
from citewell.corpus.server import Server
from citewell.eval.conformance_articles import Direction, article, articles, misspelt, questions
from citewell.index.answer import ask, search
from citewell.index.articles import IndexedArticle
from citewell.index.config import Config
from citewell.index.engine import MadeWith
from citewell.index.filter import Filter
from citewell.index.ledger_read import LedgerRead
from citewell.index.library import Library
from citewell.index.passage_rows import revision_key
from citewell.index.purge import purge
from citewell.index.scoring import State
from citewell.index.spelling import ReadAs
from citewell.index.verify import verify
from citewell.index.writing import put, remove
from tests.cluster import ADDRESS, MemoryStore, clustered
from tests.fakes import WordEmbedder
from tests.truths import another, kept_by

ASKED = questions(6)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def library(tmp_path: Path, store: MemoryStore, truth: Path | Server) -> Iterator[Library]:
    """What stands in the cluster is written down in a file, or on the server of the truth."""
    made = clustered(tmp_path / "clustered", Direction(), store, truth=kept_by(truth))
    yield made
    made.close()


@pytest.fixture
def exact(tmp_path: Path) -> Iterator[Library]:
    """The same on this machine."""
    made = Library(_folder(tmp_path / "exact"), Direction(), create=True)
    yield made
    made.close()


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def answered(library: Library, question: str, **given: Any) -> dict[str, Any]:
    answer = asdict(ask(library.askable(), library.store, question, 5, **given))
    for changing in ("took_ms", "fingerprint"):
        answer.pop(changing)
    return answer


def rows(store: MemoryStore) -> dict[str, Any]:
    return store.kept[store.aliases[ADDRESS.name]]


def sound(library: Library) -> None:
    assert [fault for check in verify(library) for fault in check.faults] == []


# -- the same answers ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def alike(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Library, Library]]:
    """In the cluster and on this machine, the same with a history; to be read only."""
    folder = tmp_path_factory.mktemp("alike")
    truth = request.getfixturevalue("postgres").server(folder) if request.param == "postgres" else None
    both = (
        clustered(folder / "clustered", Direction(), MemoryStore(), truth=truth),
        Library(_folder(folder / "exact"), Direction(), create=True),
    )
    for each in both:
        put(each, articles(40))
        put(each, [article(f"a{number}", 700 + number) for number in range(9)])
        remove(each, ["a11", "a12"])
    yield both
    for each in both:
        each.close()


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"explain": True},
        {"absent": ("a3", "a7", "nobody")},
        {"given": Filter(languages=("nl",)), "explain": True},
        {"given": Filter(articles=("nobody",)), "explain": True},
        {"given": Filter(sources=("https://example.org/1",), published_to="2025")},
    ],
)
def test_answers_are_those_of_a_library_on_one_machine(
    alike: tuple[Library, Library], given: dict[str, Any]
) -> None:
    library, exact = alike
    for question in [*ASKED, *misspelt(6), "unknownword", "the of", "?!a"]:
        assert answered(library, question, **given) == answered(exact, question, **given)
    sound(library)


@pytest.mark.parametrize(
    ("word", "read"),
    [("zuzur", ()), ("zuzux", (ReadAs("zuzux", "zuzun"),)), ("bazust", (ReadAs("bazust", "bäzust"),))],
)
def test_a_word_that_the_model_knows_is_read_as_on_one_machine(
    library: Library, exact: Library, word: str, read: tuple[ReadAs, ...]
) -> None:
    """Each is one letter from a word of the library, and the first and the last are words of the model."""
    for each in (library, exact):
        put(each, [article("a", 1, marked="zuzun"), article("b", 3, marked="bäzust")])
        answer = ask(each.askable(), each.store, word)
        assert answer.read_as == read
    assert answered(library, f"{word} bar") == answered(exact, f"{word} bar")


def test_a_passage_with_more_terms_than_a_field_takes_is_scored_by_all_of_them(
    library: Library, exact: Library
) -> None:
    long = article("long", 1)
    text = "bar " * 30_000 + "cer.\n"
    long = type(long)(long.article_id, long.source, type(long.draft)(text, "Long", "test"), text.encode())
    for each in (library, exact):
        put(each, [long, *articles(3)])
    assert answered(library, "cer bar") == answered(exact, "cer bar")


def test_no_word_leaves_the_machine(library: Library, store: MemoryStore) -> None:
    put(library, [article("private", 1, marked="Zebracrossing")])
    assert "zebra" not in str(rows(store)).lower()
    assert "private" not in str(rows(store))
    assert "example" not in str(rows(store))


# -- what is current -------------------------------------------------------------------------------------------------


def test_what_is_superseded_is_not_found_though_its_rows_are_there(
    library: Library, store: MemoryStore
) -> None:
    put(library, [article("a", 1, marked="Oldword"), article("b", 2)])
    before = set(rows(store))
    put(library, [article("a", 3, marked="Newword")])
    assert before < set(rows(store))  # for questions on their way
    assert search(library.askable(), library.store, "newword", 1).hits[0].article.revision == 2
    query = library.askable().about("oldword")[1]
    assert query.lexical is State.OUT_OF_VOCABULARY
    put(library, [article("c", 4)])
    assert not before & {name for name, row in rows(store).items() if "a" in row.facts}
    sound(library)


def test_a_list_full_of_what_is_superseded_is_made_up_for(
    tmp_path: Path, store: MemoryStore, truth: Path | Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("citewell.index.candidates.SPARE", 1)
    shallow = Config(depth=5)
    library = clustered(tmp_path / "clustered", Direction(), store, shallow, kept_by(truth))
    exact = Library(_folder(tmp_path / "exact"), Direction(), shallow, create=True)
    for each in (library, exact):
        put(each, [article(f"a{number}", number, marked="Same") for number in range(30)])
        put(each, [article(f"a{number}", 9_000 + number, marked="Other") for number in range(24)])
    assert answered(library, "same") == answered(exact, "same")
    library.close()
    exact.close()


def test_a_question_on_its_way_answers_from_what_was_published_when_it_began(
    library: Library, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(library, [article("a", 1, marked="Word"), article("b", 2)])
    original, began = store.matching, threading.Event()

    def slow(*arguments: Any) -> Any:
        if not began.is_set():
            began.set()
            put(library, [article("a", 3, marked="Word")])
        return original(*arguments)

    monkeypatch.setattr(store, "matching", slow)
    hits = search(library.askable(), library.store, "word", 5).hits
    assert {hit.article.revision for hit in hits if hit.article.id == "a"} == {1}
    assert search(library.askable(), library.store, "word", 1).hits[0].article.revision == 2


def test_a_question_is_answered_in_a_language_that_came_while_it_was_read(
    library: Library, exact: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, later = article("a", 0, marked="Word"), article("b", 3, marked="Word")
    assert first.draft.language != later.draft.language
    put(library, [first])
    put(exact, [first, later])
    read = LedgerRead.languages

    def slow(ledger: LedgerRead, *arguments: Any) -> tuple[str | None, ...]:
        found = read(ledger, *arguments)
        if library.store.change() == 1:
            put(library, [later])
        return found

    monkeypatch.setattr(LedgerRead, "languages", slow)
    assert answered(library, "word") == answered(exact, "word")


def test_what_is_asked_for_by_its_id_is_of_that_moment_too(
    library: Library, exact: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was superseded after the question began, and no list has it."""
    for each in (library, exact):
        put(each, [article("a", 1), article("b", 2)])
    asked = {"given": Filter(articles=("b",)), "absent": ["a"]}
    right = answered(exact, "ba", **asked)
    keys_of = LedgerRead.keys_of

    def slow(ledger: LedgerRead, *arguments: Any) -> list[str]:
        if library.store.change() == 2:
            put(library, [article("a", 700)])
        return keys_of(ledger, *arguments)

    monkeypatch.setattr(LedgerRead, "keys_of", slow)
    assert answered(library, "ba", **asked) == right


@pytest.mark.parametrize("rebuilds", [1, 2])
@pytest.mark.parametrize("list_comes", ["before", "after"])
def test_a_question_on_its_way_survives_a_rebuild(
    list_comes: str, rebuilds: int, library: Library, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("citewell.index.candidates._PATIENCE", 60.0)  # the list waits for the rebuilds
    put(library, articles(5))
    right, original, began = answered(library, ASKED[0]), store.nearest, threading.Event()

    def slow(*arguments: Any) -> Any:
        found = original(*arguments) if list_comes == "before" else None
        if not began.is_set():
            began.set()
            for _ in range(rebuilds):  # after two its collection is gone
                with library.writing():
                    library.rebuild()
        return original(*arguments) if found is None else found

    monkeypatch.setattr(store, "nearest", slow)
    assert answered(library, ASKED[0]) == right
    assert len(store.kept) == 2


def test_purged_rows_are_gone(library: Library, store: MemoryStore) -> None:
    put(library, articles(5))
    purge(library, ["a1"])
    live = {revision_key(IndexedArticle.of(each)) for each in library.store.articles()}
    assert {row.revision for row in rows(store).values()} == live
    sound(library)


def test_threads_take_turns_to_write(library: Library) -> None:
    def write() -> None:
        with library.writing(wait=0):
            pass

    with ThreadPoolExecutor(1) as thread:
        with library.writing(), pytest.raises(LibraryBusy):
            thread.submit(write).result()
        thread.submit(write).result()


# -- failures --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("failing", "silent", "other"), [("matching", "lexical", "dense"), ("nearest", "dense", "lexical")]
)
def test_a_list_that_does_not_come_is_reported_and_has_no_share(
    library: Library, store: MemoryStore, failing: str, silent: str, other: str
) -> None:
    put(library, articles(20))
    store.failing = {failing}
    answer = ask(library.askable(), library.store, ASKED[0], explain=True)
    assert {name: state.state.value for name, state in answer.retrievers.items()} == {
        silent: "unavailable",
        other: "ok",
    }
    assert answer.citations
    assert answer.calibration.state == "none"
    for citation in answer.citations:
        assert citation.explain is not None
        assert (citation.explain.raw.lexical is None) == (silent == "lexical")
        assert (citation.explain.raw.passage is None) == (silent == "dense")


def test_without_any_list_the_question_fails_by_name(library: Library, store: MemoryStore) -> None:
    put(library, articles(3))
    store.failing = {"matching", "nearest"}
    with pytest.raises(ClusterAway, match=r"does not answer.*Start it, or mend passages"):
        search(library.askable(), library.store, ASKED[0])
    store.failing = set()
    assert search(library.askable(), library.store, ASKED[0]).hits


@pytest.mark.parametrize("puts", [0, 1, 2])
def test_what_was_acknowledged_is_caught_up_after_the_cluster_died(
    library: Library, exact: Library, store: MemoryStore, puts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("citewell.index.filled._ARTICLES", 4)
    put(library, articles(12))
    before = [answered(library, question) for question in ASKED]
    changed = [article(f"a{number}", 5_000 + number) for number in range(0, 24, 2)]
    store.puts_left = puts
    with pytest.raises(ClusterAway):
        put(library, changed)
    assert [answered(library, question) for question in ASKED] == before
    store.puts_left = None
    library.catch_up_if_free()
    for given in (articles(12), changed):
        put(exact, given)
    assert [answered(library, each) for each in ASKED] == [answered(exact, each) for each in ASKED]
    put(library, [article("last", 1)])
    sound(library)


@pytest.mark.parametrize("failing", ["create", "put", "count", "settle", "point", "drop"])
def test_a_rebuild_that_is_cut_short_leaves_the_former_collection(
    library: Library, store: MemoryStore, failing: str
) -> None:
    put(library, articles(5))
    with library.writing():
        library.rebuild()
    right = answered(library, ASKED[0])
    store.failing = {failing}
    with pytest.raises(ClusterAway), library.writing():
        library.rebuild()
    store.failing = set()
    assert answered(library, ASKED[0]) == right
    with library.writing():
        library.rebuild()
    assert answered(library, ASKED[0]) == right
    assert len(store.kept) == 2


def test_rows_that_the_cluster_lost_are_sent_again_with_the_next_write(
    library: Library, store: MemoryStore
) -> None:
    put(library, articles(5))
    before = dict(rows(store))
    rows(store).popitem()
    assert "rows are there for" in str(verify(library))
    put(library, [article("more", 1)])
    assert rows(store).keys() > before.keys()
    sound(library)


def test_an_article_that_loses_earlier_revisions_is_still_found(library: Library) -> None:
    put(library, articles(5))
    put(library, [article("a0", 7)])
    with library.writing():
        library.store.keep_revisions(1)
        library.catch_up()
    sound(library)


def test_a_cluster_that_loses_rows_again_and_again_is_named(
    library: Library, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(library, articles(5))
    rows(store).popitem()
    counted = len(rows(store))
    monkeypatch.setattr(store, "count", lambda *_, **__: counted)
    with pytest.raises(CorruptLibrary, match=r"were sent.*citewell rebuild"):
        put(library, [article("more", 1)])


# -- what is not this library's --------------------------------------------------------------------------------------


def test_the_name_of_another_library_is_not_taken_without_being_asked_for(
    library: Library, store: MemoryStore, tmp_path: Path, truth: Path | Server
) -> None:
    put(library, articles(3))
    other = clustered(tmp_path / "other", Direction(), store, truth=kept_by(another(truth)))
    with pytest.raises(ClusterMismatch, match=r"belongs to another library.*citewell rebuild"):
        put(other, [article("b", 1)])
    assert [each.article_id for each in other.store.articles()] == ["b"] or not other.store.articles()
    with other.writing():
        other.rebuild()
    other.close()
    with pytest.raises(ClusterMismatch, match="belongs to another library"):
        library.engine.held()


def test_a_cluster_that_was_emptied_is_named(library: Library, store: MemoryStore) -> None:
    put(library, articles(3))
    store.aliases.clear()
    with pytest.raises(ClusterMismatch, match=r"was emptied.*citewell rebuild"):
        put(library, [article("b", 1)])


def test_another_model_is_named_and_only_a_rebuild_fills_a_new_collection(
    library: Library, store: MemoryStore, tmp_path: Path, truth: Path | Server
) -> None:
    put(library, articles(3))
    (former,) = store.kept
    words = clustered(tmp_path / "clustered", WordEmbedder("ba", "ce"), store, truth=kept_by(truth))
    with pytest.raises(ClusterMismatch, match=r"64 dimensions; the model's have 3.*citewell rebuild"):
        words.askable()
    with pytest.raises(ClusterMismatch, match="citewell rebuild"):
        put(words, [article("b", 1)])
    assert list(store.kept) == [former]
    with words.writing():
        words.rebuild()
    assert former in store.kept
    assert rows(store) is not store.kept[former]
    words.close()
    for use in (library.askable, lambda: put(library, [article("b", 1)])):
        with pytest.raises((ModelMismatch, ClusterMismatch), match="citewell rebuild"):
            use()
    assert len(library.store.articles()) == 3


def test_a_write_asks_once_which_model_the_collection_has_and_the_next_one_again(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, ask_engine = [], library.engine.made_with

    def counted() -> frozenset[MadeWith]:
        asked.append(1)
        return ask_engine()

    monkeypatch.setattr(library.engine, "made_with", counted)
    for number in range(3):
        put(library, [article("new", number)])
        assert len(asked) == number + 1


def test_a_library_in_a_cluster_is_not_opened_without_it(tmp_path: Path, store: MemoryStore) -> None:
    put(library := clustered(tmp_path / "clustered", Direction(), store), articles(3))
    library.close()
    with pytest.raises(BadInput, match=r"are in a cluster, which was not named.*CITEWELL_PASSAGES"):
        Library(tmp_path / "clustered", Direction())


def test_an_earlier_moment_is_refused_and_the_present_one_answered(library: Library) -> None:
    put(library, articles(3))
    assert library.askable("2999-01-01").about("ba")[0].as_of is not None
    with pytest.raises(BadInput, match="cannot be answered from a cluster"):
        library.askable("2001-01-01")


def test_what_looks_through_all_passages_is_refused(library: Library) -> None:
    put(library, articles(3))
    with pytest.raises(BadInput, match="needs a library on this machine"):
        library.searcher()
