"""A library on storage that cannot be written answers, and refuses to be changed."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest

from citewell.corpus.errors import LibraryReadOnly
from citewell.corpus.server import Server
from citewell.corpus.store import Store
from citewell.eval.conformance_articles import Direction, article, articles
from citewell.index.answer import ask, search
from citewell.index.folder import STORE
from citewell.index.library import Library
from citewell.index.migrate import migrate
from citewell.index.mirror import Known
from citewell.index.purge import purge
from citewell.index.seen import SEEN, Seen
from citewell.index.verify import verify
from citewell.index.visits import VISITS, Visits
from citewell.index.writing import add, put, remove
from tests.cluster import MemoryStore, clustered
from tests.fakes import WordEmbedder
from tests.postgres import PASSWORD, USER, Postgres

NOBODY = 65534


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """As a user who may read the folder only; root may write whatever its mode."""
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
        for path in [folder, *folder.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not below tmp_path, whose parents another user may not enter."""
    with tempfile.TemporaryDirectory() as made:
        Path(made).chmod(0o755)
        folder = Path(made) / "library"
        folder.mkdir()
        library = Library(folder, WordEmbedder("sun"), create=True)
        (Path(made) / "sun.txt").write_text("The sun is hot.")
        add(library, [Path(made) / "sun.txt"])
        library.close()
        yield folder


def test_it_answers(folder: Path) -> None:
    with read_only(folder):
        library = Library(folder, WordEmbedder("sun"))
        library.catch_up_if_free()
        assert [c.quote.text for c in ask(library.searcher(), library.store, "sun").citations] == [
            "The sun is hot."
        ]
        library.close()


def test_it_refuses_to_be_changed(folder: Path) -> None:
    with read_only(folder):
        library = Library(folder, WordEmbedder("sun"))
        name = library.store.articles()[0].article_id
        for change in (lambda: remove(library, [name]), lambda: add(library, [folder.parent / "sun.txt"])):
            with pytest.raises(LibraryReadOnly, match="cannot be written"):
                change()
        with pytest.raises(LibraryReadOnly):
            library.store.remove(name)
        library.close()


def test_it_is_moved_with_what_is_known_of_its_files(folder: Path) -> None:
    target = folder.parent / "new"
    target.mkdir()
    target.chmod(0o777)
    for kind, name in ((Seen, SEEN), (Visits, VISITS)):
        kind(folder / name).close()
    known = {"/notes/sun.txt": Known(None, "sha", "text", {"sun": 1})}
    with closing(Seen(folder / SEEN)) as seen:
        seen.put(known)
    with (
        read_only(folder),
        closing(Store(folder / STORE)) as source,
        closing(Library(target, WordEmbedder("sun"), create=True, whole=False)) as library,
    ):
        assert migrate(source, folder, library).articles == 1
    with closing(Seen(target / SEEN)) as seen:
        assert seen.files("/notes") == known
    assert (target / VISITS).exists()
    with closing(Library(target, WordEmbedder("sun"))) as library:
        assert search(library.askable(), library.store, "sun", 1).hits


def test_unfinished_writes_are_named_rather_than_overlooked(folder: Path) -> None:
    """Opened as it is, the file would lack what stands in the log beside it."""
    writer = Library(folder, WordEmbedder("sun"))
    writer.store.remove(writer.store.articles()[0].article_id)
    assert (folder / "citewell.db-wal").stat().st_size
    with read_only(folder), pytest.raises(LibraryReadOnly, match="finish what was begun"):
        Library(folder, WordEmbedder("sun"))
    writer.close()


def test_nothing_of_it_is_needed_with_the_truth_on_a_server_and_the_passages_in_a_cluster(
    postgres: Postgres,
) -> None:
    address = (
        f"postgresql://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{postgres.port}/postgres?schema=nowhere"
    )
    store = MemoryStore()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "none"

        def opened() -> Library:
            server = Server.of(address, folder)
            return clustered(folder, Direction(), store, truth=server, keep_vectors=False)

        with closing(opened()) as library:
            put(library, articles(3))
        Path(made).chmod(0o755)
        with read_only(Path(made)), closing(opened()) as library:
            library.catch_up_if_free()
            assert search(library.askable(), library.store, "ba", 1).hits
            put(library, [article("a1", 7, marked="Word")])
            first = search(library.askable(), library.store, "word", 1).hits[0]
            assert (first.article.id, first.article.revision) == ("a1", 2)
            purge(library, ["a0"])
            assert not [fault for check in verify(library) for fault in check.faults]
        assert list(Path(made).iterdir()) == []
