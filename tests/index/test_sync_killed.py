"""kill -9 in the middle of a sync: what was stored stays, the next run does the rest, and the folder is mirrored."""

import json
import os
import random
import shutil
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from citewell.index.library import Library
from citewell.index.verify import verify
from tests.fakes import WordEmbedder
from tests.forked import Forked, run

FILES, RECORDS, GONE = 60, 30, 20
IN_A_BATCH = 30  # passages and sentences
_OLD = 86_400  # seconds: a time long ago


def make(folder: Path, state: int) -> int:
    """Files of a first or second state; returns how many articles they hold."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    first = GONE * state
    for number in range(first, FILES):
        words = f"The sun of day {number} is hot. " * (1 + (state * number) % 2)
        (folder / f"{number:03}.txt").write_text(words)
    for number in range(GONE * state):
        (folder / f"{number:03}.md").write_text(f"The moon of night {number} is cold.")
    lines = [
        json.dumps({"id": f"r{number}", "text": f"The moon of record {number}."})
        for number in range(first, RECORDS)
    ]
    (folder / "records.jsonl").write_text("\n".join(lines))
    for file in folder.iterdir():
        os.utime(file, (_OLD, _OLD))
    return FILES + RECORDS - GONE * state


def syncing(folder: Path) -> Forked:
    return Forked("tests.index.syncing", folder / "library", folder / "articles")


def finished(folder: Path) -> Counter[str]:
    """What a sync that nobody kills does."""
    with syncing(folder) as process:
        process.stdout.readline()
        done = json.loads(process.stdout.read())
    return Counter(file["result"] for file in done["files"])


def killed(folder: Path, wait: float) -> None:
    with syncing(folder) as process:
        process.stdout.readline()
        time.sleep(wait)
        process.kill()


def stored(folder: Path) -> dict[str, str]:
    """The texts by article; the library opens and nothing is wrong with it once it has caught up."""
    with closing(Library(folder / "library", WordEmbedder("sun", "moon"))) as library:
        library.catch_up_if_free()
        assert [fault for check in verify(library) for fault in check.faults] == []
        return {a.article_id: library.store.text(a.text_sha) for a in library.store.articles()}


def embedded(folder: Path) -> int:
    """How many texts were embedded so far."""
    return len((folder / "articles.embedded").read_text().splitlines())


def embedded_without_kills(folder: Path) -> int:
    (folder / "library").mkdir(parents=True)
    for state in (0, 1):
        make(folder / "articles", state)
        finished(folder)
    return embedded(folder)


def check_kills(folder: Path, rounds: int, seed: int) -> None:
    chance = random.Random(seed)
    once, in_the_middle = embedded_without_kills(folder / "unkilled"), 0
    for number in range(10 * rounds):
        if number >= rounds and in_the_middle:
            break  # else every kill came too early or too late, as a machine is slow or fast
        (folder / "library").mkdir()
        for state in (0, 1):
            count = make(folder / "articles", state)
            before = stored(folder) if state else {}
            for wait in (chance.uniform(0.0, 0.8), chance.uniform(0.0, 0.8)):
                killed(folder, wait)
                found = stored(folder)
                assert set(before) <= set(found) or state  # nothing is lost that the folder still gives
                in_the_middle += found.keys() not in (before.keys(), set()) and len(found) != count
                before = found
            finished(folder)
            assert len(stored(folder)) == count
            assert finished(folder) == Counter()
            check_same_as_new(folder)
        assert embedded(folder) <= once + 4 * IN_A_BATCH  # what was just embedded at a kill, and not kept yet
        shutil.rmtree(folder / "library")
        (folder / "articles.embedded").unlink()
    assert in_the_middle


def check_same_as_new(folder: Path) -> None:
    new = folder / "new"
    (new / "library").mkdir(parents=True)
    assert run("tests.index.adding", new / "library", folder / "articles").code == 0
    assert stored(new) == stored(folder)
    shutil.rmtree(new)


def test_a_sync_goes_on_where_it_was_killed(tmp_path: Path) -> None:
    check_kills(tmp_path, 1, seed=1)


@pytest.mark.slow
def test_a_sync_goes_on_wherever_it_was_killed(tmp_path: Path) -> None:
    check_kills(tmp_path, 15, seed=2)
