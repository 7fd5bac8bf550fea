"""A library that was moved answers as the one that it was moved from, wherever it went, and says where it does not."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from citewell.corpus.errors import (
    BadInput,
    ClusterAway,
    ClusterMismatch,
    CorruptLibrary,
    LibraryBusy,
    NotEqual,
    NotWhole,
)
from citewell.corpus.server import Server
from citewell.corpus.store import Store
from citewell.eval.conformance_articles import Direction, article, articles, questions
from citewell.index import tuned
from citewell.index.answer import ask
from citewell.index.config import Config
from citewell.index.folder import STORE
from citewell.index.library import Library
from citewell.index.migrate import Migrated, migrate
from citewell.index.purge import purge
from citewell.index.seen import SEEN, Seen
from citewell.index.verify import verify
from citewell.index.visits import VISITS
from citewell.index.writing import put, remove
from tests.cluster import ADDRESS, MemoryStore, clustered
from tests.index.migrator import Knows
from tests.postgres import Postgres
from tests.truths import altered

ASKED = questions(5)
MARKER = "Xyzzyplugh"


class Renamed(Direction):
    fingerprint = "conformance-renamed"


Opens = Callable[..., Library]


@pytest.fixture
def cluster() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Library]:
    """With a history."""
    (tmp_path / "old").mkdir()
    made = Library(tmp_path / "old", Direction(), create=True)
    put(made, articles(30))
    put(made, [article(f"a{number}", 700 + number) for number in range(9)])
    remove(made, ["a11", "a12"])
    purge(made, ["a13"])
    made.store.note_look("/notes")
    yield made
    made.close()


@pytest.fixture(params=["a folder", "a server", "a cluster", "both"])
def target(request: pytest.FixtureRequest, tmp_path: Path, cluster: MemoryStore) -> Iterator[Opens]:
    """Opens the library that it is moved to."""
    folder, opened, truth = tmp_path / "new", [], None
    folder.mkdir()
    if request.param in ("a server", "both"):
        postgres: Postgres = request.getfixturevalue("postgres")
        truth = postgres.server(folder)

    def open_one(embedder: Direction | None = None, whole: bool = False) -> Library:
        model = embedder or Knows()
        if request.param in ("a cluster", "both"):
            made = clustered(folder, model, cluster, truth=truth, whole=whole)
        else:
            made = Library(folder, model, create=True, truth=truth, whole=whole, wait=0)
        opened.append(made)
        return made

    yield open_one
    for each in reversed(opened):
        each.close()


def moved(source: Library, target: Library, stage: Any = lambda _: lambda *_: None) -> Migrated:
    with closing(Store(source.folder / STORE)) as store:
        return migrate(store, source.folder, target, stage)


def answers(library: Library, as_of: str | None = None) -> list[dict[str, Any]]:
    found = [asdict(ask(library.askable(as_of), library.store, question, 5)) for question in ASKED]
    for each in found:
        for changing in ("took_ms", "fingerprint"):
            each.pop(changing)
    return found


def same(source: Library, target: Library) -> None:
    assert [fault for check in verify(target) for fault in check.faults] == []
    assert set(target.engine.live_rows()) == set(source.engine.live_rows())
    assert answers(target) == answers(source)
    assert target.store.revisions("a1") == source.store.revisions("a1")
    if source.engine.keeps_history and target.engine.keeps_history:
        moment = source.store.revisions("a1")[0].recorded_at
        assert answers(target, moment) == answers(source, moment)


# -- what is moved ---------------------------------------------------------------------------------------------------


def test_it_answers_as_before_and_nothing_is_embedded_again(source: Library, target: Opens) -> None:
    done = moved(source, target())
    assert (done.change, done.behind, done.articles) == (source.store.change(), 0, 27)
    assert done.passages == len(set(source.engine.live_rows()))
    assert all(each.source == each.target for each in done.checks)
    assert {each.name: each.target.count for each in done.checks}["vectors (sample)"] == done.passages
    same(source, target(whole=True))


def test_what_was_stored_since_follows_when_it_is_moved_again(source: Library, target: Opens) -> None:
    moved(source, target())
    put(source, [article("new", 1, marked="Newword"), article("a1", 8_000)])
    remove(source, ["a2"])
    done = moved(source, target())
    assert done.change == source.store.change()
    same(source, target(whole=True))


def test_what_is_stored_meanwhile_is_there_or_said_to_be_missing(source: Library, target: Opens) -> None:
    stages: list[str] = []

    def stage(name: str) -> Callable[[int, int], None]:
        stages.append(name)
        put(source, [article(f"during{len(stages)}", len(stages))])
        return lambda *_: None

    done = moved(source, target(), stage)
    assert stages[0] == "copying"
    assert "embedding" in stages
    assert stages[-1] == "comparing"
    assert done.behind == 2  # what was stored when the rest was embedded, and when it was compared
    assert done.change == source.store.change() - 2
    assert moved(source, target()).behind == 0
    same(source, target(whole=True))


def test_texts_are_embedded_by_another_model(source: Library, target: Opens) -> None:
    moved(source, target())
    with pytest.raises(AssertionError, match="passages embedded again"):
        moved(source, target(type("Lacks", (Knows,), {"fingerprint": "conformance-renamed"})()))
    done = moved(source, target(Renamed()))
    assert {each.name: each.source.count for each in done.checks}["vectors (sample)"] == 0
    opened = target(Renamed(), whole=True)
    assert answers(opened) == answers(source)
    assert [fault for check in verify(opened) for fault in check.faults] == []


def test_what_was_written_in_the_new_place_is_moved_back(source: Library, target: Opens) -> None:
    moved(source, target())
    new = target(Direction(), whole=True)
    put(new, [article("new", 1), article("a1", 9_000)])
    with pytest.raises(BadInput, match=r"was written to since.*Nothing was changed.*citewell migrate"):
        moved(source, target())
    migrate(new.store, new.folder, source)
    same(new, source)
    moved(source, target())


def test_a_purge_is_followed_without_a_trace(source: Library, target: Opens, tmp_path: Path) -> None:
    put(source, [article("secret", 1, marked=MARKER)])
    moved(source, target())
    opened = target(whole=True)
    assert ask(opened.askable(), opened.store, MARKER).citations
    opened.close()
    purge(source, ["secret"])
    moved(source, target())
    holding = [
        file
        for file in (tmp_path / "new").rglob("*")
        if file.is_file() and MARKER.encode().lower() in file.read_bytes().lower()
    ]
    assert holding == []
    same(source, target(whole=True))


def test_what_else_is_in_the_folder_comes_along(source: Library, target: Opens, tmp_path: Path) -> None:
    config = Config(k1=1.1)
    tuned.write(source.store.own, tuned.Tuned(config, "questions"))
    (source.folder / SEEN).write_bytes(b"")
    moved(source, target())
    assert target(whole=True).config == config
    assert (tmp_path / "new" / SEEN).exists()


def test_what_is_known_of_files_stays_behind_when_it_is_damaged(
    source: Library, target: Opens, tmp_path: Path
) -> None:
    for name in (SEEN, VISITS):
        (source.folder / name).write_bytes(b"no database" * 1_000)
    moved(source, target())
    same(source, target(whole=True))
    with closing(Seen(tmp_path / "new" / SEEN)) as seen:
        assert seen.files("/") == {}


def test_an_empty_library_can_be_moved(tmp_path: Path, target: Opens) -> None:
    (tmp_path / "empty").mkdir()
    with closing(Library(tmp_path / "empty", Direction(), create=True)) as empty:
        assert moved(empty, target()).passages == 0
        put(empty, articles(3))
        assert moved(empty, target()).articles == 3


def test_a_library_in_a_cluster_comes_back_to_one_machine(
    source: Library, tmp_path: Path, cluster: MemoryStore
) -> None:
    with (
        closing(clustered(tmp_path / "between", Knows(), cluster, whole=False)) as between,
        closing(Library(_made(tmp_path / "back"), Direction(), create=True, whole=False)) as back,
    ):
        moved(source, between)
        moved(between, back)
        same(source, back)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


# -- what was cut short ----------------------------------------------------------------------------------------------


def test_what_is_half_moved_is_not_opened_and_named_with_the_command(
    source: Library, target: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("citewell.index.migrate._Move.done", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        moved(source, target())
    for _ in range(2):
        with pytest.raises(
            NotWhole, match=f"What is there is kept; to go on: citewell migrate {source.folder} "
        ):
            target(whole=True)
    monkeypatch.undo()
    moved(source, target())
    same(source, target(whole=True))


def test_who_has_it_open_from_before_writes_nothing_until_it_is_whole_again(
    source: Library, target: Opens
) -> None:
    moved(source, target())
    served = target(Direction(), whole=True)
    put(source, [article("new", 1)])
    with closing(Store(source.folder / STORE)) as store, pytest.raises(ZeroDivisionError):
        migrate(store, source.folder, target(), last=_dying)
    with pytest.raises(NotWhole, match=f"to go on: citewell migrate {source.folder} "):
        put(served, [article("mine", 2)])
    moved(source, target())
    put(served, [article("mine", 2)])
    assert len(served.store.articles()) == len(source.store.articles()) + 1


def _dying() -> None:
    raise ZeroDivisionError


def test_what_is_done_last_is_done_before_it_is_whole(source: Library, target: Opens) -> None:
    opened = target()
    with closing(Store(source.folder / STORE)) as store, pytest.raises(ZeroDivisionError):
        migrate(store, source.folder, opened, last=_dying)
    with pytest.raises(NotWhole):
        target(whole=True)
    moved(source, opened)
    same(source, target(whole=True))


@pytest.mark.parametrize("failing", ["create", "put", "settle", "count", "rows", "point"])
def test_a_cluster_that_fails_leaves_what_is_there(
    source: Library, tmp_path: Path, cluster: MemoryStore, failing: str
) -> None:
    opened = clustered(tmp_path / "new", Knows(), cluster, whole=False)
    cluster.failing = {failing}
    with pytest.raises(ClusterAway):
        moved(source, opened)
    assert cluster.aliases == {}
    cluster.failing = set()
    moved(source, opened)
    same(source, opened)
    opened.close()


# -- what is not equal -----------------------------------------------------------------------------------------------


def test_vectors_that_are_others_are_named_and_not_published(
    source: Library, tmp_path: Path, cluster: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = clustered(tmp_path / "new", Knows(), cluster, whole=False)
    original = cluster.put

    def wrong(name: str, rows: Any) -> None:
        original(name, [replace(rows[0], vector=-rows[0].vector.astype(np.float16)), *rows[1:]])

    monkeypatch.setattr(cluster, "put", wrong)
    with pytest.raises(
        NotEqual, match=r"vectors .* differs.*is not published.*citewell verify.*citewell migrate"
    ):
        moved(source, opened)
    assert cluster.aliases == {}
    with pytest.raises(NotWhole):
        Store(tmp_path / "new" / STORE)
    monkeypatch.undo()
    moved(source, opened)
    same(source, opened)
    opened.close()


def test_an_index_that_lacks_a_passage_is_made_anew(
    source: Library, tmp_path: Path, cluster: MemoryStore
) -> None:
    opened = clustered(tmp_path / "new", Knows(), cluster, whole=False)
    moved(source, opened)
    cluster.kept[cluster.aliases[ADDRESS.name]].popitem()
    moved(source, opened)
    same(source, opened)
    opened.close()


def test_texts_that_differ_are_named_and_it_stays_closed(source: Library, target: Opens) -> None:
    opened = target()
    moved(source, opened)
    at = replace(opened.truth, folder=opened.folder) if opened.truth else opened.folder / STORE
    altered(at, "UPDATE revisions SET title = 'Other' WHERE article_id = 'a1' AND number = 1")
    with pytest.raises(NotEqual, match=r"revisions a1 1 differs.*is not published"):
        moved(source, opened)
    with pytest.raises(NotWhole):
        target(whole=True)


def test_a_source_that_is_damaged_is_not_moved(source: Library, target: Opens) -> None:
    altered(source.folder / STORE, "UPDATE revisions SET title = 'Other' WHERE article_id = 'a1'")
    opened = target()
    with pytest.raises(CorruptLibrary, match=r"is damaged.*Nothing was changed. Restore it"):
        moved(source, opened)
    assert opened.store.change() == 0
    target(whole=True)


# -- who else is there -----------------------------------------------------------------------------------------------


def test_a_second_migration_or_a_writer_waits_its_turn(source: Library, target: Opens) -> None:
    first, second = target(), target()
    second.wait = 0
    with first.writing(), pytest.raises(LibraryBusy, match="Another process is writing to"):
        moved(source, second)
    with source.writing():  # of which it needs none
        moved(source, second)


def test_another_library_is_refused_and_left_alone(source: Library, target: Opens) -> None:
    opened = target(Direction())
    put(opened, [article("mine", 1)])
    right = answers(opened)
    with pytest.raises(BadInput, match="holds another library"):
        moved(source, opened)
    again = target(whole=True)
    assert answers(again) == right
    assert isinstance(again.truth, Server) == isinstance(opened.truth, Server)


def test_the_name_of_another_library_in_the_cluster_is_refused(
    source: Library, tmp_path: Path, cluster: MemoryStore
) -> None:
    with closing(clustered(tmp_path / "mine", Direction(), cluster)) as mine:
        put(mine, [article("mine", 1)])
        right = answers(mine)
        with (
            closing(clustered(tmp_path / "new", Knows(), cluster, whole=False)) as opened,
            pytest.raises(ClusterMismatch, match=r"belongs to another library.*Choose another name"),
        ):
            moved(source, opened)
        Store(tmp_path / "new" / STORE).close()
        assert answers(mine) == right
