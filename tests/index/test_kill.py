"""kill -9 at random moments: what was acknowledged is there, the library opens, verify passes."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from citewell.index.answer import ask
from citewell.index.backup import check_backup
from citewell.index.library import Library
from citewell.index.verify import verify
from tests.index.writer import embedder


def killed_after(folder: Path, seed: int, lines: int, seconds: float) -> list[list[str]]:
    """What the writer said until it was killed, so many lines and so long after its first word."""
    command = [sys.executable, "-m", "tests.index.writer", str(folder), str(seed)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as writer:
        assert writer.stdout is not None
        said = [writer.stdout.readline() for _ in range(lines)]
        time.sleep(seconds)
        os.kill(writer.pid, signal.SIGKILL)
        said += writer.stdout.read().splitlines(keepends=True)
    return [json.loads(line) for line in said if line.endswith(b"]\n")]


def expected_after(said: list[list[str]], before: dict[str, str]) -> tuple[dict[str, str], str | None]:
    """The acknowledged texts by article, and the article whose operation was under way, if one was."""
    texts, under_way = dict(before), None
    for kind, name, words in said:
        under_way = name if kind in ("begin put", "begin remove", "begin purge") else None
        if kind == "put":
            texts[name] = words
        elif kind in ("remove", "purge"):
            texts.pop(name, None)
    return texts, under_way


def check_kills(folder: Path, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    library_folder = folder / "library"
    library_folder.mkdir()
    texts: dict[str, str] = {}
    acknowledged = 0
    for kill in range(kills):
        said = killed_after(
            library_folder, 1000 * seed + kill, chance.randint(1, 20), chance.uniform(0.0, 0.02)
        )
        acknowledged += sum(kind == "put" for kind, _, _ in said)
        expected, under_way = expected_after(said, texts)
        library = Library(library_folder, embedder())
        try:
            library.catch_up_if_free()
            faults = [fault for check in verify(library) for fault in check.faults]
            assert faults == [], f"kill {kill} of seed {seed}"
            texts = {a.article_id: library.store.text(a.text_sha) for a in library.store.articles()}
            settled = {name: text for name, text in expected.items() if name != under_way}
            assert {name: text for name, text in texts.items() if name != under_way} == settled
            cited = {
                c.article.id for c in ask(library.searcher(), library.store, "sun moon star", 100).citations
            }
            assert cited <= set(texts)
        finally:
            library.close()
        if (folder / "backup.zip").exists():
            check_backup(folder / "backup.zip")
    assert acknowledged > kills  # else the writer was killed before it did anything


def test_twenty_kills_lose_nothing(tmp_path: Path) -> None:
    check_kills(tmp_path, 20, seed=1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 12))
def test_a_thousand_kills_lose_nothing(tmp_path: Path, seed: int) -> None:
    check_kills(tmp_path, 100, seed)
