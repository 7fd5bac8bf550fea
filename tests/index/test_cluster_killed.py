"""A server of Milvus that is killed while articles are added and questions asked: nothing acknowledged is lost."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from citewell.corpus.errors import ClusterError
from citewell.eval.conformance_articles import Direction, article, questions
from citewell.index.address import Address
from citewell.index.answer import search
from citewell.index.indexing import Source
from citewell.index.library import Library
from citewell.index.scoring import State
from citewell.index.verify import verify
from citewell.index.writing import put
from tests.servers import Server, lite

MOST = 60.0  # seconds after which a question hangs; how long it asks again is in test_milvus_waiting.py


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = lite(tmp_path)
    made.start()
    yield made
    made.kill()


@pytest.fixture
def library(server: Server, tmp_path: Path) -> Iterator[Library]:
    (tmp_path / "library").mkdir()
    made = Library(tmp_path / "library", Direction(), create=True, cluster=Address.of(server.uri))
    yield made
    made.close()


def test_adding_goes_on_by_itself_when_the_server_is_back(library: Library, server: Server) -> None:
    acknowledged: list[str] = []
    failed: list[str] = []
    asked: list[float] = []
    ended = threading.Event()
    put(library, [article("first", 1, marked="First")])

    def ask() -> None:
        other = Library(library.folder, library.embedder, cluster=library.cluster)
        while not ended.is_set():
            began = time.monotonic()
            try:
                found = search(other.askable(), other.store, "first", 1)
                if State.UNAVAILABLE not in [state.state for state in found.retrievers.values()]:
                    assert found.hits[0].article.id == "first"
            except ClusterError as error:
                failed.append(str(error))
            asked.append(time.monotonic() - began)
        other.close()

    def add() -> None:
        for number in range(24):
            put(library, [article(f"a{number}", number)])
            acknowledged.append(f"a{number}")

    threads = [threading.Thread(target=ask), threading.Thread(target=add)]
    for thread in threads:
        thread.start()
    for kill_after in (5, 12):
        while len(acknowledged) < kill_after:
            assert threads[1].is_alive()  # no write failed
            time.sleep(0.05)
        server.kill()
        time.sleep(1)
        server.start()
    threads[1].join()
    ended.set()
    threads[0].join()
    assert len(acknowledged) == 24
    assert max(asked) < MOST
    assert all("citewell" in message for message in failed)
    assert [fault for check in verify(library) for fault in check.faults] == []
    for name in acknowledged:
        assert library.askable().about("ba", names=[name])[0].numbers_of(name).size


def test_what_was_stored_when_the_server_died_is_caught_up(
    library: Library, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("citewell.index.milvus_calls._WRITING", 2.0)
    put(library, [article("first", 1)])
    follow = library.engine.follow

    def dying(source: Source) -> None:
        server.kill()
        follow(source)

    monkeypatch.setattr(library.engine, "follow", dying)
    with pytest.raises(ClusterError, match="does not answer"):
        put(library, [article("stored", 2, marked="Stored")])
    with pytest.raises(ClusterError, match="does not answer"):
        search(library.askable(), library.store, questions(1)[0])
    monkeypatch.undo()
    server.start()
    library.catch_up_if_free()
    assert search(library.askable(), library.store, "stored", 1).hits[0].article.id == "stored"
