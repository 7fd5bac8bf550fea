"""A migration that is killed at random goes on where it was and ends complete and equal."""

import random
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from citewell.corpus.errors import NotWhole
from citewell.eval.conformance_articles import Direction, articles, questions
from citewell.index.address import Address
from citewell.index.answer import ask
from citewell.index.library import Library
from citewell.index.migrate import Migrated
from citewell.index.purge import purge
from citewell.index.verify import verify
from citewell.index.writing import put, remove
from tests.forked import Forked
from tests.index.migrator import move
from tests.postgres import Postgres
from tests.servers import Server, lite

KINDS = ("a folder", "a server", "a cluster")


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Server]:
    made = lite(tmp_path)
    made.start()
    yield made
    made.kill()


@pytest.fixture(params=KINDS)
def to(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """Where truth and passages are to be: addresses, empty for the folder."""
    if request.param == "a server":
        postgres: Postgres = request.getfixturevalue("postgres")
        server = postgres.server(tmp_path)
        return f"{server.address}&schema={server.schema}", ""
    if request.param == "a cluster":
        lite_server: Server = request.getfixturevalue("cluster")
        return "", f"{lite_server.uri}/books"
    return "", ""


def made(folder: Path, count: int) -> None:
    """A library of so many articles, some of them changed, removed and purged since."""
    folder.mkdir()
    with closing(Library(folder, Direction(), create=True)) as library:
        given = articles(count)
        for first in range(0, count, 1_000):
            put(library, given[first : first + 1_000])
        put(library, articles(count // 20, seed=9))
        remove(library, ["a1", "a3"])
        purge(library, ["a2"])


def killed(
    source: Path, target: Path, to: tuple[str, str], chance: random.Random, most: tuple[int, float]
) -> bool:
    """Whether it was killed before it had ended: after so many lines, and seconds, at most."""
    with Forked("tests.index.migrator", source, target, *to) as process:
        last = b""
        for _ in range(chance.randint(1, most[0])):
            last = process.stdout.readline() or last
        time.sleep(chance.uniform(0, most[1]))
        process.kill()
        last = (process.stdout.read().splitlines() or [last])[-1]
    return not last.startswith(b"done")


def answers(library: Library, asked: list[str]) -> list[dict[str, Any]]:
    found = [asdict(ask(library.askable(), library.store, question, 10)) for question in asked]
    for each in found:
        for changing in ("took_ms", "fingerprint"):
            each.pop(changing)
    return found


def check_kills(
    tmp_path: Path, to: tuple[str, str], count: int, kills: int, most: tuple[int, float], seed: int
) -> Migrated:
    source, chance = tmp_path / "old", random.Random(seed)
    made(source, count)
    for attempt in range(1, 6):  # a fast machine may be done before it is killed so often: then sooner
        target, to = (
            tmp_path / f"new{attempt}",
            (to[0] and f"{to[0]}_{attempt}", to[1] and f"{to[1]}_{attempt}"),
        )
        target.mkdir()
        sooner = most[0], most[1] / attempt
        if all(
            killed(source, target, to, chance, sooner) and not _is_whole(source, target, to)
            for _ in range(kills)
        ):
            break
    else:
        raise AssertionError("it was done before it was killed so often")
    done = move(source, target, *to)
    with (
        closing(Library(source, Direction())) as old,
        closing(_reader(target, to)) as new,
    ):
        assert done.change == old.store.change()
        assert done.articles == len(old.store.articles())
        assert [fault for check in verify(new) for fault in check.faults] == []
        assert set(new.engine.live_rows()) == set(old.engine.live_rows())
        assert done.passages == len(list(new.engine.live_rows()))
        asked = questions(20)
        if to[
            1
        ]:  # among so many passages milvus-lite proposes others than we would: asked of what was never killed
            (tmp_path / "again").mkdir()
            move(source, tmp_path / "again", "", f"{to[1]}_again")
            with closing(_reader(tmp_path / "again", ("", f"{to[1]}_again"))) as again:
                assert answers(new, asked) == answers(again, asked)
        else:
            assert answers(new, asked) == answers(old, asked)
        for article in old.store.articles()[:50]:
            assert new.store.revisions(article.article_id) == old.store.revisions(article.article_id)
    return done


def _is_whole(source: Path, target: Path, to: tuple[str, str]) -> bool:
    """If it is not, it says how to go on; if it is, nothing is missing."""
    try:
        new = _reader(target, to)
    except NotWhole as said:
        assert f"to go on: citewell migrate {source} {target}" in str(said)  # noqa: PT017
        return False
    with closing(new), closing(Library(source, Direction())) as old:
        assert new.store.change() == old.store.change()
        assert set(new.engine.live_rows()) == set(old.engine.live_rows())
    return True


def _reader(target: Path, to: tuple[str, str]) -> Library:
    from citewell.corpus.server import Server as Truth

    return Library(
        target,
        Direction(),
        cluster=Address.of(to[1]) if to[1] else None,
        truth=Truth.of(to[0], target) if to[0] else None,
    )


def test_three_kills_leave_nothing_out(tmp_path: Path, to: tuple[str, str]) -> None:
    check_kills(tmp_path, to, 700, 3, (4, 0.5), 1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1])
def test_twenty_thousand_passages_killed_three_times_end_complete_and_equal(
    tmp_path: Path, to: tuple[str, str], seed: int
) -> None:
    done = check_kills(tmp_path, to, 14_500, 3, (60, 5.0) if to[1] else (25, 1.0), seed)
    assert done.passages >= 20_000
