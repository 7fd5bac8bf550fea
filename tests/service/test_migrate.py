"""`citewell migrate`: as the citewell.toml of the new place says, and every refusal with the next command."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.service.command import citewell

BEES = "---\nid: bees\n---\nBees make honey. They dance to say where flowers are.\n"
MOON = "---\nid: moon\n---\nThe moon raises the tides of the sea twice a day.\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where commands are run, with a library and a folder that another is to be in."""
    (tmp_path / "bees.md").write_text(BEES, "utf-8")
    (tmp_path / "moon.md").write_text(MOON, "utf-8")
    assert citewell("add", "bees.md", "--library", "old", folder=tmp_path).code == 0
    named(tmp_path / "new")
    return tmp_path


def named(folder: Path, said: str = "") -> None:
    folder.mkdir(exist_ok=True)
    (folder / "citewell.toml").write_text(f'library = "."\n{said}\n', "utf-8")


def shown(folder: Path, *arguments: str) -> dict[str, Any]:
    ran = citewell(*arguments, "--json", folder=folder)
    assert ran.code == 0, ran.err
    found: dict[str, Any] = json.loads(ran.out)
    return found


def test_a_library_is_moved_and_what_was_added_since_follows(folder: Path) -> None:
    key = shown(folder, "keys", "create", "--scope", "read", "--library", "old")["id"]
    told = citewell("migrate", "old", "new", folder=folder)
    assert told.code == 0, told.err
    assert "new holds what old held after change 1: 1 articles, 1 passages" in told.out
    assert "in new: citewell serve --library ." in told.out
    citewell("add", "moon.md", "--library", "old", folder=folder)
    done = shown(folder, "migrate", "old", "new")
    assert (done["change"], done["behind"], done["articles"], done["passages"]) == (2, 0, 2, 2)
    assert all(check["source"] == check["target"] and not check["faults"] for check in done["checks"])
    new = folder / "new"
    assert (
        shown(new, "search", "tides")["hits"] == shown(folder, "search", "tides", "--library", "old")["hits"]
    )
    assert [each["id"] for each in shown(new, "keys", "list", "--library", ".")["keys"]] == [key]
    citewell("keys", "revoke", key, "--library", "old", folder=folder)
    later = shown(folder, "keys", "create", "--scope", "read", "--library", "old")["id"]
    shown(folder, "migrate", "old", "new")
    kept = shown(new, "keys", "list", "--library", ".")["keys"]
    assert [(each["id"], each["revoked"] is None) for each in kept] == [(key, False), (later, True)]
    assert citewell("verify", folder=new).code == 0


def test_what_cannot_be_moved_is_named_with_what_to_do(folder: Path) -> None:
    def refusal(*arguments: str) -> str:
        return citewell("migrate", *arguments, folder=folder).refusal

    said = refusal("old", "nowhere")
    assert "nowhere/citewell.toml is missing" in said
    assert 'passages = "milvus://' in said
    assert said.endswith("citewell migrate old nowhere")
    assert not (folder / "nowhere").exists()
    assert "No library at nobody" in refusal("nobody", "new")
    assert "there is nothing to be moved" in refusal("old", "old")
    named(folder / "new", 'passages = "milvus://127.0.0.1:1/books"')
    named(folder / "old", 'passages = "milvus://127.0.0.1:1/books"')
    assert "have the name of those of old" in refusal("old", "new")
    named(folder / "new", 'passages = "redis://"')
    assert "is no address of passages" in refusal("old", "new")
    assert list((folder / "new").iterdir()) == [folder / "new" / "citewell.toml"]


def test_a_library_that_is_half_moved_is_not_served(folder: Path) -> None:
    shown(folder, "migrate", "old", "new")
    with closing(sqlite3.connect(folder / "new" / "citewell.db")) as db:
        db.execute("UPDATE library SET former = 'moving 0 /the/old'")
        db.commit()
    for command in (
        ["ask", "What do bees make?"],
        ["serve", "--port", "0"],
        ["verify"],
        ["add", "../moon.md"],
    ):
        refusal = citewell(*command, folder=folder / "new").refusal
        assert "is not whole yet: it is being moved from /the/old" in refusal
        assert "to go on: citewell migrate /the/old ." in refusal
    shown(folder, "migrate", "old", "new")
    assert shown(folder / "new", "ask", "What do bees make?")["citations"]


def test_without_a_cluster_there_is_nothing_to_go_back_to(folder: Path) -> None:
    refusal = citewell("rebuild", "--back", "--library", "old", folder=folder).refusal
    assert "there is none to go back to" in refusal
    assert "citewell rebuild --model" in refusal
