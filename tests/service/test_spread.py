"""Commands that embed many passages leave it to a Ray cluster that is named, and give the library that they give without."""

from pathlib import Path

import pytest

from tests.ray_cluster import RayCluster
from tests.servers import free_port
from tests.service.command import citewell
from tests.service.test_cli import contents, run_in_python

VARIABLE = "CITEWELL_EMBEDDING_CLUSTER"


@pytest.fixture
def article(tmp_path: Path) -> Path:
    """With more sentences than are embedded here."""
    file = tmp_path / "squares.txt"
    file.write_text(
        "\n".join(f"The square of {i} is {i * i}, as everybody knows.\n" for i in range(280)), "utf-8"
    )
    return file


def test_a_library_is_the_same_as_without_and_ray_is_in_no_process_of_ours(
    ray_cluster: RayCluster, article: Path, tmp_path: Path
) -> None:
    library = tmp_path / "library"
    ran = run_in_python("add", article, "--library", library, **{VARIABLE: ray_cluster.address})
    assert (ran.out.splitlines()[-1], ran.err) == ("0 [] True", "")
    made = contents(library / "index")
    for file in library.glob("vectors.db*"):
        file.unlink()
    assert citewell("rebuild", "--library", library).code == 0
    assert contents(library / "index") == made


def test_a_cluster_that_is_not_there_is_said_before_anything_is_stored(
    article: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ray")
    address = f"127.0.0.1:{free_port()}"
    monkeypatch.setenv(VARIABLE, address)
    assert citewell("add", article, "--library", tmp_path / "library").refusal.startswith(
        f"The cluster at {address} does not embed (nothing answers there: Connection refused)."
    )
    assert not list((tmp_path / "library").glob("*.db"))
    monkeypatch.setenv(VARIABLE, "auto")
    assert citewell("add", article, "--library", tmp_path / "library").refusal == (
        "embedding_cluster is 'auto'; write the address of a Ray cluster as 10.0.0.1:6379."
    )


def test_asking_needs_no_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library, file = tmp_path / "library", tmp_path / "sun.txt"
    file.write_text("The sun is hot.", "utf-8")
    assert citewell("add", file, "--library", library).code == 0
    monkeypatch.setenv(VARIABLE, f"127.0.0.1:{free_port()}")
    ran = citewell("search", "Is the sun hot?", "--library", library)
    assert (ran.code, ran.err) == (0, "")
