"""Collections that stay: one that was being filled is gone on with, and the one before can be gone back to."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from citewell.corpus.errors import BadInput, ClusterAway, CorruptLibrary, ModelMismatch
from citewell.corpus.repeated import Repeated
from citewell.corpus.server import Server
from citewell.eval.conformance_articles import Direction, article, articles, questions
from citewell.index.answer import search
from citewell.index.articles import IndexedArticle
from citewell.index.clean import leave_out
from citewell.index.library import Library
from citewell.index.passage_rows import PassageRow, fact, revision_key
from citewell.index.purge import purge
from citewell.index.verify import verify
from citewell.index.writing import put, remove
from tests.cluster import ADDRESS, MemoryStore, clustered
from tests.truths import kept_by

ASKED = questions(4)


class Other(Direction):
    """The same under another name."""

    fingerprint = "conformance-other"


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


Opens = Callable[..., Library]


@pytest.fixture
def opens(
    tmp_path: Path, store: MemoryStore, truth: Path | Server, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Opens]:
    """The one library, as other processes would."""
    monkeypatch.setattr("citewell.index.filled._ARTICLES", 4)
    folder, opened = tmp_path / "books", []
    server = kept_by(truth)

    def open_one(embedder: Direction | None = None) -> Library:
        at = replace(server, folder=folder) if server else None
        opened.append(made := clustered(folder, embedder or Direction(), store, truth=at))
        return made

    yield open_one
    for each in reversed(opened):
        each.close()


@pytest.fixture
def library(opens: Opens) -> Library:
    made = opens()
    put(made, articles(20))
    return made


def rebuild(library: Library) -> None:
    with library.writing():
        library.rebuild()


def cut_short(library: Library, store: MemoryStore, puts: int) -> None:
    """A rebuild of which the cluster took so many batches."""
    store.puts_left = puts
    with pytest.raises(ClusterAway):
        rebuild(library)
    store.puts_left = None


def found(library: Library) -> list[list[tuple[str, float]]]:
    return [
        [(hit.passage.id, hit.score) for hit in search(library.askable(), library.store, question, 5).hits]
        for question in ASKED
    ]


def current(store: MemoryStore) -> dict[str, PassageRow]:
    return store.kept[store.aliases[ADDRESS.name]]


def sound(library: Library) -> None:
    assert [fault for check in verify(library) for fault in check.faults] == []


@pytest.fixture
def sent(store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Keys of the revisions whose rows were sent."""
    seen: list[str] = []
    original = store.put

    def put(name: str, rows: Sequence[PassageRow]) -> None:
        original(name, rows)
        seen.extend({row.revision for row in rows})

    monkeypatch.setattr(store, "put", put)
    return seen


# -- going on --------------------------------------------------------------------------------------------------------


def test_a_rebuild_that_was_cut_short_sends_only_what_is_missing(
    library: Library, opens: Opens, store: MemoryStore, sent: list[str]
) -> None:
    right = found(library)
    cut_short(library, store, 3)
    before = set(sent)
    sent.clear()
    again = opens()
    rebuild(again)
    assert len(before) == 12
    assert len(set(sent)) == 8
    assert not before & set(sent)
    assert found(again) == right
    sound(again)


def test_what_changed_meanwhile_is_sent_and_what_is_gone_removed(
    library: Library, store: MemoryStore, sent: list[str]
) -> None:
    cut_short(library, store, 3)
    put(library, [article("a0", 7_777), article("new", 1)])
    remove(library, ["a1"])
    sent.clear()
    rebuild(library)
    assert len(set(sent)) == 10
    live = {revision_key(IndexedArticle.of(each)) for each in library.store.articles()}
    assert {row.revision for row in current(store).values()} == live
    sound(library)


def test_it_is_begun_anew_after_another_rule_or_model_or_when_it_is_gone(
    library: Library, opens: Opens, store: MemoryStore, sent: list[str]
) -> None:
    def is_gone() -> None:
        del store.kept[list(store.kept)[-1]]

    def is_cleaned() -> None:
        library.store.leave_out([Repeated("https://example.org/", "Menu", 3, 4)])

    def is_restored() -> None:
        library.store.start_epoch(library.store.epoch())

    for change in (is_cleaned, is_restored, is_gone):
        cut_short(library, store, 2)
        change()
        sent.clear()
        rebuild(library)
        assert len(set(sent)) == 20
        sound(library)
    cut_short(library, store, 2)
    sent.clear()
    rebuild(opens(Other()))
    assert len(set(sent)) == 20


def test_rows_that_a_collection_lost_while_it_was_filled_are_sent_again(
    library: Library, store: MemoryStore, sent: list[str]
) -> None:
    cut_short(library, store, 2)
    unpublished = list(store.kept)[-1]
    lost = next(iter(store.kept[unpublished]))  # of those that were sent to the end
    del store.kept[unpublished][lost]
    sent.clear()
    rebuild(library)
    assert lost in store.kept[unpublished]
    assert len(set(sent)) < 20
    sound(library)


def test_a_collection_that_loses_rows_again_and_again_is_not_gone_on_with(
    library: Library, store: MemoryStore, sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_short(library, store, 2)
    with monkeypatch.context() as patched:
        patched.setattr(store, "count", lambda *_, **__: 1)
        with pytest.raises(CorruptLibrary, match=r"were sent. Fill another: citewell rebuild"):
            rebuild(library)
    sent.clear()
    rebuild(library)
    assert len(set(sent)) == 20
    sound(library)


# -- going back ------------------------------------------------------------------------------------------------------


def go_back(library: Library) -> int:
    with library.writing():
        return library.go_back()


def test_the_former_collection_is_asked_again_with_what_was_stored_since(
    library: Library, opens: Opens, store: MemoryStore
) -> None:
    first = store.aliases[ADDRESS.name]
    rebuild(library)
    second = store.aliases[ADDRESS.name]
    version = library.version()
    assert go_back(library) > 0
    assert store.aliases[ADDRESS.name] == first != second
    assert library.version() != version  # answers that were kept are asked again
    put(library, [article("new", 1, marked="Newword"), article("a0", 7_777)])
    remove(library, ["a1"])
    right = found(library)
    go_back(opens())
    assert store.aliases[ADDRESS.name] == second
    assert found(library) == right
    assert search(library.askable(), library.store, "newword", 1).hits[0].article.id == "new"
    sound(library)


def test_going_back_to_a_model_that_cuts_otherwise_cuts_the_texts_again(
    library: Library, opens: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = found(library)
    other = opens(Other())
    monkeypatch.setattr(other.embedder, "cut_recipe", "another")
    monkeypatch.setattr(other.embedder, "most_tokens", 8)
    rebuild(other)
    put(other, [article("new", 30)])
    go_back(opens())
    sound(library)
    remove(library, ["new"])
    assert found(library) == right


def test_answers_of_the_collection_before_are_another_version_s(
    library: Library, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    versions = []
    original = store.point

    def point(alias: str, name: str) -> None:
        versions.append(library.version())  # while questions go to the one before
        original(alias, name)

    monkeypatch.setattr(store, "point", point)
    rebuild(library)
    assert library.version() not in versions
    versions.clear()
    go_back(library)
    assert library.version() not in versions


def test_exactly_one_former_collection_is_kept(library: Library, store: MemoryStore) -> None:
    names = []
    for _ in range(4):
        names.append(store.aliases[ADDRESS.name])
        rebuild(library)
    assert set(store.kept) == {names[-1], store.aliases[ADDRESS.name]}
    go_back(library)
    rebuild(library)
    assert set(store.kept) == {names[-1], store.aliases[ADDRESS.name]}


def test_without_one_there_is_nothing_to_go_back_to(library: Library) -> None:
    with pytest.raises(BadInput, match="has no former collection to go back to"):
        go_back(library)


def test_one_of_another_model_needs_that_model(library: Library, opens: Opens, store: MemoryStore) -> None:
    first, right = store.aliases[ADDRESS.name], found(library)
    other = opens(Other())
    rebuild(other)
    with pytest.raises(
        ModelMismatch, match=r"conformance-1; in use is conformance-other.*citewell rebuild --back"
    ):
        go_back(other)
    assert store.aliases[ADDRESS.name] != first
    go_back(opens())
    assert store.aliases[ADDRESS.name] == first
    assert found(library) == right
    with pytest.raises(ModelMismatch):
        other.askable()


@pytest.mark.parametrize("back", [False, True], ids=["another model", "gone back"])
def test_a_running_service_does_not_undo_a_rebuild_or_a_roll_back(
    library: Library, opens: Opens, store: MemoryStore, back: bool
) -> None:
    """What is asked in a cluster is changed by who asks for that, not by the next write."""
    running, operator = library, opens(Other())
    rebuild(operator)
    if back:
        running, operator = operator, library
        go_back(operator)
    pointed, right = store.aliases[ADDRESS.name], found(operator)
    change, kept = operator.store.change(), set(store.kept)
    for write in (
        lambda: put(running, [article("new", 1)]),
        lambda: remove(running, ["a1"]),
        lambda: purge(running, ["a1"]),
        lambda: leave_out(running, [Repeated("https://example.org/", "Menu", 3, 4)]),
    ):
        with pytest.raises(ModelMismatch, match=r"was made with .*; in use is .*citewell rebuild --library"):
            write()
    assert (operator.store.change(), found(operator)) == (change, right)
    operator.store.remove("a2")  # stored by one that was killed
    with pytest.raises(ModelMismatch):
        running.catch_up_if_free()
    assert (store.aliases[ADDRESS.name], set(store.kept)) == (pointed, kept)
    put(operator, [article("new", 1, marked="Newword")])
    sound(operator)
    rebuild(running)
    assert store.aliases[ADDRESS.name] != pointed
    sound(running)


def test_one_from_before_the_library_was_restored_or_cleaned_is_refused(library: Library) -> None:
    rebuild(library)
    library.store.leave_out([])
    with pytest.raises(BadInput, match=r"cannot be brought up to date.*Fill another: citewell rebuild"):
        go_back(library)
    rebuild(library)
    library.store.start_epoch(library.store.epoch())
    with library.writing():
        library.catch_up()
    with pytest.raises(BadInput, match="cannot be brought up to date"):
        go_back(library)


def test_going_back_that_is_cut_short_leaves_the_present_one(library: Library, store: MemoryStore) -> None:
    rebuild(library)
    present = store.aliases[ADDRESS.name]
    put(library, [article("new", 1)])
    right = found(library)
    for failing in ("put", "count", "point"):
        store.failing = {failing}
        with pytest.raises(ClusterAway):
            go_back(library)
        store.failing = set()
        assert store.aliases[ADDRESS.name] == present
        assert found(library) == right
    go_back(library)
    sound(library)
    assert found(library) == right


def test_a_purge_erases_from_the_former_collection_too(library: Library, store: MemoryStore) -> None:
    put(library, [article("secret", 1, marked="Secret")])
    rebuild(library)
    purge(library, ["secret"])
    assert len(store.kept) == 2
    for rows in store.kept.values():
        assert not [row for row in rows.values() if fact("a", "secret") in row.facts]
    go_back(library)
    assert "secret" not in {article_id for article_id, *_ in library.engine.live_rows()}
    sound(library)


def test_a_former_collection_that_was_dropped_by_others_is_forgotten(
    library: Library, store: MemoryStore
) -> None:
    first = store.aliases[ADDRESS.name]
    rebuild(library)
    del store.kept[first]
    purge(library, ["a3"])
    with pytest.raises(BadInput, match="has no former collection"):
        go_back(library)
