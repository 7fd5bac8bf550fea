"""Purging: no file of the library holds a word of what was erased."""

import sqlite3
from pathlib import Path

import pytest

from citewell.corpus.errors import LibraryBusy, UnknownArticle
from citewell.corpus.passages import CUT_RECIPE, whole
from citewell.index.answer import ask
from citewell.index.library import Library
from citewell.index.purge import purge
from citewell.index.snapshot import read
from citewell.index.verify import verify
from citewell.index.writing import add, remove
from tests.fakes import WordEmbedder

MARKER = "xyzzyplugh"


def written(folder: Path, name: str, text: str) -> Path:
    file = folder / f"{name}.md"
    file.write_text(f"---\nid: {name}\n---\n{text}", encoding="utf-8")
    return file


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """A secret article in two revisions, among others, in segments that were joined and not."""
    (tmp_path / "library").mkdir()
    library = Library(tmp_path / "library", WordEmbedder("sun", "moon"), create=True)
    for batch in (["sun"], ["moon", "secret"], ["star"], ["secret"]):
        add(
            library,
            [
                written(tmp_path, name, f"The {name} is far. {MARKER * (name == 'secret')} {batch}.")
                for name in batch
            ],
        )
    return library


def holding(library: Library) -> list[str]:
    return sorted(
        str(file.relative_to(library.folder))
        for file in library.folder.rglob("*")
        if file.is_file() and MARKER.encode() in file.read_bytes().lower()
    )


def test_the_marker_is_there_before(library: Library) -> None:
    """Else the tests below would show nothing."""
    assert any(name.startswith("citewell.db") for name in holding(library))
    assert any(name.startswith("index/") for name in holding(library))


def test_removing_only_hides(library: Library) -> None:
    remove(library, ["secret"])
    assert holding(library)
    assert [revision.revision for revision in library.store.revisions("secret")] == [1, 2]


def test_purging_leaves_no_trace(library: Library) -> None:
    purge(library, ["secret"])
    assert holding(library) == []
    assert library.store.revisions("secret") == []
    assert all(check.faults == () for check in verify(library))


def test_purging_leaves_no_trace_in_the_history(library: Library, tmp_path: Path) -> None:
    """Former texts stand in segments of the history, joined with those of others."""
    for text in ("The moon is full.", "The moon is new."):
        add(library, [written(tmp_path, "moon", text), written(tmp_path, "secret", f"{text} {MARKER}")])
    with pytest.MonkeyPatch.context() as patched, library.writing():
        patched.setattr("citewell.index.merge.FEW", 1)
        library.compact()
    snapshot = read(library.index)
    assert snapshot
    (joined,) = snapshot.history
    assert {name.split("/")[1] for name in holding(library) if name.startswith("index/")} >= {joined.id}
    purge(library, ["secret"])
    assert holding(library) == []
    assert all(check.faults == () for check in verify(library))
    assert [revision.revision for revision in library.store.revisions("moon")] == [1, 2, 3]


def test_a_removed_article_can_be_purged(library: Library) -> None:
    remove(library, ["secret"])
    purge(library, ["secret"])
    assert holding(library) == []


def test_the_vectors_of_a_purged_article_are_computed_again_when_it_comes_back(
    library: Library, tmp_path: Path
) -> None:
    purge(library, ["secret"])
    embedder = library.embedder
    assert isinstance(embedder, WordEmbedder)
    embedder.embedded.clear()
    add(library, [written(tmp_path, "secret", f"The {MARKER} again.")])
    assert any(MARKER in text for text in embedder.embedded)


def cached(library: Library) -> set[str]:
    """What has a vector in the cache."""
    with sqlite3.connect(library.vectors) as db:
        found = {str(sha) for (sha,) in db.execute("SELECT text_sha FROM vectors")}
    db.close()
    return found


def test_vectors_of_spans_that_an_older_recipe_made_go_too(library: Library, tmp_path: Path) -> None:
    """They are those of a library that never had the article."""
    text = f"The {MARKER} is near. It rises. " * 40
    add(library, [written(tmp_path, "secret", text)])
    sha = library.store.article("secret").text_sha
    library.store.recut(sha, whole(library.store.text(sha), "en"), CUT_RECIPE)
    library.rebuild()  # embeds the whole text
    library.store.recut(sha, whole(library.store.text(sha), "en"), "cut-0")
    library.rebuild()  # cuts it anew
    purge(library, ["secret"])
    (tmp_path / "other").mkdir()
    other = Library(tmp_path / "other", library.embedder, create=True)
    add(other, [tmp_path / f"{name}.md" for name in ("sun", "moon", "star")])
    assert cached(library) == cached(other)


def test_vectors_of_what_was_only_removed_stay(library: Library, tmp_path: Path) -> None:
    remove(library, ["moon"])
    add(library, [written(tmp_path, "sun", "The sun is near.")])
    purge(library, ["secret"])
    embedder = library.embedder
    assert isinstance(embedder, WordEmbedder)
    embedder.embedded.clear()
    add(library, [tmp_path / "moon.md", written(tmp_path, "sun", "The sun is far.  ['sun'].")])
    assert embedder.embedded == []


def test_other_articles_stay_as_they_are(library: Library) -> None:
    before = {c.quote.text for c in ask(library.searcher(), library.store, "sun moon far").citations}
    purge(library, ["secret"])
    after = {c.quote.text for c in ask(library.searcher(), library.store, "sun moon far").citations}
    assert after == {quote for quote in before if "secret" not in quote}


def test_a_text_that_another_article_has_too_stays(library: Library, tmp_path: Path) -> None:
    text = "The comet is shared."
    add(library, [written(tmp_path, "one", text), written(tmp_path, "two", text)])
    purge(library, ["one"])
    assert library.store.text(library.store.article("two").text_sha) == text
    assert ask(library.searcher(), library.store, "comet").citations[0].article.id == "two"


def test_purging_is_all_or_nothing_and_finishes_what_was_interrupted(library: Library) -> None:
    with pytest.raises(UnknownArticle):
        purge(library, ["secret", "nobody"])
    assert library.store.article("secret").revision == 2
    library.store.purge("secret")  # as if the process had been killed after this step
    with pytest.raises(UnknownArticle):
        purge(library, ["secret"])
    assert holding(library) == []


def test_a_reader_in_the_way_is_named_and_asking_again_finishes(library: Library) -> None:
    """A connection that reads keeps the log; the purge does not claim to be done."""
    other = sqlite3.connect(library.folder / "citewell.db", isolation_level=None)
    other.execute("BEGIN")
    other.execute("SELECT * FROM texts").fetchone()
    library.store.database.rows("PRAGMA busy_timeout = 1")  # rather than 30 s
    with pytest.raises(LibraryBusy):
        purge(library, ["secret"])
    other.close()
    with pytest.raises(UnknownArticle):
        purge(library, ["secret"])
    assert holding(library) == []


def test_what_a_killed_restore_left_is_removed_too(library: Library) -> None:
    (library.folder / ".citewell-restore-x").mkdir()
    (library.folder / ".citewell-restore-x" / "citewell.db").write_text(MARKER)
    purge(library, ["secret"])
    assert holding(library) == []
