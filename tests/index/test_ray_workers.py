"""Embedding by workers in a Ray cluster on this machine, some of which are killed; skipped where Ray is not installed."""

import os
import signal
import socket
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from citewell.corpus.errors import BadInput, SpreadingFailed
from citewell.index import ray_workers
from citewell.index.embedding import Embedder, embed_cached
from citewell.index.embedding_worker import Opening, default_embedder
from citewell.index.model import Precision
from citewell.index.onnx_embedder import OnnxEmbedder
from citewell.index.ray_workers import RayWorkers, address_of, check_reachable
from citewell.index.spreading import AT_ONCE, SpreadEmbedder
from citewell.index.torch_embedder import TorchEmbedder
from citewell.index.vector_cache import Role, VectorCache
from tests.ray_cluster import RayCluster, started
from tests.servers import free_port
from tests.tiny_models import embedding_model

DEFAULT = partial(default_embedder, Precision.FP32)
TEXTS = [f"Question {i}: is {i * 17} more than {i % 7}? " * (1 + i % 2) for i in range(12 * AT_ONCE)]


def spread(cluster: RayCluster, local: Embedder, opening: Opening = DEFAULT) -> SpreadEmbedder:
    return SpreadEmbedder(local, lambda: RayWorkers(cluster.address, opening))


def ended(processes: list[int]) -> bool:
    """Within some seconds."""
    deadline = time.monotonic() + 120
    while any(is_running(each) for each in processes):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def is_running(process: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except OSError:
        return False


@pytest.fixture(scope="module")
def expected(embedder: OnnxEmbedder, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    cache = VectorCache(tmp_path_factory.mktemp("local") / "vectors.db")
    return embed_cached(embedder, cache, Role.PASSAGE, TEXTS).tobytes()


def test_a_worker_that_is_killed_costs_its_batch_and_vectors_are_those_of_this_machine(
    ray_cluster: RayCluster,
    embedder: OnnxEmbedder,
    expected: bytes,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    killed: list[int] = []
    seen: list[int] = []

    def watched(done: int, total: int) -> None:
        assert total == len(TEXTS)
        seen.append(done)
        if done == 3 * AT_ONCE:
            killed.extend(ray_cluster.workers()[:1])
            os.kill(killed[0], signal.SIGKILL)

    several = spread(ray_cluster, embedder)
    try:
        made = embed_cached(several, VectorCache(tmp_path / "vectors.db"), Role.PASSAGE, TEXTS, watched)
        assert made.tobytes() == expected
        assert seen == list(range(AT_ONCE, len(TEXTS) + 1, AT_ONCE))
        assert f"(process {killed[0]}) was lost: " in capsys.readouterr().err
        used = ray_cluster.workers()
    finally:
        several.close()
    assert ended(used)


CLIENT = """
import os, sys
from functools import partial
from pathlib import Path
from citewell.index.embedding import embed_cached
from citewell.index.embedding_worker import default_embedder
from citewell.index.model import Precision
from citewell.index.ray_workers import RayWorkers
from citewell.index.spreading import AT_ONCE, SpreadEmbedder
from citewell.index.torch_embedder import TorchEmbedder
from citewell.index.vector_cache import Role, VectorCache
from tests.index.test_ray_workers import TEXTS, DEFAULT

assert "ray" not in sys.modules
spread = SpreadEmbedder(DEFAULT(), lambda: RayWorkers(sys.argv[1], DEFAULT))
killed = lambda done, total: done < 3 * AT_ONCE or os.kill(os.getpid(), 9)
embed_cached(spread, VectorCache(Path(sys.argv[2])), Role.PASSAGE, TEXTS, killed)
"""


def test_a_client_that_is_killed_goes_on_where_it_was_and_leaves_no_worker(
    ray_cluster: RayCluster, embedder: OnnxEmbedder, expected: bytes, tmp_path: Path
) -> None:
    file = tmp_path / "vectors.db"
    client = subprocess.run(
        [sys.executable, "-c", CLIENT, ray_cluster.address, str(file)], check=False, timeout=600, cwd=Path(__file__).parents[2]
    )  # fmt: skip
    assert client.returncode == -signal.SIGKILL
    assert ended(ray_cluster.workers())
    several = spread(ray_cluster, embedder)
    totals: set[int] = set()
    try:
        made = embed_cached(
            several, VectorCache(file), Role.PASSAGE, TEXTS, lambda done, total: totals.add(total)
        )
    finally:
        several.close()
    assert made.tobytes() == expected
    assert totals == {len(TEXTS) - 3 * AT_ONCE}


def test_a_model_that_is_not_there_is_said_by_its_worker(
    ray_cluster: RayCluster, embedder: OnnxEmbedder
) -> None:
    several = spread(ray_cluster, embedder, partial(TorchEmbedder, "no-such-model"))
    with pytest.raises(SpreadingFailed, match="a worker did not begin: There is no folder no-such-model"):
        several.embed_passages(TEXTS)


@pytest.mark.slow
def test_another_model_is_refused_by_the_name_of_its_worker(
    ray_cluster: RayCluster, embedder: OnnxEmbedder
) -> None:
    several = spread(ray_cluster, embedder, partial(default_embedder, Precision.INT8))
    refused = rf"{socket.gethostname()} \(process \d+\) is refused: its model is \w+-int8, not {embedder.fingerprint}"
    with pytest.raises(SpreadingFailed, match=refused):
        several.embed_passages(TEXTS)


@pytest.mark.slow
def test_a_model_that_a_user_chose_gives_its_vectors_there(ray_cluster: RayCluster, tmp_path: Path) -> None:
    opening = partial(TorchEmbedder, str(embedding_model(tmp_path / "tiny", "question", "more", "than")))
    local = opening()
    several = spread(ray_cluster, local, opening)
    try:
        assert several.embed_passages(TEXTS).tobytes() == local.embed_passages(TEXTS).tobytes()
    finally:
        several.close()


@pytest.mark.slow
def test_a_node_that_goes_down_costs_the_batches_on_it(
    embedder: OnnxEmbedder, expected: bytes, tmp_path: Path
) -> None:
    with started(1, 1) as cluster:

        def watched(done: int, total: int) -> None:
            if done == 3 * AT_ONCE:
                cluster.kill(1)

        several = spread(cluster, embedder)
        made = embed_cached(several, VectorCache(tmp_path / "vectors.db"), Role.PASSAGE, TEXTS, watched)
        several.close()
    assert made.tobytes() == expected


@pytest.mark.slow
def test_a_cluster_that_goes_down_is_an_error_and_what_was_made_is_kept(
    embedder: OnnxEmbedder, tmp_path: Path
) -> None:
    cache = VectorCache(tmp_path / "vectors.db")
    with started(1) as cluster:

        def watched(done: int, total: int) -> None:
            if done == 3 * AT_ONCE:
                cluster.kill(0)

        with pytest.raises(SpreadingFailed, match="Vectors that were made are kept"):
            embed_cached(spread(cluster, embedder), cache, Role.PASSAGE, TEXTS, watched)
    left: list[int] = []
    embed_cached(embedder, cache, Role.PASSAGE, TEXTS, lambda done, total: left.append(total))
    assert 0 < left[0] <= len(TEXTS) - 3 * AT_ONCE


@pytest.mark.parametrize(
    ("said", "expected"), [("127.0.0.1:6379", ("127.0.0.1", 6379)), ("[::1]:1", ("::1", 1))]
)
def test_an_address_is_a_host_and_a_port(said: str, expected: tuple[str, int]) -> None:
    assert address_of(said) == expected


@pytest.mark.parametrize(
    "said", ["", "auto", "host", "host:", "host:x", "ray://host:1", "a@host:1", "host:1/", ":1"]
)
def test_what_is_no_address_is_refused(said: str) -> None:
    with pytest.raises(BadInput, match=r"write the address of a Ray cluster as 10\.0"):
        address_of(said)


def test_nothing_that_listens_there_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_workers, "find_spec", lambda name: object())
    address = f"127.0.0.1:{free_port()}"
    with pytest.raises(SpreadingFailed, match=f"{address} .*nothing answers there: Connection refused"):
        check_reachable(address)


def test_without_ray_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_workers, "find_spec", lambda name: None)
    with pytest.raises(SpreadingFailed, match=r"pip install 'citewell\[ray\]'"):
        check_reachable("127.0.0.1:6379")


def test_what_is_no_ray_cluster_is_said_in_bounded_time(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ray")
    monkeypatch.setattr(ray_workers, "_CONNECTING", 3.0)
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        with pytest.raises(
            SpreadingFailed, match="no Ray cluster with this machine in it answers within 3 s"
        ):
            RayWorkers(address, DEFAULT)
