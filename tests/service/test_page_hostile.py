"""Hostile articles in a real browser: nothing runs, everything is shown as text, and marks sit where they belong."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from citewell.index.library import Library
from citewell.service.app import create_app
from tests.fakes import WordEmbedder
from tests.service.browser import SCREENSHOTS, Watched, chromium, opened, served

if TYPE_CHECKING:
    from playwright.sync_api import Page

ATTACK = '<script>window.ran=1</script><img src=x onerror="window.ran=1"><svg onload=window.ran=1>'
LINKS = '<a href="javascript:window.ran=1">x</a> [x](javascript:window.ran=1) ]]> --> {{7*7}} ${7*7}'
BEFORE = {
    "emoji": "🐜🐝👩‍👩‍👧‍👦🇳🇱 and 𝔘𝔫𝔦𝔠𝔬𝔡𝔢",
    "combining": "e\u0301a\u0308 Z\u0351\u036b\u0343 ﷽",
    "right-to-left": "שלום עולם مرحبا بالعالم",
    "overrides": "\u202eevil\u202c \u2066isolated \u202b open \u200f",
    "zero-width": "a\u200bb\u200dc\ufeffd\u2060e\u00ad",
    "markup": ATTACK + LINKS,
    "entities": "&lt;b&gt; &amp; &#x3c;script&#x3e; \\x3cscript\\x3e",
}  # fmt: skip
EVIDENCE = "Beetles 🪲 eat «leaves» <b>now</b>."


@pytest.fixture(scope="module")
def hostile() -> dict[str, dict[str, Any]]:
    return {
        name: {
            "text": f"{text}\n\n{text}. {EVIDENCE} After it {text}.\n",
            "format": "plain",
            "title": f"{text} {ATTACK}",
            "author": ATTACK,
            "source": "javascript:window.ran=1"
            if name == "markup"
            else f"https://example.org/{ATTACK}/{name}",
            "language": "en",
        }
        for name, text in BEFORE.items()
    }


@pytest.fixture(scope="module")
def seen(
    tmp_path_factory: pytest.TempPathFactory, hostile: dict[str, Any]
) -> Iterator[tuple["Page", Watched]]:
    library = Library(tmp_path_factory.mktemp("hostile"), WordEmbedder("beetles", "leaves"), create=True)
    with chromium() as browser:
        with TestClient(create_app(library), base_url="http://localhost") as client:
            for name, article in hostile.items():
                assert client.put(f"/v1/articles/{name}", json=article).status_code == 201
        with served(library) as home:
            page, watched = opened(browser, home)
            yield page, watched
            page.context.close()
    library.close()


def nothing_ran(page: "Page", watched: Watched) -> bool:
    hidden = "#view script, #view img, #view svg[onload], #view b, a[href^='javascript:' i]"
    return (
        page.evaluate("window.ran") is None
        and page.locator(hidden).count() == 0
        and not page.evaluate(
            "[...document.all].some(e => e.getAttributeNames().some(n => n.startsWith('on')))"
        )
        and watched.wrong == []
    )


def around_the_mark(page: "Page", inside: str) -> tuple[str, str]:
    """The text before the mark, and in it."""
    mark = page.locator(f"{inside} mark")
    return mark.evaluate("m => m.previousSibling.textContent"), mark.text_content() or ""


def test_a_word_that_was_read_as_another_is_shown_as_text(seen: tuple["Page", Watched]) -> None:
    page, watched = seen
    page.goto(f"/?q={quote('<b>Betles</b>')}")
    page.locator("li mark").first.wait_for()
    said = "“betles” is not in the library; read as “beetles”"
    assert page.get_by_text(said, exact=True).count() == 1
    assert nothing_ran(page, watched)


@pytest.mark.parametrize("name", BEFORE)
def test_the_mark_is_where_the_quote_is_and_nothing_runs(
    seen: tuple["Page", Watched], hostile: dict[str, Any], name: str
) -> None:
    page, watched = seen
    source = hostile[name]["source"]
    page.goto(f"/?q=Beetles&source={quote(source)}")
    page.locator("li mark").wait_for()
    body = {"question": "Beetles", "filter": {"sources": [source]}}
    (found,) = page.request.post("/v1/ask", data=body).json()["citations"]
    assert "Beetles 🪲 eat" in found["quote"]["text"]
    passage, start = found["passage"], found["quote"]["start"]
    before, marked = around_the_mark(page, "li")
    assert marked == found["quote"]["text"]
    assert before == passage["text"][: start - passage["start"]].lstrip()
    assert page.locator("li h2").text_content() == found["article"]["title"]
    page.get_by_text("Why", exact=True).click()
    assert nothing_ran(page, watched)

    page.locator("li h2 a").click()
    page.locator("article mark").wait_for()
    text = page.request.get(f"/v1/articles/{name}").json()["text"]
    assert around_the_mark(page, "article") == (text[:start], found["quote"]["text"])
    assert page.locator("article > .text").text_content() == text
    assert page.evaluate("document.querySelector('mark em')?.textContent ?? ''") in found["quote"]["text"]
    assert nothing_ran(page, watched)


def test_directions_of_one_title_do_not_turn_what_stands_beside_it(seen: tuple["Page", Watched]) -> None:
    page, watched = seen
    page.goto("/")
    page.locator("#view li").first.wait_for()
    page.get_by_text("Filter").click()
    assert page.locator("#view li").count() == len(BEFORE)
    isolated = "[...document.querySelectorAll('#view bdi, #view h2')].every(e => getComputedStyle(e).unicodeBidi === 'isolate')"
    assert page.evaluate(isolated)
    page.screenshot(path=SCREENSHOTS / "hostile.png", full_page=True)
    assert nothing_ran(page, watched)


@pytest.mark.parametrize(
    "parameter", ["q", "article", "article=emoji&revision", "q=Beetles&source", "q=x&as_of"]
)
def test_an_address_made_by_others_runs_nothing(seen: tuple["Page", Watched], parameter: str) -> None:
    page, watched = seen
    page.goto(f"/?{parameter}={quote(ATTACK + LINKS)}")
    page.wait_for_load_state("networkidle")
    assert page.locator("#view > *").count() > 0
    assert nothing_ran(page, watched)


def test_the_policy_stops_what_would_get_past_the_page(seen: tuple["Page", Watched]) -> None:
    page, watched = seen
    page.goto("/")
    page.locator("#view li").first.wait_for()
    page.evaluate(
        "html => { document.body.append(document.createRange().createContextualFragment(html)) }",
        '<a id="trap" href="javascript:window.ran=1">x</a>' + ATTACK,
    )
    page.evaluate("document.getElementById('trap').click()")
    page.wait_for_timeout(100)
    assert page.evaluate("window.ran") is None
    assert [said for said in watched.wrong if "Content Security Policy" in said] != []
    watched.wrong.clear()
