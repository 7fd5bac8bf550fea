"""Reading articles again from their originals: new revisions where today's readers make something else, else nothing."""

import json
import random
import time
from collections.abc import Iterator
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

import pytest

from citewell.corpus.address import Allowed
from citewell.corpus.article import Article, Draft
from citewell.corpus.errors import UnknownArticle
from citewell.corpus.fetching import Fetcher
from citewell.corpus.finding import find_files
from citewell.corpus.listing import listing_of
from citewell.corpus.originals import sha_of
from citewell.corpus.pages import put_pages
from citewell.corpus.passages import CUT_RECIPE, cut
from citewell.corpus.reader import LIBRARIES, RECIPES, is_of_today, read_as, recipe_of
from citewell.corpus.server import Server
from citewell.corpus.sniff import Format
from citewell.index import rereading
from citewell.index.library import Library
from citewell.index.rereading import ALIKE, dry_run, reread
from citewell.index.sync_listing import sync
from citewell.index.verify import verify
from citewell.index.visiting import add as add_all
from citewell.index.writing import add, put, remove
from citewell.service.requests import ArticleRequest
from citewell.service.writer import given_of
from tests.corpus.samples import HTML, MORE, PDF, VALID, WORDS
from tests.fakes import WordEmbedder
from tests.forked import Forked
from tests.index.syncing import Telling
from tests.site import Site, redirect
from tests.truths import kept_by

FEED = (
    "<rss version='2.0'><channel><link>https://example.org</link><item><link>posts/a</link><title>A post</title>"
    f"<e:encoded xmlns:e='http://purl.org/rss/1.0/modules/content/'>{WORDS}</e:encoded></item></channel></rss>"
)


def opened(folder: Path, truth: Server | None = None) -> Library:
    folder.mkdir(exist_ok=True)
    return Library(folder, WordEmbedder("tide", "moon"), create=True, truth=truth)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with closing(opened(tmp_path / "library")) as library:
        yield library


def read_before(
    library: Library, name: str, text: str, original: bytes, reader: str = "plain-0", **said: str
) -> None:
    """Store an article as an earlier reader read it from those bytes."""
    draft = Draft(text, said.pop("title", "Tides"), reader, sha_of(original), **said)  # type: ignore[arg-type]
    pieces = cut(text, "en", library.embedder.count_tokens)
    with library.writing():
        library.store.put(name, f"/{name}.txt", draft, "en", pieces, CUT_RECIPE, original)
        library.catch_up()


def texts(library: Library) -> dict[str, str]:
    return {each.article_id: library.store.text(each.text_sha) for each in library.store.articles()}


def revisions(library: Library) -> dict[str, int]:
    return {each.article_id: each.revision for each in library.store.articles()}


def embedded(library: Library) -> list[str]:
    assert isinstance(library.embedder, WordEmbedder)
    return library.embedder.embedded


def test_recipes_name_their_formats() -> None:
    assert [read_as(recipe) for recipe in RECIPES.values()] == list(RECIPES)
    assert {read_as("html-0"), read_as("html-12")} == {Format.HTML}
    assert read_as("csv-1 text=story id=nr") is Format.CSV
    assert {read_as(each) for each in ("", "beir", "test-1", "html")} == {None}
    assert is_of_today(f"{RECIPES[Format.CSV]} text=story")
    assert not is_of_today("csv-0 text=story")


@pytest.mark.parametrize("kind", LIBRARIES)
def test_a_recipe_names_the_libraries_that_extract_so_that_another_version_is_another_recipe(
    kind: Format, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = recipe_of(kind)
    assert today == "/".join([RECIPES[kind], *(f"{each}-{version(each)}" for each in LIBRARIES[kind])])
    assert (read_as(today), is_of_today(today), is_of_today(RECIPES[kind])) == (kind, True, False)
    for library in LIBRARIES[kind]:
        newer = lambda name, library=library: "99.0" if name == library else version(name)  # noqa: E731
        with monkeypatch.context() as patched:
            patched.setattr("citewell.corpus.reader._version", newer)
            assert (read_as(today), is_of_today(today)) == (kind, False)


# -- what reads as before ---------------------------------------------------------------------------------------------


def test_every_format_reads_from_its_original_as_it_did(
    tmp_path: Path, truth: Path | Server, site: Site
) -> None:
    """Files, records with other names of fields, pages found elsewhere, entries of feeds, and what was sent."""
    folder = tmp_path / "files"
    folder.mkdir()
    for name, content in VALID.items():
        (folder / name).write_bytes(content)
    (folder / "feed.txt").write_text(FEED)
    (folder / "mapped.jsonl").write_text(json.dumps({"nr": "7", "the story": MORE}) + "\n" * 2)
    (folder / "tabs.tsv").write_text("nr\tthe story\n1\tfirst\n8\tThe sun, the moon; the stars.\n")
    sent = ArticleRequest(
        text=f"# Words\n\n{MORE}", title="Sent", source="https://example.org/sent", metadata={"topic": "sea"}
    )
    site.pages["/a"] = redirect(site.url("/deep/b"))
    site.put("/deep/b", HTML.replace("https://example.org/tides", "c"))
    site.put("/plain", WORDS, "text/plain")
    site.put("/book", PDF, "application/pdf")
    site.put("/feed.xml", FEED, "application/rss+xml")
    with (
        closing(opened(tmp_path / "library", kept_by(truth))) as library,
        Fetcher(Allowed.of([site.host]), pause=0) as fetcher,
    ):
        pages = [site.url(path) for path in ("/a", "/plain", "/book")]
        mapped = {"text": "the story", "id": "nr"}
        plain = [
            name for name in find_files([folder]) if "mapped" not in str(name) and "tabs" not in str(name)
        ]
        done = add_all(library, plain, pages, fetcher)
        done += add(library, [folder / "mapped.jsonl", folder / "tabs.tsv"], mapped=mapped)
        sync(library, listing_of(site.url("/feed.xml"), fetcher), fetcher)
        put(library, [given_of("sent", sent)])
        assert {each.result for each in done} == {"added"}
        before, computed = library.store.change(), len(embedded(library))
        again = reread(library, everything=True)
        assert (again.articles, again.without_original) == ((), 0)
        assert again.unchanged == len(library.store.articles()) == len(done) + 2
        assert (library.store.change(), len(embedded(library))) == (before, computed)
        assert reread(library).unchanged == 0  # all of today


def test_what_reads_as_before_by_a_later_reader_is_read_once(library: Library) -> None:
    read_before(library, "a", WORDS, WORDS.encode(), title=WORDS)
    before = library.store.change()
    assert [each.article_id for each in dry_run(library).articles] == ["a"]
    assert (reread(library).unchanged, reread(library).unchanged) == (1, 0)
    assert dry_run(library).articles == ()
    assert library.store.change() == before
    assert reread(library, ["a"]).unchanged == 1
    (library.folder / ALIKE).unlink()
    assert reread(library).unchanged == 1


def test_a_still_later_reader_reads_it_again(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    read_before(library, "a", WORDS, WORDS.encode(), title=WORDS)
    assert reread(library).unchanged == 1
    monkeypatch.setitem(RECIPES, Format.PLAIN, "plain-99")
    assert (reread(library).unchanged, reread(library).unchanged) == (1, 0)


def test_what_an_earlier_version_of_a_library_extracted_is_read_again_once(library: Library) -> None:
    earlier = recipe_of(Format.HTML).replace(version("trafilatura"), "2.0.0")
    read_before(library, "a", "Home Menu tide", HTML.encode(), earlier)
    assert [each.result for each in dry_run(library).articles] == ["read"]
    assert [each.result for each in reread(library).articles] == ["updated"]
    assert WORDS in texts(library)["a"]
    assert library.store.article("a").reader == recipe_of(Format.HTML)
    assert reread(library) == rereading.Reread(False, (), 0, 0)


# -- what reads otherwise ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("original", "reader", "expected"),
    [
        (WORDS.encode(), "plain-0", WORDS),
        (f"---\nid: other\n---\n{WORDS}".encode(), "markdown-0", WORDS),
        (HTML.encode(), "html-0", WORDS),
        (PDF, "pdf-0", WORDS),
        (json.dumps({"words": WORDS}).encode(), "jsonl-0 text=words", WORDS),
        (FEED.encode(), "feed-0", WORDS),
    ],
)
def test_what_reads_otherwise_is_a_new_revision(
    library: Library, original: bytes, reader: str, expected: str
) -> None:
    read_before(library, "a", "Home Menu tide", original, reader)
    read_before(library, "b", WORDS, WORDS.encode(), RECIPES[Format.PLAIN])
    done = reread(library)
    assert [(each.file, each.result, each.article_id) for each in done.articles] == [("a", "updated", "a")]
    assert expected in texts(library)["a"]
    assert (revisions(library), library.store.article("a").source) == ({"a": 2, "b": 1}, "/a.txt")
    assert library.store.article("a").original_sha == sha_of(original)
    assert library.store.originals.read(sha_of(original)) in (original, None)
    assert is_of_today(library.store.article("a").reader)
    assert [fault for check in verify(library) for fault in check.faults] == []
    assert (reread(library).articles, reread(library).unchanged) == ((), 0)
    assert library.store.text(library.store.article("a", 1).text_sha) == "Home Menu tide"


@pytest.mark.parametrize("before", [(), (0, 7), (0, 5, 9)])
def test_pages_alone_are_put_right_without_a_new_revision(
    tmp_path: Path, truth: Path | Server, before: tuple[int, ...]
) -> None:
    with closing(opened(tmp_path / "library", kept_by(truth))) as library:
        add(library, [_written(library, "a.pdf", PDF)])
        (article,) = library.store.articles()
        right = library.store.pages(article)
        assert right
        _keep_pages(library, article, before)
        assert library.store.pages(article) == before
        assert [each.article_id for each in dry_run(library, everything=True).articles] == [
            article.article_id
        ]
        reread(library, everything=True)
        assert (library.store.pages(article), library.store.articles()) == (right, [article])
        assert [fault for check in verify(library) for fault in check.faults] == []


def test_pages_that_are_none_go(library: Library) -> None:
    add(library, [_written(library, "a.txt", WORDS.encode())])
    (article,) = library.store.articles()
    _keep_pages(library, article, (0, 5))
    reread(library, [article.article_id])
    assert library.store.pages(article) == ()


def _keep_pages(library: Library, article: Article, starts: tuple[int, ...]) -> None:
    """As an earlier reader told them."""
    with library.writing(), library.store.database.transaction() as db:
        put_pages(db, article.text_sha, article.original_sha, starts)


def test_what_was_said_of_an_article_that_was_sent_stays(library: Library) -> None:
    read_before(library, "a", "tide", WORDS.encode(), title="As sent", author="Robin", published="2026")
    reread(library)
    found = library.store.article("a")
    assert (found.title, found.author, found.published) == ("As sent", "Robin", "2026")
    assert texts(library) == {"a": WORDS}


def test_a_better_date_alone_is_a_new_revision(library: Library) -> None:
    add(library, [_written(library, "a.html", HTML.encode())])
    (article,) = library.store.articles()
    text = library.store.text(article.text_sha)
    draft = Draft(text, article.title, "html-0", article.original_sha, None, article.author)
    pieces = cut(text, "en", library.embedder.count_tokens)
    with library.writing():
        library.store.put(article.article_id, article.source, draft, "en", pieces, CUT_RECIPE, HTML.encode())
        library.catch_up()
    computed = len(embedded(library))
    assert [each.result for each in reread(library).articles] == ["updated"]
    assert library.store.article(article.article_id).published == "2026-03-20"
    assert len(embedded(library)) == computed


def _written(library: Library, name: str, content: bytes) -> Path:
    file = library.folder / name
    file.write_bytes(content)
    return file


def test_removed_articles_and_those_without_an_original_are_left_alone(library: Library) -> None:
    read_before(library, "a", "tide", WORDS.encode())
    read_before(library, "b", "moon", b"", "test-1")
    remove(library, ["a"])
    assert rereading.Reread(False, (), 0, 1) == reread(library, everything=True)
    with pytest.raises(UnknownArticle):
        reread(library, ["b", "a"])
    assert [each.reason for each in reread(library, ["b"]).articles] == ["its original was not kept"]


def test_what_cannot_be_read_is_a_line_and_the_rest_goes_on(library: Library) -> None:
    read_before(library, "a", "tide", b"\xff\xfe", "plain-0")
    read_before(library, "b", "tide two", b"tide three")
    read_before(library, "c", "tide four", b"tide five")
    read_before(library, "d", "tide six", b"%PDF-1.7 broken", "pdf-0")
    originals = library.store.originals
    originals.remove({sha_of(b"tide three")})
    done = {each.file: (each.result, each.reason or "") for each in reread(library).articles}
    assert {name: result for name, (result, _) in done.items()} == {
        "a": "refused",
        "b": "refused",
        "c": "updated",
        "d": "refused",
    }
    assert "missing or altered" in done["b"][1]
    assert all("\n" not in reason for _, reason in done.values())
    assert texts(library) == {"a": "tide", "b": "tide two", "c": "tide five", "d": "tide six"}
    assert {each.file for each in reread(library).articles} == {"a", "b", "d"}  # tried again


def test_an_article_that_was_changed_meanwhile_keeps_its_change(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between reading and storing another writer puts it, or removes it."""
    for name in ("a", "b"):
        read_before(library, name, "tide", WORDS.encode())
    found = library.store.articles()

    def changed_then(*_: object) -> tuple[list[Article], int]:
        read_before(library, "a", "The sun is newer.", b"The sun is newer.")
        remove(library, ["b"])
        return found, 0

    monkeypatch.setattr(rereading, "_chosen", changed_then)
    done = reread(library)
    assert [(each.result, each.reason) for each in done.articles] == [
        ("refused", "its article was changed meanwhile; try again")
    ] * 2
    assert texts(library) == {"a": "The sun is newer."}


def test_a_dry_run_changes_nothing(library: Library) -> None:
    read_before(library, "a", "tide", WORDS.encode())
    before = library.store.change()
    planned = dry_run(library)
    assert (planned.dry_run, [each.result for each in planned.articles]) == (True, ["read"])
    assert (library.store.change(), (library.folder / ALIKE).exists()) == (before, False)


# -- kills --------------------------------------------------------------------------------------------------------------

COUNT = 45


def rereading_process(library: Path) -> Forked:
    return Forked("tests.index.rereading", library)


def check_kills(folder: Path, rounds: int, seed: int) -> None:
    """Every third article reads otherwise than it did, but for one that cannot be read."""
    chance, in_the_middle = random.Random(seed), 0
    for number in range(rounds):
        place = folder / f"library {number}"
        told = folder / f"{place.name}.embedded"
        place.mkdir()
        with closing(Library(place, Telling(told), create=True)) as library:
            for each in range(COUNT):
                new = f"The moon of night {each} is cold."
                old, original = (
                    (new if each % 3 else f"The sun of {each}."),
                    new.encode() if each else b"\xff",
                )
                read_before(library, f"a{each:02}", old, original, title=new)
        told.unlink()
        for wait in (chance.uniform(0.0, 0.1), chance.uniform(0.0, 0.1)):
            with rereading_process(place) as process:
                process.stdout.readline()
                time.sleep(wait)
                process.kill()
            with closing(opened(place)) as library:
                library.catch_up_if_free()
                assert [fault for check in verify(library) for fault in check.faults] == []
                in_the_middle += (
                    1 < sum(revision == 2 for revision in revisions(library).values()) < COUNT // 3
                )
        with rereading_process(place) as process:
            process.stdout.readline()
            done = json.loads(process.stdout.read())
        assert [each["file"] for each in done["articles"] if each["result"] == "refused"] == ["a00"]
        with closing(opened(place)) as library:
            assert revisions(library) == {
                f"a{each:02}": 1 if each % 3 or not each else 2 for each in range(COUNT)
            }
        again = {int(line.split("night ")[1].split()[0]) for line in told.read_text().splitlines()}
        assert not any(each % 3 for each in again)  # what reads as it did is not embedded again
    assert in_the_middle or rounds < 4


def test_what_was_killed_goes_on(tmp_path: Path) -> None:
    check_kills(tmp_path, 2, seed=1)


@pytest.mark.slow
def test_what_was_killed_anywhere_goes_on(tmp_path: Path) -> None:
    check_kills(tmp_path, 12, seed=2)
