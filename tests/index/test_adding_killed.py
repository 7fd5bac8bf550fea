"""kill -9 in the middle of adding files of every kind: what was stored stays, the next run adds the rest."""

import json
import random
import shutil
import sqlite3
import time
from collections import Counter
from contextlib import closing, suppress
from pathlib import Path

import pytest

from citewell.eval.small_pdf import pdf_of
from citewell.index.folder import STORE
from citewell.index.library import Library
from citewell.index.verify import verify
from tests.corpus.samples import HTML, WORDS
from tests.forked import Forked
from tests.index.adding import embedder

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


def adding(folder: Path) -> Forked:
    return Forked("tests.index.adding", folder / "library", folder / "articles")


def stored(folder: Path) -> set[str]:
    """Ids of the articles; the library opens and nothing is wrong with it once it has caught up."""
    with closing(Library(folder / "library", embedder())) as library:
        library.catch_up_if_free()
        assert [fault for check in verify(library) for fault in check.faults] == []
        return {article.article_id for article in library.store.articles()}


def counted(database: Path) -> int:
    """Of the articles that are stored by now."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
        return int(db.execute("SELECT count(*) FROM articles").fetchone()[0])
    return 0


def check_kills(folder: Path, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    count = make(folder / "articles")
    in_the_middle = 0
    for number in range(10 * kills):
        if number >= kills and in_the_middle:
            break  # else every kill came too early or too late, as a machine is slow or fast
        (folder / "library").mkdir()
        before: set[str] = set()
        for after in sorted(chance.sample(range(1, count), 2)):
            with adding(folder) as process:
                while process.poll() is None and counted(folder / "library" / STORE) < after:
                    time.sleep(0.002)
                process.kill()
            found = stored(folder)
            assert before <= found
            in_the_middle += len(before) < len(found) < count
            before = found
        with adding(folder) as process:
            process.stdout.readline()
            outcomes = Counter(result for _, result in json.loads(process.stdout.read()))
        assert outcomes == +Counter(unchanged=len(before), added=count - len(before))
        assert len(stored(folder)) == count
        shutil.rmtree(folder / "library")
    assert in_the_middle


def test_adding_goes_on_where_it_was_killed(tmp_path: Path) -> None:
    check_kills(tmp_path, 2, seed=1)


@pytest.mark.slow
def test_adding_goes_on_wherever_it_was_killed(tmp_path: Path) -> None:
    check_kills(tmp_path, 60, seed=2)
