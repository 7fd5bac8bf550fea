"""Readers beside a writer: no failed and no mixed answer, and never an older one than was acknowledged."""

import threading
from pathlib import Path

import pytest

from citewell.index.answer import ask
from citewell.index.library import Library
from tests.index.writer import embedder, put

NAMES = ("a", "b", "c", "d", "e")


def check_readers(folder: Path, updates: int, readers: int) -> None:
    writer = Library(folder, embedder(), create=True)
    acknowledged: dict[str, int] = {}
    failures: list[BaseException] = []
    done = threading.Event()

    def update(step: int) -> None:
        name = NAMES[step % len(NAMES)]
        with writer.writing():
            put(writer, name, f"The sun of step {step}. " * (1 + step % 3))
            writer.catch_up()
            writer.compact(at_rest=step % 7 < 2)
        acknowledged[name] = writer.store.article(name).revision

    def read() -> None:
        library = Library(folder, embedder())
        try:
            while not done.is_set():
                floor = dict(acknowledged)
                answer = ask(library.searcher(), library.store, "sun", 50)
                revisions: dict[str, set[int]] = {}
                for citation in answer.citations:
                    revisions.setdefault(citation.article.id, set()).add(citation.article.revision)
                assert set(revisions) == set(NAMES)
                assert all(len(found) == 1 for found in revisions.values())
                assert all(min(revisions[name]) >= revision for name, revision in floor.items())
        except BaseException as error:
            failures.append(error)
        finally:
            library.close()

    for step in range(len(NAMES)):
        update(step)
    threads = [threading.Thread(target=read) for _ in range(readers)]
    for thread in threads:
        thread.start()
    for step in range(len(NAMES), updates):
        update(step)
    done.set()
    for thread in threads:
        thread.join()
    writer.close()
    assert failures == []


def test_updates_while_readers_ask(tmp_path: Path) -> None:
    check_readers(tmp_path, updates=60, readers=2)


@pytest.mark.slow
def test_ten_thousand_updates_while_readers_ask(tmp_path: Path) -> None:
    check_readers(tmp_path, updates=10_000, readers=2)
