"""The page over a library that begins empty: what it says then, files that are dropped or chosen, revisions, keys."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from citewell.index.library import Library
from citewell.service.keys import Keys
from tests.fakes import WordEmbedder
from tests.service.browser import SCREENSHOTS, Watched, barriers, chromium, focused, opened, served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

MOTHS = {"name": "moths.md", "text": "# Moths\n\nMoths fly at night.\n"}


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    with chromium() as started:
        yield started


@pytest.fixture
def own(browser: "Browser", tmp_path: Path) -> Iterator[tuple["Page", Watched, Library]]:
    """Over an empty library that the test may write to."""
    library = Library(tmp_path, WordEmbedder("moths", "night"), create=True)
    with served(library) as address:
        page, watched = opened(browser, address)
        yield page, watched, library
        page.context.close()
    library.close()


def drop(page: "Page", *files: dict[str, str]) -> None:
    transfer = page.evaluate_handle(
        "files => { const all = new DataTransfer(); for (const { name, text } of files) "
        "all.items.add(new File([text], name)); return all; }",
        files,
    )
    page.dispatch_event("body", "drop", {"dataTransfer": transfer})


def test_an_empty_library_says_what_to_do_and_files_that_are_dropped_fill_it(own: tuple[Any, ...]) -> None:
    page, watched, library = own
    page.goto("/")
    page.get_by_text("The library is empty").wait_for()
    assert "citewell add" in page.inner_text("#view")
    page.screenshot(path=SCREENSHOTS / "empty.png")
    assert barriers(page) == []
    drop(page, MOTHS, {"name": "picture.png", "text": "x"}, {"name": "moths.txt", "text": "Moths."})
    page.get_by_text("1 added, 2 refused").wait_for()
    assert page.locator("#adding li").all_inner_texts() == [
        "picture.png: only text (.md, .txt) can be added here; for other formats run citewell add",
        "moths.txt: another file has the id moths, too",
    ]
    page.get_by_role("link", name="Moths").wait_for()
    page.screenshot(path=SCREENSHOTS / "added.png")
    assert barriers(page) == []
    assert library.store.article("moths").title == "Moths"
    assert watched.wrong == []


def test_a_question_to_an_empty_library_says_what_to_do_and_one_that_is_filtered_away_why(
    own: tuple[Any, ...],
) -> None:
    page, watched, _ = own
    page.request.put("/v1/articles/moths", data={"text": "Moths fly at night."})
    page.goto("/?q=Moths&from=2026")
    page.locator(".reason").wait_for()
    assert "0 of 1 passages pass the filter" in page.inner_text("#status")
    page.request.delete("/v1/articles/moths")
    page.goto("/?q=Moths")
    page.get_by_text("The library is empty").wait_for()
    page.goto("/?article=moths&revision=1")
    page.get_by_text("The article was removed.").wait_for()
    assert watched.wrong == []


def test_a_file_that_is_chosen_again_is_a_revision_and_the_former_one_can_be_read(
    own: tuple[Any, ...],
) -> None:
    page, watched, _ = own
    page.goto("/")
    for text in ("Moths fly at night.", "Moths fly by day."):
        file = {"name": "moths.txt", "mimeType": "text/plain", "buffer": text.encode()}
        page.get_by_label("Add text files").set_input_files(file)
        page.get_by_text("1 added" if "night" in text else "1 updated").wait_for()
    page.locator("#view li a").click()
    page.get_by_text("2 revisions").click()
    page.get_by_role("link", name="1 · 20").click()
    page.get_by_text("A former revision.").wait_for()
    page.get_by_text("2 revisions").click()
    page.get_by_role("link", name="2 · 20").wait_for()
    page.screenshot(path=SCREENSHOTS / "revisions.png")
    assert page.locator("article > .text").inner_text() == "Moths fly at night."
    page.get_by_role("link", name="Show the newest").click()
    page.get_by_text("A former revision.").wait_for(state="detached")
    assert page.locator("article > .text").inner_text() == "Moths fly by day."
    assert watched.wrong == []


def test_a_key_is_asked_for_and_only_one_that_may_write_adds(own: tuple[Any, ...]) -> None:
    page, _, library = own
    keys = Keys(library.folder)
    (_, reading), (_, writing) = keys.create("reads", ["read"]), keys.create("writes", ["read", "write"])
    for token in ("wrong", reading, writing):
        page.goto("/")
        page.evaluate("sessionStorage.clear()")
        page.reload()
        page.get_by_label("Key").fill(token)
        assert barriers(page) == []
        with page.expect_response(lambda r: "/v1/articles" in r.url):
            page.get_by_role("button", name="Use this key").click()
        if token == "wrong":
            page.get_by_text("The key is not valid.").wait_for()
            continue
        page.get_by_text("The library is empty").wait_for()
        page.wait_for_load_state("networkidle")
        assert page.get_by_label("Add text files").is_visible() == (token == writing)
    drop(page, MOTHS)
    page.get_by_text("1 added").wait_for()


def use(page: "Page", token: str) -> None:
    page.get_by_label("Key", exact=True).fill(token)
    page.get_by_role("button", name="Use this key").click()


def test_a_key_that_may_not_read_is_no_dead_end(own: tuple[Any, ...]) -> None:
    page, watched, library = own
    keys = Keys(library.folder)
    (_, blind), (_, reading) = keys.create("only writes", ["write"]), keys.create("reads", ["read"])
    page.goto("/")
    page.get_by_text("This library asks for a key.").wait_for()
    use(page, blind)
    page.get_by_text("The key lacks the scope read").wait_for()
    assert focused(page) == ""  # the field for another
    assert barriers(page) == []
    page.screenshot(path=SCREENSHOTS / "key-refused.png")
    use(page, reading)
    page.get_by_text("The library is empty").wait_for()
    assert page.get_by_label("Key", exact=True).count() == 0
    assert watched.wrong == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1000, 375])
def test_a_key_is_changed_by_keyboard_for_one_that_may_do_more(
    own: tuple[Any, ...], scheme: str, width: int
) -> None:
    page, watched, library = own
    keys = Keys(library.folder)
    (_, reading), (_, writing) = keys.create("reads", ["read"]), keys.create("writes", ["read", "write"])
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    page.goto("/")
    use(page, reading)
    page.get_by_text("Your key may read.").wait_for()
    page.screenshot(path=SCREENSHOTS / f"key-{width}-{scheme}.png")
    assert barriers(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    another = page.get_by_role("button", name="Another key")
    for _ in range(20):
        page.keyboard.press("Tab")
        if focused(page) == "Another key":
            break
    page.keyboard.press("Enter")
    another.wait_for(state="hidden")
    page.keyboard.type(writing)  # into the field, which has the focus
    page.screenshot(path=SCREENSHOTS / f"key-another-{width}-{scheme}.png")
    assert barriers(page) == []
    page.keyboard.press("Enter")
    page.get_by_text("Your key may read and add articles.").wait_for()
    assert page.get_by_label("Add text files").is_visible()
    page.screenshot(path=SCREENSHOTS / f"key-writes-{width}-{scheme}.png")
    assert watched.wrong == []


def test_without_a_key_there_is_none_to_change(own: tuple[Any, ...]) -> None:
    page, _, _ = own
    page.goto("/")
    page.get_by_label("Add text files").wait_for()
    assert page.get_by_role("button", name="Another key").is_hidden()
