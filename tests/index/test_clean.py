"""Repeated lines left out of a library: recorded, published, kept by backups, taken back without a trace."""

from pathlib import Path

import pytest

from citewell.corpus.cleaning import REPEATED
from citewell.index.answer import ask, search
from citewell.index.backup import backup, restore
from citewell.index.clean import found, leave_out
from citewell.index.library import Library
from citewell.index.snapshot import read
from citewell.index.verify import verify
from citewell.index.writing import add, remove
from tests.fakes import WordEmbedder

WORDS = ("tide", "moon", "menu")
MENU = "Our whole menu"


def a_library(folder: Path) -> Library:
    folder.mkdir()
    return Library(folder, WordEmbedder(*WORDS), create=True)


def write(folder: Path, number: int, menu: bool = True) -> Path:
    file = folder / f"{number}.txt"
    body = (
        f"The tide number {number} comes after the moon of that month, as every fisherman here will tell you."
    )
    file.write_text((f"{MENU}\n\n" if menu else "") + f"Tide {number}\n\n{body}\n")
    return file


@pytest.fixture
def library(tmp_path: Path) -> Library:
    (tmp_path / "site").mkdir()
    library = a_library(tmp_path / "library")
    add(library, [write(tmp_path / "site", number) for number in range(6)])
    return library


def left_out(library: Library) -> list[str]:
    """In how each live article is cut."""
    store = library.store
    return [
        each.span.of(store.text(article.text_sha)).strip()
        for article in store.articles()
        for each in store.cut(article.text_sha).excluded
        if each.rule == REPEATED
    ]


def indexed(library: Library) -> list[str]:
    snapshot = read(library.index)
    assert snapshot is not None
    return snapshot.names


def sound(library: Library) -> bool:
    return not any(check.faults for check in verify(library))


def test_what_repeats_is_left_out_and_found_no_longer(library: Library) -> None:
    assert MENU in search(library.searcher(), library.store, "menu").hits[0].passage.text
    assert left_out(library) == []
    assert leave_out(library, found(library.store))
    assert left_out(library) == [MENU] * 6
    hits = search(library.searcher(), library.store, "menu tide").hits
    assert hits
    assert not any(MENU in hit.passage.text for hit in hits)
    assert sound(library)


def test_doing_it_again_changes_nothing(library: Library) -> None:
    leave_out(library, found(library.store))
    before, change = indexed(library), library.store.change()
    assert not leave_out(library, found(library.store))
    assert (indexed(library), library.store.change()) == (before, change)


def test_it_can_be_undone(library: Library) -> None:
    before = indexed(library)
    leave_out(library, found(library.store))
    assert indexed(library) != before
    assert leave_out(library, [])
    assert indexed(library) == before
    assert left_out(library) == []
    assert sound(library)


def test_texts_stay_as_they_are(library: Library) -> None:
    before = [library.store.text(sha) for sha in library.store.text_shas()]
    cited = ask(library.searcher(), library.store, "When does the tide come?", 1)
    leave_out(library, found(library.store))
    assert [library.store.text(sha) for sha in library.store.text_shas()] == before
    (citation,) = cited.citations or cited.near_misses
    text = library.store.text(citation.article.version)
    assert text[citation.quote.start : citation.quote.end] == citation.quote.text


def test_an_article_added_later_is_cut_by_the_same_rule(library: Library, tmp_path: Path) -> None:
    leave_out(library, found(library.store))
    add(library, [write(tmp_path / "site", 7)])
    assert left_out(library) == [MENU] * 7
    (tmp_path / "other").mkdir()
    add(library, [write(tmp_path / "other", 8)])
    assert left_out(library) == [MENU] * 7
    assert sound(library)


def test_a_rebuild_gives_the_same_bytes(library: Library, tmp_path: Path) -> None:
    leave_out(library, found(library.store))
    add(library, [write(tmp_path / "site", 7)])
    with library.writing():
        library.rebuild()
        before = indexed(library)
        library.rebuild()
    assert indexed(library) == before


def test_the_order_of_adding_and_cleaning_does_not_matter(library: Library, tmp_path: Path) -> None:
    lines = found(library.store)
    other = a_library(tmp_path / "second")
    leave_out(other, lines)
    add(other, sorted((tmp_path / "site").iterdir(), reverse=True))
    leave_out(library, lines)
    for each in (library, other):
        with each.writing():
            each.rebuild()
    assert indexed(other) == indexed(library)


def test_a_kill_before_the_index_follows_is_made_up_for(library: Library) -> None:
    with library.writing():
        library.store.leave_out(found(library.store))
    assert library.is_behind()
    library.catch_up_if_free()
    assert left_out(library) == [MENU] * 6
    assert sound(library)


def test_a_backup_keeps_the_rule(library: Library, tmp_path: Path) -> None:
    leave_out(library, found(library.store))
    backup(library, tmp_path / "backup.zip")
    other = a_library(tmp_path / "restored")
    restore(other, tmp_path / "backup.zip")
    assert left_out(other) == [MENU] * 6
    assert indexed(other) == indexed(library)


def test_an_earlier_moment_is_cut_as_the_present(library: Library, tmp_path: Path) -> None:
    """How a text is cut is no part of its history."""
    before = library.store.article(library.store.articles()[0].article_id).recorded_at
    remove(library, [library.store.articles()[0].article_id])
    leave_out(library, found(library.store))
    hits = search(library.searcher(before), library.store, "tide moon").hits
    assert len({hit.article.id for hit in hits}) >= 1
    assert not any(MENU in hit.passage.text for hit in hits)
    assert sound(library)


def test_two_articles_of_one_text_are_cut_alike(library: Library, tmp_path: Path) -> None:
    """As the first one's site says; also what the index holds of the other."""
    leave_out(library, found(library.store))
    (tmp_path / "other").mkdir()
    add(library, [write(tmp_path / "other", 3)])
    assert left_out(library) == [MENU] * 7
    assert sound(library)
    with library.writing():
        library.rebuild()
    assert sound(library)
