"""The server of Milvus 2.3 (rung 3): credentials, vectors in a graph, and a crash."""

import threading
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pymilvus import MilvusClient

from citewell.corpus.errors import ClusterError, ClusterRefused
from citewell.eval.conformance_answers import dense_recall
from citewell.eval.conformance_articles import Direction, article, questions
from citewell.eval.conformance_subject import Subject
from citewell.index.answer import search
from citewell.index.cluster import Cluster
from citewell.index.library import Library
from citewell.index.scoring import State
from citewell.index.verify import verify
from citewell.index.writing import put
from tests.dense_only import DenseOnly
from tests.servers import Server, standalone
from tests.service.command import citewell

pytestmark = pytest.mark.slow

WAITED = 120.0  # seconds for what a server does by itself


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = standalone(tmp_path_factory.mktemp("server"))
    try:
        made.start()
        yield made
    finally:
        made.kill()


@pytest.fixture(autouse=True)
def _without_bm25(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("citewell.index.milvus.Milvus", DenseOnly)


@pytest.fixture
def library(server: Server, tmp_path: Path) -> Iterator[Library]:
    (tmp_path / "library").mkdir()
    made = Library(tmp_path / "library", Direction(), create=True, cluster=server.address)
    yield made
    assert isinstance(made.engine, Cluster)
    made.engine.drop()
    made.close()


def _until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAITED
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.5)


@pytest.mark.parametrize("token", ["root:wrong-word", "nobody:wrong-word", "wrong-word", ""])
def test_wrong_credentials_are_refused_with_what_to_do(library: Library, token: str) -> None:
    put(library, [article("first", 1)])
    assert library.cluster is not None
    other = Library(library.folder, Direction(), cluster=replace(library.cluster, token=token))
    try:
        with pytest.raises(ClusterRefused, match="Set passages_token") as refused:
            search(other.askable(), other.store, "ba")
    finally:
        other.close()
    assert "wrong-word" not in "".join(traceback.format_exception(refused.value))  # as a log has it


def test_commands_say_what_to_do_and_never_the_password(server: Server, tmp_path: Path) -> None:
    (tmp_path / "bees.md").write_text("Bees make honey. They dance.\n", "utf-8")
    assert citewell("add", "bees.md", "--library", "books", folder=tmp_path).code == 0
    (tmp_path / "citewell.toml").write_text(
        f'library = "books"\npassages = "{server.uri}/books"\npassages_token = "root:wrong-word"\n', "utf-8"
    )
    assert "wrong-word" not in citewell("config", folder=tmp_path).out
    for command in (["add", "bees.md"], ["ask", "What do bees make?"], ["rebuild"]):
        refusal = citewell(*command, folder=tmp_path).refusal
        assert "refuses the credentials. Set passages_token" in refusal
        assert "wrong-word" not in refusal


def test_words_are_said_to_be_unavailable(library: Library) -> None:
    put(library, [article(f"a{number}", number) for number in range(5)])
    found = search(library.askable(), library.store, questions(1)[0], 3)
    assert found.retrievers["lexical"].state is State.UNAVAILABLE
    assert found.retrievers["dense"].state is State.OK
    assert len(found.hits) == 3


def test_vectors_are_found_through_a_graph(server: Server, tmp_path: Path) -> None:
    subject = Subject(tmp_path, server.address, "dense")
    try:
        library = subject.standing
        with library.writing():
            passages = library.rebuild()
        assert library.cluster is not None
        client = MilvusClient(library.cluster.uri, token=library.cluster.token)
        name = client.describe_alias(library.cluster.name)["collection_name"]
        _until(lambda: client.describe_index(name, "vector")["indexed_rows"] == passages)
        assert client.describe_collection(name)["num_shards"] == 2
        client.close()
        dense_recall(subject)
    finally:
        subject.close()


def test_nothing_acknowledged_is_lost_in_a_crash(
    library: Library, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    acknowledged: list[str] = []
    failed: list[str] = []

    def add() -> None:
        for number in range(100):
            try:
                put(library, [article(f"a{number}", number)])
            except ClusterError as error:
                failed.append(str(error))
                return
            acknowledged.append(f"a{number}")

    writer = threading.Thread(target=add)
    writer.start()
    while len(acknowledged) < 6:
        assert writer.is_alive()
        time.sleep(0.05)
    monkeypatch.setattr("citewell.index.milvus_calls._WRITING", 2.0)
    server.kill()
    writer.join()
    assert len(failed) == 1
    assert "does not answer" in failed[0]
    monkeypatch.setattr("citewell.index.milvus_calls._WRITING", 30.0)
    server.start()

    def is_caught_up() -> bool:
        try:
            library.catch_up_if_free()
            return not [fault for check in verify(library) for fault in check.faults]
        except ClusterError:
            return False

    _until(is_caught_up)
    stored = library.store.article_ids()  # with the last one, if the server died after it was stored
    assert stored >= set(acknowledged)
    for name in stored:
        assert library.askable().about("ba", names=[name])[0].numbers_of(name).size
