"""What somebody else does to a library while articles are read for it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from citewell.corpus.article import Draft
from citewell.corpus.children import Children
from citewell.corpus.errors import ModelMismatch
from citewell.corpus.finding import find_files
from citewell.corpus.originals import sha_of
from citewell.corpus.reading import Reading
from citewell.corpus.repeated import Repeated
from citewell.index import build, engine, pieces, segment_files
from citewell.index.build import BUILD_RECIPE
from citewell.index.clean import leave_out
from citewell.index.config import Config
from citewell.index.embedded import Embedded
from citewell.index.library import Library
from citewell.index.purge import purge
from citewell.index.writing import Outcome, add, hide, put, remove
from citewell.service.requests import ArticleRequest
from citewell.service.writer import given_of
from tests.fakes import WordEmbedder

WORDS = "The tide of the harbour comes in twice a day."
MENU = "Home and away and more"


@dataclass(frozen=True)
class Page:
    """It takes as long to be read as something else is done."""

    name: str
    words: str
    meanwhile: Callable[[], object] = lambda: None

    def read(self, children: Children) -> Reading:
        original = f"{self.words}\n\n{MENU}".encode()
        draft = Draft(original.decode(), self.name, "test", sha_of(original), self.name)
        self.meanwhile()
        return Reading(self.name, f"https://example.org/{self.name}", draft, original)


@pytest.fixture
def libraries(tmp_path: Path) -> Iterator[tuple[Library, Library]]:
    """One twice, as two processes have it."""
    with (
        closing(Library(tmp_path, WordEmbedder("tide", "moon"), create=True)) as mine,
        closing(Library(tmp_path, WordEmbedder("tide", "moon"))) as theirs,
    ):
        yield mine, theirs


def results(outcomes: list[Outcome]) -> list[str]:
    return [outcome.result for outcome in outcomes]


def text(library: Library, name: str) -> str:
    return library.store.text(library.store.article(name).text_sha)


def put_newer(library: Library, name: str) -> None:
    put(library, [given_of(name, ArticleRequest(title=name, text="The moon is newer than that."))])


@pytest.mark.parametrize("is_known", [True, False])
def test_a_newer_text_is_not_overwritten_by_what_was_read_before(
    is_known: bool, libraries: tuple[Library, Library]
) -> None:
    mine, theirs = libraries
    if is_known:
        add(mine, [Page("a", WORDS)])
    (outcome,) = add(mine, [Page("a", f"{WORDS} Twice.", lambda: put_newer(theirs, "a"))])
    assert outcome.result == "refused"
    assert "changed meanwhile" in str(outcome.reason)
    assert "newer" in text(mine, "a")
    assert results(add(mine, [Page("a", f"{WORDS} Twice.")])) == ["updated"]


@pytest.mark.parametrize("hidden", [remove, purge])
def test_what_was_removed_meanwhile_does_not_come_back(
    hidden: Callable[[Library, list[str]], None], libraries: tuple[Library, Library]
) -> None:
    mine, theirs = libraries
    add(mine, [Page("a", WORDS)])
    again = [Page("b", WORDS), Page("a", f"{WORDS} Twice.", lambda: hidden(theirs, ["a"])), Page("c", WORDS)]
    assert results(add(mine, again)) == ["added", "refused", "added"]
    assert [article.article_id for article in mine.store.articles()] == ["b", "c"]


def test_what_was_changed_before_it_was_read_is_overwritten(libraries: tuple[Library, Library]) -> None:
    mine, theirs = libraries
    put_newer(theirs, "a")
    assert results(add(mine, [Page("a", WORDS)])) == ["updated"]


def test_lines_that_are_left_out_meanwhile_are_left_out_of_what_was_read_before(
    libraries: tuple[Library, Library],
) -> None:
    mine, theirs = libraries

    def clean() -> None:
        theirs.store.leave_out([Repeated("example.org", MENU, 3, 4)])
        with theirs.writing():
            theirs.catch_up()

    add(mine, [Page("a", WORDS, clean)])
    article = mine.store.article("a")
    assert [p.span.of(text(mine, "a")) for p in mine.store.cut(article.text_sha).passages] == [f"{WORDS}\n\n"]


def test_files_are_counted_once_each_however_many_articles_they_hold(
    tmp_path: Path, libraries: tuple[Library, Library]
) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "1.txt").write_text(" ")
    (folder / "2.jsonl").write_text('{"id": "a", "text": "The tide."}\n{"id": "b", "text": "The moon."}\n')
    (folder / "3.txt").write_text(WORDS)
    assert results(add(libraries[0], find_files([folder]))) == ["refused", "added", "added", "added"]


# -- rebuilt by another model -------------------------------------------------------------------------------------


def rebuilt(folder: Path, *words: str) -> None:
    """By another process, with the model that knows these words."""
    with closing(Library(folder, WordEmbedder(*words))) as theirs, theirs.writing():
        theirs.rebuild()


def models(folder: Path) -> set[str]:
    return {model for model, _ in Embedded(folder / "index", WordEmbedder(), Config).made_with()}


WRITES: dict[str, Callable[[Library], object]] = {
    "add": lambda library: add(library, [Page("b", WORDS)]),
    "put": lambda library: put_newer(library, "b"),
    "remove": lambda library: remove(library, ["a"]),
    "hide": lambda library: hide(library, {"a": 1}),
    "purge": lambda library: purge(library, ["a"]),
    "clean": lambda library: leave_out(library, [Repeated("example.org", MENU, 3, 4)]),
    "keep": lambda library: add(library, [], keep_revisions=1),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_a_rebuild_with_another_model_is_not_undone_by_who_goes_on_writing(
    write: Callable[[Library], object], tmp_path: Path
) -> None:
    """Nothing of what it was about to write is stored: it is told to take that model."""
    with closing(Library(tmp_path, WordEmbedder("tide"), create=True)) as mine:
        add(mine, [Page("a", WORDS)])
        rebuilt(tmp_path, "moon", "sun")
        before = mine.store.change()
        with pytest.raises(ModelMismatch, match=r"words moon sun.*words tide.*citewell rebuild --library"):
            write(mine)
        assert mine.store.change() == before
        assert models(tmp_path) == {"words moon sun"}
        rebuilt(tmp_path, "tide")  # and back
        write(mine)
        assert models(tmp_path) <= {"words tide"}


def test_nor_by_who_wrote_before_and_brings_the_index_up_to_date(tmp_path: Path) -> None:
    with closing(Library(tmp_path, WordEmbedder("tide"), create=True)) as mine:
        add(mine, [Page("a", WORDS)])
        rebuilt(tmp_path, "moon")
        mine.store.remove("a")  # stored and not published, as by a crash
        with pytest.raises(ModelMismatch):
            mine.catch_up_if_free()
        assert models(tmp_path) == {"words moon"}


def test_what_was_stored_before_such_a_rebuild_is_in_it_and_nothing_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "_AT_ONCE", 1)
    with closing(Library(tmp_path, WordEmbedder("tide"), create=True)) as mine:
        add(mine, [Page("a", WORDS)])
        others = [Page("b", WORDS), Page("c", WORDS, lambda: rebuilt(tmp_path, "moon")), Page("d", WORDS)]
        with pytest.raises(ModelMismatch):
            add(mine, others)
        stored = [article.article_id for article in mine.store.articles()]
        assert stored in (["a"], ["a", "b"])
    with closing(Library(tmp_path, WordEmbedder("moon"))) as again:
        again.catch_up_if_free()
        assert again.searcher().passages == len(stored)
        assert results(add(again, [Page(name, WORDS) for name in "abcd"])).count("unchanged") == len(stored)
        assert again.searcher().passages == 4
        assert models(tmp_path) == {"words moon"}


def test_the_first_to_fill_an_empty_library_says_its_model(tmp_path: Path) -> None:
    with (
        closing(Library(tmp_path, WordEmbedder("tide"), create=True)) as mine,
        closing(Library(tmp_path, WordEmbedder("moon"))) as theirs,
    ):
        add(theirs, [Page("a", WORDS)])
        with pytest.raises(ModelMismatch):
            add(mine, [Page("b", WORDS)])
        assert theirs.searcher().passages == 1


def test_what_an_earlier_version_made_is_built_anew_once_and_no_more_by_that_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(Library(tmp_path, WordEmbedder("tide"), create=True)) as earlier:
        add(earlier, [Page("a", WORDS)])
        with closing(Library(tmp_path, WordEmbedder("tide", "moon"))) as later:
            with later.writing():
                later.catch_up()
            assert models(tmp_path) == {"words tide moon"}
            with pytest.raises(ModelMismatch):
                add(earlier, [Page("b", WORDS)])
            rebuilt(tmp_path, "tide")
            with pytest.raises(ModelMismatch):
                add(later, [Page("b", WORDS)])


@pytest.fixture
def earlier_version(monkeypatch: pytest.MonkeyPatch) -> Callable[[], AbstractContextManager[None]]:
    """Within, whoever writes is of a version whose recipe was another."""

    @contextmanager
    def of_then() -> Iterator[None]:
        with monkeypatch.context() as then:
            for module in (build, engine):
                then.setattr(module, "BUILD_RECIPE", "earlier")
            yield

    return of_then


def test_what_an_earlier_version_made_is_built_anew_though_it_writes_while_this_opens_it(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    earlier_version: Callable[[], AbstractContextManager[None]],
) -> None:
    """The segments that were named when it looked are gone when it reads how they were made."""
    with closing(Library(tmp_path, WordEmbedder("tide"), create=True)) as earlier:
        with earlier_version():
            add(earlier, [Page("a", WORDS)])
        facts_of = segment_files.facts_of

        def late(segment: Path) -> dict[str, Any]:
            monkeypatch.setattr("citewell.index.embedded.facts_of", facts_of)
            with earlier_version():
                for name in ("b", "c"):
                    add(earlier, [Page(name, f"{WORDS} {name}")])
            assert not segment.exists()
            return facts_of(segment)

        monkeypatch.setattr("citewell.index.embedded.facts_of", late)
        with closing(Library(tmp_path, WordEmbedder("tide"))) as later:
            assert results(add(later, [Page("d", f"{WORDS} d")])) == ["added"]
            assert later.engine.made_with() == {("words tide", BUILD_RECIPE)}
            assert later.searcher().passages == 4


def test_who_asks_says_so_and_goes_on_once_it_is_of_that_model_again(tmp_path: Path) -> None:
    with closing(Library(tmp_path, WordEmbedder("tide"), create=True)) as mine:
        add(mine, [Page("a", WORDS)])
        assert mine.searcher().passages == 1
        rebuilt(tmp_path, "moon", "sun")
        with pytest.raises(ModelMismatch, match=r"words moon sun.*start it again.*citewell rebuild"):
            mine.searcher()
        rebuilt(tmp_path, "tide")
        assert mine.searcher().passages == 1
