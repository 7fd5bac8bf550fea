"""A library over its life: added to, changed, crashed, damaged, rebuilt, written to by two."""

import multiprocessing
import multiprocessing.synchronize
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from citewell.corpus.errors import CorruptLibrary, LibraryBusy, LibraryMissing, ModelMismatch, UnknownArticle
from citewell.corpus.passages import whole
from citewell.index.answer import ask
from citewell.index.embedding import Vectors
from citewell.index.folder import require
from citewell.index.library import Library
from citewell.index.purge import purge
from citewell.index.response import Answer
from citewell.index.writing import Outcome, add, remove
from tests.fakes import WordEmbedder

WORDS = ("sun", "moon", "star")


def opened(folder: Path) -> Library:
    folder.mkdir(exist_ok=True)
    return Library(folder, WordEmbedder(*WORDS), create=True)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return opened(tmp_path / "library")


def written(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def asked(library: Library, question: str) -> Answer:
    return replace(ask(library.searcher(), library.store, question), took_ms=0.0)


def quotes(library: Library, question: str) -> list[str]:
    return [citation.quote.text for citation in asked(library, question).citations]


def test_adding_a_file_twice_changes_nothing_and_says_so(library: Library, tmp_path: Path) -> None:
    file = written(tmp_path, "sun.txt", "The sun is a star.")
    (first,) = add(library, [file])
    change, before = library.store.change(), asked(library, "sun")
    (second,) = add(library, [file])
    assert (first.result, second.result) == ("added", "unchanged")
    assert library.store.change() == change
    assert asked(library, "sun") == before


def test_an_updated_article_answers_with_its_new_text_only(library: Library, tmp_path: Path) -> None:
    add(library, [written(tmp_path, "sun.txt", "The sun has 8 planets.")])
    (outcome,) = add(library, [written(tmp_path, "sun.txt", "The sun has 9 planets.")])
    assert outcome.result == "updated"
    assert quotes(library, "sun planets") == ["The sun has 9 planets."]
    assert asked(library, "sun").citations[0].article.revision == 2


def test_a_removed_article_is_in_no_answer(library: Library, tmp_path: Path) -> None:
    sun, _ = add(
        library,
        [written(tmp_path, "sun.txt", "The sun is hot."), written(tmp_path, "moon.txt", "The moon is cold.")],
    )
    assert sun.article_id
    remove(library, [sun.article_id])
    assert quotes(library, "sun moon") == ["The moon is cold."]


def test_removing_is_all_or_nothing(library: Library, tmp_path: Path) -> None:
    (sun,) = add(library, [written(tmp_path, "sun.txt", "The sun is hot.")])
    assert sun.article_id
    with pytest.raises(UnknownArticle):
        remove(library, [sun.article_id, "nobody"])
    assert quotes(library, "sun") == ["The sun is hot."]


def test_a_file_that_cannot_be_read_does_not_keep_the_others_out(library: Library, tmp_path: Path) -> None:
    bad = tmp_path / "bad.txt"
    bad.write_bytes(b"\xff\xfe\x00")
    outcomes = add(library, [bad, written(tmp_path, "sun.txt", "The sun is hot.")])
    assert outcomes[0] == Outcome(str(bad), "refused", reason="UTF-16, not UTF-8; save it as UTF-8")
    assert outcomes[1].result == "added"
    assert quotes(library, "sun") == ["The sun is hot."]


def test_leftovers_alone_are_no_article(library: Library, tmp_path: Path) -> None:
    (outcome,) = add(library, [written(tmp_path, "page.txt", "Loading comments...\n")])
    assert (outcome.result, outcome.reason) == ("refused", "nothing but page leftovers in it")
    assert library.store.articles() == []


def test_two_files_of_one_batch_cannot_share_an_id(library: Library, tmp_path: Path) -> None:
    files = [written(tmp_path, f"{n}.md", f"---\nid: same\n---\nThe sun {n}.") for n in (1, 2)]
    first, second = add(library, files)
    assert (first.result, second.result) == ("added", "refused")
    assert second.reason
    assert "1.md" in second.reason


def test_a_library_opened_again_gives_the_same_answers(library: Library, tmp_path: Path) -> None:
    add(library, [written(tmp_path, "sun.txt", "The sun is hot.")])
    before = asked(library, "sun")
    library.close()
    assert asked(opened(tmp_path / "library"), "sun") == before


def test_a_rebuilt_index_is_the_same_index(library: Library, tmp_path: Path) -> None:
    for text in ("The sun is hot.", "The sun is very hot. The moon is not."):
        add(library, [written(tmp_path, "sun.txt", text)])
    before = asked(library, "sun")
    assert library.rebuild() == 1
    assert asked(library, "sun") == before


def test_another_library_of_the_same_articles_has_the_same_index(library: Library, tmp_path: Path) -> None:
    """Whatever their order and whatever was there in between."""
    files = [written(tmp_path, f"{w}.md", f"---\nid: {w}\n---\nThe {w} is far away.") for w in WORDS]
    add(library, files)
    other = opened(tmp_path / "other")
    extra = written(tmp_path, "extra.md", "---\nid: extra\n---\nThe comet is nearer.")
    for file in [extra, *files[::-1]]:
        add(other, [file])
    remove(other, ["extra"])
    library.rebuild()
    other.rebuild()
    assert other.searcher().snapshot_id == library.searcher().snapshot_id


def test_a_reader_sees_what_another_process_published(library: Library, tmp_path: Path) -> None:
    add(library, [written(tmp_path, "sun.txt", "The sun is hot.")])
    reader = opened(tmp_path / "library")
    assert quotes(reader, "moon")[0] == "The sun is hot."
    add(library, [written(tmp_path, "moon.txt", "The moon is cold.")])
    assert quotes(reader, "moon")[0] == "The moon is cold."


class Crashing(WordEmbedder):
    """Ends the process, as far as Python can tell, when it meets a new passage."""

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        raise KeyboardInterrupt


def test_a_crash_between_storing_and_publishing_is_caught_up(library: Library, tmp_path: Path) -> None:
    add(library, [written(tmp_path, "sun.txt", "The sun is hot.")])
    crashing = Library(tmp_path / "library", Crashing(*WORDS))
    with pytest.raises(KeyboardInterrupt):
        add(crashing, [written(tmp_path, "moon.txt", "The moon is cold.")])
    assert quotes(library, "moon")[0] == "The sun is hot."
    again = opened(tmp_path / "library")
    again.catch_up_if_free()
    assert quotes(again, "moon")[0] == "The moon is cold."


def test_a_library_without_articles_says_so(library: Library) -> None:
    library.rebuild()
    answer = asked(library, "sun")
    assert (answer.verdict, answer.reason) == ("insufficient", "The library has no passage to search.")


def test_an_index_never_built_is_named(library: Library) -> None:
    with pytest.raises(CorruptLibrary, match="citewell rebuild"):
        library.searcher()


@pytest.mark.parametrize(
    "content", [b"", b"\xff", b"{}", b'{"change": 1, "segments": [], "id": "x"}', b"[1]"]
)
def test_a_damaged_pointer_is_named_and_rebuilt(library: Library, tmp_path: Path, content: bytes) -> None:
    add(library, [written(tmp_path, "sun.txt", "The sun is hot.")])
    (tmp_path / "library" / "index" / "current").write_bytes(content)
    fresh = opened(tmp_path / "library")
    with pytest.raises(CorruptLibrary, match="citewell rebuild"):
        fresh.searcher()
    fresh.rebuild()
    assert quotes(fresh, "sun") == ["The sun is hot."]


def test_no_library_is_no_library(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(LibraryMissing, match="citewell add"):
            require(folder)
    assert not (tmp_path / "nowhere").exists()


def hold_the_lock(
    folder: Path, held: "multiprocessing.synchronize.Event", done: "multiprocessing.synchronize.Event"
) -> None:
    with opened(folder).writing():
        held.set()
        done.wait(120)


def test_one_writer_at_a_time_and_readers_go_on(library: Library, tmp_path: Path) -> None:
    add(library, [written(tmp_path, "sun.txt", "The sun is hot.")])
    context = multiprocessing.get_context("spawn")
    held, done = context.Event(), context.Event()
    other = context.Process(target=hold_the_lock, args=(tmp_path / "library", held, done))
    other.start()
    try:
        assert held.wait(120)
        with pytest.raises(LibraryBusy, match="Another process is writing"), library.writing(wait=0.1):
            pass
        library.catch_up_if_free()
        assert quotes(library, "sun") == ["The sun is hot."]
    finally:
        done.set()
        other.join(120)
    with library.writing(wait=0.1):
        pass


def test_a_rebuild_cuts_again_what_an_older_recipe_has_cut(library: Library, tmp_path: Path) -> None:
    (outcome,) = add(library, [written(tmp_path, "sun.txt", "The sun is hot. " * 60)])
    assert outcome.article_id
    sha = library.store.article(outcome.article_id).text_sha
    before = library.store.cut(sha)
    library.store.recut(sha, whole(library.store.text(sha), "en"), "cut-0")
    assert library.rebuild() == outcome.passages
    assert library.store.cut(sha) == before


def test_a_library_written_with_another_model_is_built_anew_whole(library: Library, tmp_path: Path) -> None:
    """Vectors of two models never meet in one index."""
    for word in WORDS:
        add(library, [written(tmp_path, f"{word}.txt", f"The {word} is far.")])
    other = Library(tmp_path / "library", WordEmbedder("moon", "sun", "star"))
    add(other, [written(tmp_path, "comet.txt", "The comet is near.")])
    assert {part.segment.model for part in other.searcher().parts} == {other.embedder.fingerprint}
    assert other.searcher().passages == 4
    with pytest.raises(ModelMismatch):
        Library(tmp_path / "library", library.embedder).searcher()


def test_an_older_store_in_the_place_of_the_present_is_refused_until_it_is_rebuilt(
    library: Library, tmp_path: Path
) -> None:
    """What was acknowledged is not given up without a word, whether a file was put back or the log was lost."""
    add(library, [written(tmp_path, "sun.txt", "The sun is hot.")])
    library.store.database.vacuum()
    old = (tmp_path / "library" / "citewell.db").read_bytes()
    add(library, [written(tmp_path, "moon.txt", "The moon is cold.")])
    library.close()
    for file in (tmp_path / "library").glob("citewell.db*"):
        file.unlink()
    (tmp_path / "library" / "citewell.db").write_bytes(old)
    again = opened(tmp_path / "library")
    star = written(tmp_path, "star.txt", "The star is far.")
    for write in (again.catch_up_if_free, lambda: add(again, [star]), lambda: remove(again, ["sun"])):
        with pytest.raises(CorruptLibrary, match=r"citewell\.db lacks what .*index holds.*citewell rebuild"):
            write()
    assert len(again.store.articles()) == 1
    again.rebuild()
    assert quotes(again, "sun moon") == ["The sun is hot."]


def test_a_store_that_was_lost_is_not_replaced_by_an_empty_one(library: Library, tmp_path: Path) -> None:
    sun = written(tmp_path, "sun.txt", "The sun is hot.")
    add(library, [sun])
    library.close()
    for file in (tmp_path / "library").glob("citewell.db*"):
        file.unlink()
    with pytest.raises(CorruptLibrary, match="lacks what"):
        add(opened(tmp_path / "library"), [sun])


def test_a_citation_never_carries_the_version_of_another_text(library: Library, tmp_path: Path) -> None:
    """A searcher held while its article was erased and came back with the same revision number and another text."""
    add(
        library,
        [
            written(tmp_path, "a.md", "---\nid: a\n---\nThe sun is hot."),
            written(tmp_path, "b.txt", "The sun is hot."),
        ],
    )
    held = library.searcher()
    purge(library, ["a"])
    add(library, [written(tmp_path, "a.md", "---\nid: a\n---\nThe sun is cold.")])
    with pytest.raises(CorruptLibrary):
        ask(held, library.store, "sun")


def test_what_was_added_is_there_though_there_is_no_room_to_join_segments(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("citewell.index.layout.merge", full)
        for name in ("sun", "moon"):
            added = add(library, [written(tmp_path, f"{name}.txt", f"The {name} is far away.")])
            assert [outcome.result for outcome in added] == ["added"]
        assert len(library.searcher().parts) == 2
    assert quotes(library, "moon")
    add(library, [written(tmp_path, "star.txt", "The star is far away.")])
    assert len(library.searcher().parts) == 1


def test_threads_open_a_new_snapshot_once(library: Library, tmp_path: Path) -> None:
    add(library, [written(tmp_path, "sun.txt", "The sun is hot.")])
    reader = opened(tmp_path / "library")
    with ThreadPoolExecutor(8) as threads:
        searchers = list(threads.map(lambda _: reader.searcher(), range(40)))
    assert len({id(searcher) for searcher in searchers}) == 1
