"""Fixtures that many tests share: the real model, the bundled articles indexed with it, servers."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from citewell.corpus.server import Server
from citewell.eval.gold import bundled_articles
from citewell.index.library import Library
from citewell.index.model import default_model
from citewell.index.onnx_embedder import OnnxEmbedder
from citewell.index.writing import add
from tests.postgres import Postgres, binaries
from tests.ray_cluster import RayCluster, started
from tests.site import Site, served

settings.register_profile("untimed", deadline=None)  # an example may take as long as the machine is busy
settings.load_profile("untimed")

_MEMORY, _ROOM = Path("/dev/shm"), 4 << 30  # bytes; a run writes less than 1 GiB


def pytest_configure() -> None:
    """Files of tests are in memory where there is room: flushing them to a disk, which they need not outlast, takes long."""
    if "TMPDIR" not in os.environ and _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM:
        os.environ["TMPDIR"] = tempfile.tempdir = str(_MEMORY)


@pytest.fixture(scope="session")
def embedder() -> OnnxEmbedder:
    """The default model; compiled into the user's cache if that was never done (12 s)."""
    return OnnxEmbedder(default_model())


@pytest.fixture(scope="session")
def bundled_library(embedder: OnnxEmbedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """The bundled articles; to be read only."""
    library = Library(tmp_path_factory.mktemp("bundled"), embedder, create=True)
    add(library, sorted(bundled_articles().glob("*.md")))
    yield library
    library.close()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    if (found := binaries()) is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    server = Postgres(found)
    yield server
    server.remove()


@pytest.fixture(scope="session")
def ray_cluster() -> Iterator[RayCluster]:
    """One node, two workers."""
    with started(2) as cluster:
        yield cluster


@pytest.fixture(params=["sqlite", "postgres"])
def truth(request: pytest.FixtureRequest, tmp_path: Path) -> Path | Server:
    """Where a store is to be made: a file, or tables on a server."""
    if request.param == "sqlite":
        return tmp_path / "library.db"
    server: Postgres = request.getfixturevalue("postgres")
    return server.server(tmp_path)


@pytest.fixture
def site() -> Iterator[Site]:
    """A web server that does as a test says."""
    with served() as site:
        yield site
