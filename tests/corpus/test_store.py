"""The store of the truth: what was put is there, what was not is not, and damage is noticed."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from citewell.corpus.article import Cut, Draft, Excluded, Passage, Span
from citewell.corpus.errors import CorruptLibrary, UnknownArticle
from citewell.corpus.server import Server
from citewell.corpus.store import Put, Store
from citewell.corpus.stored import ALL
from citewell.corpus.text import text_sha
from tests.truths import altered, said

TEXT = "One. Two.\n"
CUT = Cut(
    passages=(
        Passage(Span(0, 5), "A heading", None, (Span(0, 4),)),
        Passage(Span(5, 9), None, Span(0, 4), (Span(5, 6), Span(6, 9))),
    ),
    excluded=(Excluded(Span(9, 10), "loading"),),
)


@pytest.fixture
def store(truth: Path | Server) -> Iterator[Store]:
    opened = Store(truth, create=True)
    yield opened
    opened.close()


def a_draft(text: str = TEXT, title: str = "A title", **others: Any) -> Draft:
    return Draft(text=text, title=title, reader="test-1", original_sha="b" * 64, **others)


def put(store: Store, article_id: str = "a", text: str = TEXT, **others: Any) -> Put:
    return store.put(article_id, f"/{article_id}.txt", a_draft(text, **others), "en", CUT, "cut-1")


def ids(store: Store, after: str = "", limit: int = ALL) -> list[str]:
    return [article.article_id for article in store.articles(after, limit)]


# -- putting ----------------------------------------------------------------------------------------------------


def test_what_was_put_can_be_read(store: Store) -> None:
    draft = a_draft(author="A. Writer", published="2026-03", metadata={"based_on": "the sea 🙂", "a": "b"})
    assert store.put("a", "/a.txt", draft, "en", CUT, "cut-1") is Put.ADDED
    article = store.article("a")
    assert (article.article_id, article.source, article.revision) == ("a", "/a.txt", 1)
    assert (article.title, article.author, article.published) == ("A title", "A. Writer", "2026-03")
    assert (article.language, article.metadata) == ("en", {"based_on": "the sea 🙂", "a": "b"})
    assert (article.text_sha, article.original_sha, article.reader) == (text_sha(TEXT), "b" * 64, "test-1")
    assert store.text(article.text_sha) == TEXT
    assert store.cut(article.text_sha) == CUT


def test_a_revision_says_when_it_was_recorded_in_utc(store: Store) -> None:
    before = datetime.now(UTC)
    put(store)
    after = datetime.now(UTC)
    recorded = store.article("a").recorded_at
    assert recorded.endswith("Z")
    assert before - timedelta(milliseconds=1) <= datetime.fromisoformat(recorded) <= after


@pytest.mark.parametrize(
    ("span", "passage"),
    [
        (Span(0, 5), CUT.passages[0]),
        (Span(5, 9), CUT.passages[1]),
        (Span(0, 9), None),
        (Span(9, 10), None),  # excluded
    ],
)
def test_a_passage_is_found_by_its_exact_span(store: Store, span: Span, passage: Passage | None) -> None:
    put(store)
    assert store.passage(text_sha(TEXT), span) == passage
    assert store.passage(text_sha("other"), span) is None


def test_putting_the_same_again_changes_nothing(store: Store) -> None:
    results = [put(store), put(store), put(store)]
    assert results == [Put.ADDED, Put.UNCHANGED, Put.UNCHANGED]
    assert (store.change(), store.article("a").revision) == (1, 1)


def test_another_reader_or_encoding_of_the_same_text_changes_nothing(store: Store) -> None:
    put(store)
    other = Draft(text=TEXT, title="A title", reader="test-2", original_sha="c" * 64)
    assert store.put("a", "/a.txt", other, "en", CUT, "cut-2") is Put.UNCHANGED


@pytest.mark.parametrize(
    "changed",
    [
        {"text": "Three.\n"},
        {"title": "Another"},
        {"author": "A. Writer"},
        {"published": "2026"},
        {"metadata": {"a": "b"}},
    ],
)
def test_whatever_changed_makes_a_new_revision(store: Store, changed: dict[str, Any]) -> None:
    put(store)
    before = store.article("a")
    assert put(store, **changed) is Put.UPDATED
    assert store.article("a").revision == 2
    assert store.article("a", 1) == before
    assert store.text(before.text_sha) == TEXT


@pytest.mark.parametrize(("source", "language"), [("/moved.txt", "en"), ("/a.txt", "nl"), ("/a.txt", None)])
def test_another_source_or_language_makes_a_new_revision(
    store: Store, source: str, language: str | None
) -> None:
    put(store)
    assert store.put("a", source, a_draft(), language, CUT, "cut-1") is Put.UPDATED
    article = store.article("a")
    assert (article.revision, article.source, article.language) == (2, source, language)


def test_going_back_to_an_earlier_text_is_a_revision_too(store: Store) -> None:
    results = [put(store), put(store, text="Three.\n"), put(store)]
    assert results == [Put.ADDED, Put.UPDATED, Put.UPDATED]
    assert [store.article("a", n).text_sha for n in (1, 2, 3)] == [
        text_sha(TEXT),
        text_sha("Three.\n"),
        text_sha(TEXT),
    ]


def test_revisions_are_counted_for_each_article(store: Store) -> None:
    for title in ("1", "2", "3"):
        put(store, "a", title=title)
    put(store, "b")
    assert [(a.article_id, a.revision, a.title) for a in store.articles()] == [
        ("a", 3, "3"),
        ("b", 1, "A title"),
    ]
    assert [store.article("a", n).title for n in (1, 2, 3)] == ["1", "2", "3"]


def test_two_articles_may_have_the_same_text(store: Store) -> None:
    assert [put(store, "a"), put(store, "b")] == [Put.ADDED, Put.ADDED]
    assert store.article("a").text_sha == store.article("b").text_sha
    store.remove("a")
    assert store.text(store.article("b").text_sha) == TEXT
    assert store.cut(store.article("b").text_sha) == CUT


def test_the_spans_of_a_text_do_not_change_when_it_is_put_again(store: Store) -> None:
    put(store, "a")
    store.put("b", "/b.txt", a_draft(), "en", Cut((Passage(Span(0, 10), None, None, ()),), ()), "cut-2")
    assert store.cut(text_sha(TEXT)) == CUT


def test_a_newer_recipe_replaces_the_spans_of_a_text_and_nothing_else(store: Store) -> None:
    newer = Cut((Passage(Span(0, 10), None, None, (Span(0, 9),)),), ())
    put(store, "a")
    put(store, "b", text="Three.\n")
    before = store.articles()
    store.recut(text_sha(TEXT), newer, "cut-2")
    assert (store.cut(text_sha(TEXT)), store.cut(text_sha("Three.\n"))) == (newer, CUT)
    assert store.text(text_sha(TEXT)) == TEXT
    assert store.articles() == before
    assert (store.cut_recipe(text_sha(TEXT)), store.cut_recipe(text_sha("Three.\n"))) == ("cut-2", "cut-1")


@pytest.mark.parametrize(
    "text",
    ["🙂👩‍👩‍👧\n", "人工智能。", "'; DROP TABLE texts; --", "\ufffd", "e\u0301", "x" * 100_000, "\u2028\x0b"],
)
def test_any_text_comes_back_as_it_was(store: Store, text: str) -> None:
    put(store, text=text)
    assert store.text(text_sha(text)) == text


# -- removing ---------------------------------------------------------------------------------------------------


def test_a_removed_article_is_gone_but_its_revisions_stay(store: Store) -> None:
    put(store)
    before = store.article("a")
    store.remove("a")
    assert store.articles() == []
    with pytest.raises(UnknownArticle):
        store.article("a")
    assert store.article("a", 1) == before
    assert store.text(before.text_sha) == TEXT


def test_a_removed_article_that_is_put_again_is_added_with_the_next_revision(store: Store) -> None:
    """Even if it says what it said before."""
    put(store)
    store.remove("a")
    assert put(store) is Put.ADDED
    assert store.article("a").revision == 2


def test_what_is_not_there_cannot_be_removed(store: Store) -> None:
    put(store)
    store.remove("a")
    for article_id in ("a", "never", "", "A"):
        with pytest.raises(UnknownArticle) as unknown:
            store.remove(article_id)
        assert unknown.value.article_id == article_id
    assert store.change() == 2


# -- change numbers ---------------------------------------------------------------------------------------------


def test_every_write_takes_the_next_change_number(store: Store) -> None:
    changes = [store.change()]
    put(store, "a")
    changes.append(store.change())
    put(store, "b")
    changes.append(store.change())
    put(store, "a", title="Another")
    changes.append(store.change())
    store.remove("b")
    changes.append(store.change())
    put(store, "a", title="Another")  # unchanged
    changes.append(store.change())
    put(store, "b")
    changes.append(store.change())
    assert changes == [0, 1, 2, 3, 4, 4, 5]


def test_change_numbers_go_on_where_they_were_when_a_library_is_opened_again(
    truth: Path | Server, store: Store
) -> None:
    put(store, "a")
    store.remove("a")
    store.close()
    again = Store(truth)
    assert again.change() == 2
    put(again, "b")
    assert again.change() == 3
    again.close()


# -- listing ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("after", "limit", "expected"),
    [
        ("", ALL, ["B", "a", "a.1", "b", "c"]),
        ("", 2, ["B", "a"]),
        ("a", 2, ["a.1", "b"]),
        ("a.0", 1, ["a.1"]),  # one that is not there itself
        ("c", 2, []),
        ("", 0, []),
        ("", 100, ["B", "a", "a.1", "b", "c"]),
    ],
)
def test_articles_are_listed_by_id_in_pages(
    store: Store, after: str, limit: int, expected: list[str]
) -> None:
    for article_id in ("c", "a", "gone", "B", "b", "a.1"):
        put(store, article_id)
    store.remove("gone")
    assert ids(store, after, limit) == expected


def test_an_article_is_found_by_the_beginning_of_the_sha_of_any_text_it_had(store: Store) -> None:
    put(store, "a", title="First")
    put(store, "a", title="Second")
    put(store, "a", text="Three.\n", title="Third")
    put(store, "b", text="Other.\n")
    store.remove("a")

    def title(article_id: str, text: str) -> str | None:
        article = store.article_with_text(article_id, text_sha(text)[:12])
        return article.title if article else None

    assert [title("a", TEXT), title("a", "Three.\n")] == ["Second", "Third"]  # the newest with that text
    assert [title("a", "Other.\n"), title("b", TEXT), title("c", TEXT)] == [None, None, None]


@pytest.mark.parametrize(("article_id", "revision"), [("b", None), ("b", 1), ("a", 2), ("a", 0), ("a", -1)])
def test_a_revision_that_is_not_there_is_unknown(store: Store, article_id: str, revision: int | None) -> None:
    put(store)
    with pytest.raises(UnknownArticle):
        store.article(article_id, revision)


# -- nothing by halves ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("unstorable", "error"),
    [
        ({"metadata": {"a": object()}}, TypeError),  # before anything is written
        ({"title": "\ud800"}, UnicodeEncodeError),  # when the text is written already
    ],
)
def test_a_put_that_fails_leaves_nothing_behind(
    store: Store, unstorable: dict[str, Any], error: type[Exception]
) -> None:
    put(store, "a")
    with pytest.raises(error):
        put(store, "b", text="Three.\n", **unstorable)
    assert (ids(store), store.change()) == (["a"], 1)
    with pytest.raises(CorruptLibrary):
        store.text(text_sha("Three.\n"))
    assert store.cut(text_sha("Three.\n")) == Cut((), ())
    assert put(store, "b", text="Three.\n") is Put.ADDED
    assert (store.change(), store.article("b").revision) == (2, 1)


def test_an_update_that_fails_leaves_the_former_revision(store: Store) -> None:
    put(store)
    before = store.article("a")
    with pytest.raises(UnicodeEncodeError):
        put(store, text="Three.\n", title="\ud800")
    assert (store.articles(), store.change()) == ([before], 1)


def test_a_closed_store_writes_nothing(truth: Path | Server, store: Store) -> None:
    put(store, "a")
    store.close()
    with pytest.raises(CorruptLibrary):
        put(store, "b")
    again = Store(truth)
    assert (ids(again), again.change()) == (["a"], 1)
    again.close()


DIES = """
import os, sys
from pathlib import Path
from citewell.corpus.article import Cut, Draft, Passage, Span
from citewell.corpus.server import Server
from citewell.corpus.store import Store

class DeadlyPassages(tuple):
    def __iter__(self):
        os._exit(9)

where, folder = sys.argv[1:]
store = Store(Server.of(where, Path(folder)) if "://" in where else Path(where))
draft = Draft(text="Three.", title="", reader="", original_sha="")
store.put("b", "/b.txt", draft, None, Cut((), ()), "cut-1")
draft = Draft(text="Four.", title="", reader="", original_sha="")
store.put("c", "/c.txt", draft, None, Cut(DeadlyPassages([Passage(Span(0, 5), None, None, ())]), ()), "cut-1")
"""


def test_a_process_killed_while_it_writes_leaves_what_was_acknowledged_and_no_more(
    truth: Path | Server, store: Store
) -> None:
    put(store, "a")
    dead = subprocess.run([sys.executable, "-c", DIES, *said(truth)], check=False)
    assert dead.returncode == 9
    assert (ids(store), store.change()) == (["a", "b"], 2)
    with pytest.raises(CorruptLibrary):
        store.text(text_sha("Four."))
    assert put(store, "c") is Put.ADDED


# -- damage -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE texts SET text = 'One. Too.\n'",
        "UPDATE texts SET text = text || ' '",
        "UPDATE texts SET text = ''",
        "DELETE FROM texts",
    ],
)
def test_a_text_altered_on_disk_is_noticed(truth: Path | Server, store: Store, damage: str) -> None:
    put(store)
    altered(truth, damage)
    with pytest.raises(CorruptLibrary, match=f"the text {text_sha(TEXT)[:12]} is missing or altered"):
        store.text(text_sha(TEXT))


@pytest.mark.parametrize(
    "damage", ["title = 'Another title'", "published = '2027'", "metadata = '{\"url\": 1}'"]
)
def test_a_revision_altered_on_disk_is_noticed(truth: Path | Server, store: Store, damage: str) -> None:
    put(store)
    altered(truth, f"UPDATE revisions SET {damage}")
    for read in (store.articles, lambda: store.article("a"), lambda: store.article("a", 1)):
        with pytest.raises(
            CorruptLibrary, match=f"{re.escape(str(store.place))}: what it says of article 'a' is damaged"
        ):
            read()
    assert len(store.faults()) == 1


@pytest.mark.parametrize("live", ["1", "3", "NULL"])
def test_another_revision_in_the_place_of_the_live_one_is_noticed(
    truth: Path | Server, store: Store, live: str
) -> None:
    put(store)
    put(store, text="Three.\n")
    altered(truth, f"UPDATE articles SET live = {live}")
    if live != "NULL":
        with pytest.raises(CorruptLibrary, match="article 'a' is damaged"):
            store.articles()
    assert len(store.faults()) == 1


@pytest.mark.parametrize(
    "damage",
    [
        "passages SET heading = 'Another'",
        "passages SET sentences = '[[0,1]]'",
        "passages SET header_end = 3 WHERE start = 5",
        "excluded SET rule = 'another'",
    ],
)
def test_spans_altered_on_disk_are_noticed(truth: Path | Server, store: Store, damage: str) -> None:
    put(store)
    altered(truth, f"UPDATE {damage}")
    with pytest.raises(
        CorruptLibrary, match=f"{re.escape(str(store.place))}: the spans of text .* citewell rebuild"
    ):
        store.cut(text_sha(TEXT))


def test_a_sound_store_has_no_fault(store: Store) -> None:
    put(store, "a")
    put(store, "a", text="Three.\n")
    put(store, "b")
    store.remove("b")
    assert store.faults() == []


# -- many at a time ---------------------------------------------------------------------------------------------


def test_threads_read_and_write_side_by_side(store: Store) -> None:
    put(store, "a")
    expected = (store.article("a"), TEXT, CUT)

    def read(_: int) -> bool:
        article = store.article("a")
        return (article, store.text(article.text_sha), store.cut(article.text_sha)) == expected

    def write(n: int) -> Put:
        return put(store, f"b{n:03}", text=f"{n}\n")

    with ThreadPoolExecutor(4) as threads:
        reads, writes = threads.map(read, range(100)), threads.map(write, range(100))
        assert list(reads) == [True] * 100
        assert list(writes) == [Put.ADDED] * 100
    assert (len(store.articles()), store.change()) == (101, 101)


def test_another_store_of_the_same_library_sees_what_was_put(truth: Path | Server, store: Store) -> None:
    other = Store(truth)
    put(store, "a")
    assert (ids(other), other.change()) == (["a"], 1)
    put(other, "b")
    assert (ids(store), store.change()) == (["a", "b"], 2)
    other.close()


def test_a_library_may_be_moved(tmp_path: Path) -> None:
    file = tmp_path / "library.db"
    store = Store(file, create=True)
    put(store)
    store.close()
    moved = tmp_path / os.fsdecode("elsewhere é".encode()) / "library.db"
    moved.parent.mkdir()
    shutil.move(file, moved)
    opened = Store(moved)
    assert opened.text(opened.article("a").text_sha) == TEXT
    opened.close()
