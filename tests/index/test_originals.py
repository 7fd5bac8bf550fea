"""The bytes that articles were read from, in a whole library: verified, backed up, restored, purged; pages in answers."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from citewell.corpus.originals import OriginalFiles, sha_of
from citewell.corpus.stored import ORIGINALS
from citewell.eval.small_pdf import pdf_of
from citewell.index.answer import ask, search
from citewell.index.backup import backup, check_backup, restore
from citewell.index.library import Library
from citewell.index.purge import purge
from citewell.index.verify import verify
from citewell.index.writing import add
from tests.fakes import WordEmbedder

PAGES = pdf_of([["The sun is hot."], [], ["The moon is cold.", "The star is far."]], title="Sky")
MARKER = "xyzzyplugh"


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    (tmp_path / "library").mkdir()
    opened = Library(tmp_path / "library", WordEmbedder("sun", "moon", "star"), create=True)
    yield opened
    opened.close()


def written(folder: Path, name: str, content: bytes | str) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def files(library: Library) -> list[str]:
    return sorted(path.name for path in (library.folder / ORIGINALS).rglob("*") if path.is_file())


def original(library: Library, content: bytes) -> Path:
    return OriginalFiles(library.folder / ORIGINALS).file(sha_of(content))


def faults(library: Library) -> list[str]:
    return [fault for check in verify(library) for fault in check.faults]


# -- which bytes are kept -----------------------------------------------------------------------------------------


def test_the_bytes_of_an_article_are_kept_beside_its_text(library: Library, tmp_path: Path) -> None:
    add(
        library, [written(tmp_path, "sky.pdf", PAGES), written(tmp_path, "a.md", "---\nid: a\n---\nThe sun.")]
    )
    assert files(library) == sorted([sha_of(PAGES), sha_of(b"---\nid: a\n---\nThe sun.")])
    assert faults(library) == []


def test_bytes_that_are_their_own_text_are_not_written_twice(library: Library, tmp_path: Path) -> None:
    add(library, [written(tmp_path, "plain.txt", "The sun."), written(tmp_path, "dos.txt", "The sun.\r\n")])
    assert files(library) == [sha_of(b"The sun.\r\n")]


def test_a_lost_original_is_a_fault_until_the_article_is_added_again(
    library: Library, tmp_path: Path
) -> None:
    file = written(tmp_path, "sky.pdf", PAGES)
    add(library, [file])
    original(library, PAGES).write_bytes(b"other")
    assert [fault for fault in faults(library) if "is missing or altered" in fault]
    assert [outcome.result for outcome in add(library, [file])] == ["unchanged"]
    assert faults(library) == []


# -- backup, restore, purge ---------------------------------------------------------------------------------------


def test_a_backup_holds_originals_and_pages(library: Library, tmp_path: Path) -> None:
    add(library, [written(tmp_path, "sky.pdf", PAGES)])
    before = ask(library.searcher(), library.store, "moon").citations
    backup(library, tmp_path / "all.zip")
    check_backup(tmp_path / "all.zip")
    add(library, [written(tmp_path, "later.pdf", pdf_of([["The star is near."]]))])
    restore(library, tmp_path / "all.zip")
    assert files(library) == [sha_of(PAGES)]  # what came later goes
    (tmp_path / "other").mkdir()
    other = Library(tmp_path / "other", library.embedder, create=True)
    restore(other, tmp_path / "all.zip")
    assert (files(other), faults(other)) == ([sha_of(PAGES)], [])
    assert ask(other.searcher(), other.store, "moon").citations == before
    other.close()


def test_a_backup_without_a_lost_original_is_made_all_the_same(library: Library, tmp_path: Path) -> None:
    add(library, [written(tmp_path, "sky.pdf", PAGES)])
    original(library, PAGES).unlink()
    backup(library, tmp_path / "all.zip")
    check_backup(tmp_path / "all.zip")
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        assert archive.namelist() == ["citewell.db", "manifest.json"]


def test_purging_erases_the_original_and_leaves_those_of_others(library: Library, tmp_path: Path) -> None:
    secret = f"<html><body><p>The sun {MARKER} is hot.</p><!-- {MARKER} --></body></html>"
    add(library, [written(tmp_path, "secret.html", secret), written(tmp_path, "sky.pdf", PAGES)])
    (name,) = (a.article_id for a in library.store.articles() if a.source.endswith("secret.html"))
    library.store.originals.put(sha_of(MARKER.encode()), MARKER.encode())  # as of an add that was killed
    purge(library, [name])
    assert files(library) == [sha_of(PAGES)]
    holding = [
        path for path in library.folder.rglob("*") if path.is_file() and MARKER.encode() in path.read_bytes()
    ]
    assert holding == []
    assert faults(library) == []


def test_originals_go_with_the_revisions_that_are_not_kept(library: Library, tmp_path: Path) -> None:
    versions = [f"The sun.\r\nEdition {number}." for number in range(4)]
    for version in versions:
        add(library, [written(tmp_path, "dos.txt", version)])
    assert len(files(library)) == 4
    add(library, [], keep_revisions=2)
    assert files(library) == sorted(sha_of(version.encode()) for version in versions[2:])
    add(library, [written(tmp_path, "dos.txt", "The moon.\r\n")])
    assert files(library) == sorted([sha_of(versions[3].encode()), sha_of(b"The moon.\r\n")])
    assert faults(library) == []


def test_an_original_that_two_articles_have_stays(library: Library, tmp_path: Path) -> None:
    add(library, [written(tmp_path, "one.pdf", PAGES), written(tmp_path, "two.pdf", PAGES)])
    first, _ = library.store.articles()
    purge(library, [first.article_id])
    assert files(library) == [sha_of(PAGES)]


# -- pages in answers ---------------------------------------------------------------------------------------------


def test_a_citation_names_the_pages_of_its_quote(library: Library, tmp_path: Path) -> None:
    add(library, [written(tmp_path, "sky.pdf", PAGES), written(tmp_path, "plain.txt", "The comet is near.")])
    (cited, *_) = ask(library.searcher(), library.store, "moon cold").citations
    assert cited.quote.text.startswith("The moon is cold.")
    assert (cited.quote.pages, cited.passage.pages) == ((3,), (1, 3))
    (found, *_) = search(library.searcher(), library.store, "moon cold").hits
    assert found.passage.pages == (1, 3)
    (plain, *_) = ask(library.searcher(), library.store, "comet near").citations
    assert (plain.quote.pages, plain.passage.pages) == ((), ())
