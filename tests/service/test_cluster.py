"""The commands on a library whose passages are in a cluster: as on one machine."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.servers import Server, free_port
from tests.service.command import citewell, citewell_anew

BEES = "---\nid: bees\n---\nBees make honey. They dance to say where flowers are.\n"


@pytest.fixture
def folder(cluster: Server, tmp_path: Path) -> Path:
    """Where commands are run: citewell.toml names the cluster."""
    _name(tmp_path, cluster.uri + "/" + "books" + str(free_port()))
    (tmp_path / "bees.md").write_text(BEES, "utf-8")
    return tmp_path


def _name(folder: Path, passages: str) -> None:
    said = f'library = "books"\npassages = "{passages}"\npassages_token = "secret"\n'
    (folder / "citewell.toml").write_text(said, "utf-8")


def shown(folder: Path, *arguments: str) -> dict[str, Any]:
    ran = citewell(*arguments, "--json", folder=folder)
    assert ran.code == 0, ran.err
    found: dict[str, Any] = json.loads(ran.out)
    return found


def test_every_command_works(folder: Path) -> None:
    assert shown(folder, "add", "bees.md")["files"][0]["result"] == "added"
    assert shown(folder, "search", "honey")["hits"][0]["article"]["id"] == "bees"
    answer = shown(folder, "ask", "What do bees make?", "--explain", "--why-not", "bees")
    cited = answer["citations"] or answer["near_misses"]
    assert cited[0]["quote"]["text"] in BEES
    assert answer["filtered"] == {"passing": 1, "of": 1}
    assert shown(folder, "rebuild") == {"passages": 1}
    assert shown(folder, "rebuild", "--back") == {"passages": 1}
    assert citewell("verify", folder=folder).code == 0
    assert shown(folder, "remove", "bees", "--purge") == {"purged": ["bees"]}
    assert shown(folder, "search", "honey")["hits"] == []
    assert not (folder / "books" / "index").exists()


def test_a_command_that_asked_a_cluster_ends_in_silence(folder: Path) -> None:
    """In a process that takes down by itself what it opened."""
    shown(folder, "add", "bees.md")
    ran = citewell_anew("search", "honey", "--json", folder=folder)
    assert (ran.code, ran.err) == (0, "")
    assert json.loads(ran.out)["hits"][0]["article"]["id"] == "bees"


def test_a_library_is_moved_to_a_cluster_and_back(folder: Path, cluster: Server) -> None:
    shown(folder, "add", "bees.md")
    for source, target, passages in (
        ("books", "machine", ""),
        ("machine", "other", f'passages = "{cluster.uri}/other{free_port()}"'),
    ):
        (folder / target).mkdir()
        (folder / target / "citewell.toml").write_text(f'library = "."\n{passages}\n', "utf-8")
        if source == "machine":
            (folder / "citewell.toml").unlink()  # each says by its own file where it is
        assert shown(folder, "migrate", source, target)["passages"] == 1
        assert shown(folder / target, "search", "honey")["hits"][0]["article"]["id"] == "bees"
    assert (folder / "machine" / "index").exists()
    assert not (folder / "other" / "index").exists()


def test_the_token_is_not_shown(folder: Path) -> None:
    ran = citewell("config", folder=folder)
    assert "secret" not in ran.out
    assert "(redacted)" in ran.out
    assert shown(folder, "config")["passages_token"] == {"value": "(redacted)", "from": "file"}


def test_a_cluster_that_is_not_there_is_named_with_what_to_do(folder: Path) -> None:
    shown(folder, "add", "bees.md")
    _name(folder, f"milvus://127.0.0.1:{free_port()}/books")
    refusal = citewell("ask", "What do bees make?", folder=folder).refusal
    assert "does not answer" in refusal
    assert "citewell config" in refusal


@pytest.mark.parametrize(
    ("passages", "said"),
    [
        ("redis://127.0.0.1:1/books", "is no address of passages; write milvus://"),
        ("milvus://127.0.0.1/books", "is no address of passages"),
        ("milvus://127.0.0.1:19530/böoks", "cannot name passages"),
        ("milvus://ann:pw@127.0.0.1:19530/books", "holds credentials; give them as passages_token"),
        ("milvus://127.0.0.1:99999/books", "is none; write milvus://"),
    ],
)
def test_an_address_that_is_none_is_refused(tmp_path: Path, passages: str, said: str) -> None:
    _name(tmp_path, passages)
    (tmp_path / "bees.md").write_text(BEES, "utf-8")
    refusal = citewell("add", "bees.md", folder=tmp_path).refusal
    assert said in refusal
    assert "pw" not in refusal
