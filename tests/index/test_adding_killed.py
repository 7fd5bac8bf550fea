"""kill -9 in the middle of adding files of every kind: what was stored stays, the next run adds the rest."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from citewell.eval.small_pdf import pdf_of
from citewell.index.library import Library
from citewell.index.verify import verify
from tests.corpus.samples import HTML, WORDS
from tests.index.adding import embedder

ROOT = Path(__file__).parents[2]
PLAIN, PAGES, BOOKS, RECORDS = 40, 4, 4, 30


def make(folder: Path) -> int:
    """Files; returns how many articles they hold."""
    folder.mkdir()
    for number in range(PLAIN):
        words = f"The sun of day {number} is hot. \r\n" * 3
        (folder / f"{number:03}.txt").write_bytes(words.encode())
    for number in range(PAGES):
        (folder / f"1{number:02}.html").write_text(
            HTML.replace(WORDS, f"The moon of night {number} is cold.")
        )
    for number in range(BOOKS):
        (folder / f"2{number:02}.pdf").write_bytes(pdf_of([[f"The sun of book {number}."], ["The moon."]]))
    lines = (
        json.dumps({"id": f"r{number}", "text": f"The moon of record {number}."}) for number in range(RECORDS)
    )
    (folder / "300.jsonl").write_text("\n".join(lines))
    return PLAIN + PAGES + BOOKS + RECORDS


def adding(folder: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "tests.index.adding", str(folder / "library"), str(folder / "articles")]
    return subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT)


def stored(folder: Path) -> set[str]:
    """Ids of the articles; the library opens and nothing is wrong with it once it has caught up."""
    with closing(Library(folder / "library", embedder())) as library:
        library.catch_up_if_free()
        assert [fault for check in verify(library) for fault in check.faults] == []
        return {article.article_id for article in library.store.articles()}


def check_kills(folder: Path, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    count = make(folder / "articles")
    in_the_middle = 0
    for _ in range(kills):
        (folder / "library").mkdir()
        before: set[str] = set()
        for lines in (chance.randint(1, 6), chance.randint(1, 6)):  # the first says that the library is open
            with adding(folder) as process:
                assert process.stdout is not None
                for _ in range(lines):
                    process.stdout.readline()
                time.sleep(chance.uniform(0.0, 0.1))
                os.kill(process.pid, signal.SIGKILL)
            found = stored(folder)
            assert before <= found
            in_the_middle += len(before) < len(found) < count
            before = found
        with adding(folder) as process:
            assert process.stdout is not None
            *_, last = process.stdout
            outcomes = Counter(result for _, result in json.loads(last))
        assert outcomes == +Counter(unchanged=len(before), added=count - len(before))
        assert len(stored(folder)) == count
        shutil.rmtree(folder / "library")
    assert in_the_middle  # else every kill came too early or too late


def test_adding_goes_on_where_it_was_killed(tmp_path: Path) -> None:
    check_kills(tmp_path, 2, seed=1)


@pytest.mark.slow
def test_adding_goes_on_wherever_it_was_killed(tmp_path: Path) -> None:
    check_kills(tmp_path, 60, seed=2)
