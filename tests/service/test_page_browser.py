"""The page in a real browser: what is seen, by keyboard, on a phone, in the dark; and its screenshots."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from citewell.index.library import Library
from tests.service.browser import DESKTOP, PHONE, SCREENSHOTS, barriers, chromium, focused, opened, served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

AMAZON = "How much is Amazon investing in OpenAI?"
ASKED = "/?q=How+much+is+Amazon+investing+in+OpenAI%3F"
UNKNOWN = "/?q=Who+painted+The+Night+Watch%3F"


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def home(browser: "Browser", bundled_library: Library) -> Iterator[str]:
    """The service over the bundled articles, with the real model and its calibration."""
    with served(bundled_library) as address:
        yield address


@pytest.fixture
def page(browser: "Browser", home: str) -> Iterator["Page"]:
    """One that must not have done anything wrong."""
    page, watched = opened(browser, home, permissions=["clipboard-read", "clipboard-write"])
    yield page
    page.context.close()
    assert watched.wrong == []


def titles(page: "Page") -> list[str]:
    return page.locator("#view li h2").all_inner_texts()


def ask_api(page: "Page", question: str = AMAZON) -> dict[str, Any]:
    found: dict[str, Any] = page.request.post("/v1/ask", data={"question": question}).json()
    return found


# -- asking -----------------------------------------------------------------------------------------------------


def test_by_keyboard_a_question_is_asked_and_an_article_opened_at_the_evidence(page: "Page") -> None:
    page.goto("/")
    page.locator("#view li").first.wait_for()
    page.keyboard.press("/")
    page.keyboard.type(AMAZON)
    page.keyboard.press("Enter")
    page.locator("mark").first.wait_for()
    assert page.url.endswith(ASKED)
    found = titles(page)
    for title in found[:2]:
        page.keyboard.press("ArrowDown")
        assert focused(page) == title
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    assert focused(page) == "question"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("/")
    assert focused(page) == "question"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.locator("article mark").wait_for()
    assert page.locator("mark").text_content() == ask_api(page)["citations"][0]["quote"]["text"]
    page.wait_for_function("scrollY > 0")
    box = page.locator("mark").bounding_box()
    assert box is not None
    assert 0 <= box["y"] <= DESKTOP["height"] - box["height"]
    page.go_back()
    page.locator("li mark").first.wait_for()
    assert titles(page) == found


def test_an_answer_shows_what_the_interface_says(page: "Page") -> None:
    page.goto(ASKED)
    page.locator("mark").first.wait_for()
    answer = ask_api(page)
    assert page.title() == f"{AMAZON} - citewell"
    assert f"confidence {round(100 * answer['confidence'])} %" in page.inner_text("#status")
    assert [mark.text_content() for mark in page.locator("mark").all()] == [
        found["quote"]["text"] for found in answer["citations"]
    ]
    first = answer["citations"][0]
    about = page.locator("li .about").first.inner_text()
    assert all(said in about for said in (first["article"]["published"], first["article"]["source"]))
    assert page.locator("mark").first.locator("em").count() == 1


def test_why_has_a_bar_for_each_part_that_is_as_long_as_the_part(page: "Page") -> None:
    page.goto(ASKED)
    page.get_by_text("Why", exact=True).first.click()
    explain = page.request.post("/v1/ask", data={"question": AMAZON, "explain": True}).json()["citations"][0]
    parts = [part for part in explain["explain"]["parts"].values() if part is not None]  # no reranker
    drawn = page.locator("li").first.locator("rect.part").all()
    widths = [float(bar.get_attribute("width") or "nan") for bar in drawn]
    assert widths == pytest.approx([100 * part for part in [*parts, explain["score"]]])
    assert page.locator("li").first.locator(".held").all_inner_texts() == [
        term["term"] for term in explain["explain"]["terms"] if term["held"]
    ]


def test_nothing_found_says_so_and_shows_the_near_misses(page: "Page") -> None:
    page.goto(UNKNOWN)
    page.locator("mark").first.wait_for()
    answer = ask_api(page, "Who painted The Night Watch?")
    assert page.inner_text("#status").startswith("No answer")
    assert page.inner_text(".reason") == answer["reason"]
    assert titles(page) == [found["article"]["title"] for found in answer["near_misses"]] != []


def test_filters_are_in_the_address_and_come_back_from_it(page: "Page", home: str) -> None:
    page.goto(ASKED)
    page.locator("mark").first.wait_for()
    before = titles(page)
    page.get_by_text("Filter").click()
    page.get_by_label("Published from").fill("2026-04")
    page.get_by_label("Published from").press("Enter")
    page.wait_for_url("**/*from=2026-04")
    page.get_by_text("pass the filter").wait_for()
    after = titles(page)
    assert after != before
    page.reload()
    page.get_by_text("pass the filter").wait_for()
    assert titles(page) == after
    assert page.get_by_label("Published from").input_value() == "2026-04"
    source = ask_api(page)["citations"][0]["article"]["source"]
    folder = source.rpartition("/")[0]
    assert page.locator(f'datalist option[value="{folder}"]').count() == 1
    page.get_by_label("Published from").fill("")
    page.get_by_label("Source").fill(source)
    page.get_by_label("Source").press("Enter")
    page.wait_for_url("**/*source=*")
    page.get_by_text("pass the filter").wait_for()
    page.wait_for_function("title => [...document.querySelectorAll('li h2')].every(h => h.textContent === title)",
                           arg=before[0])  # fmt: skip
    assert "from=" not in page.url


def test_a_long_list_of_articles_goes_on_until_all_are_there(page: "Page") -> None:
    """The service gives pages of three here, as it gives pages of a hundred."""
    page.route("**/v1/articles?cursor=*", lambda route: route.continue_(url=route.request.url + "&limit=3"))
    page.goto("/")
    page.get_by_text("More than 3 articles").wait_for()
    asked = page.get_by_role("button", name="More articles")
    while asked.count():
        before = page.locator("#view li").count()
        asked.click()
        page.locator("#view li").nth(before).wait_for()
        assert page.evaluate("document.activeElement.closest('li') !== null")
        page.wait_for_function("!document.querySelector('#view > button')?.disabled")
    every = page.request.get("/v1/articles").json()["articles"]
    assert titles(page) == [article["title"] for article in every]


def test_what_the_service_refuses_is_said(page: "Page") -> None:
    page.goto("/?q=chips&as_of=yesterday")
    assert "'yesterday' is no moment" in page.get_by_role("alert").inner_text()
    assert page.get_by_label("As known on").input_value() == "yesterday"


def test_what_comes_late_does_not_replace_what_was_asked_since(page: "Page") -> None:
    held: list[Any] = []
    page.route("**/v1/ask", lambda route: held.append(route) if not held else route.continue_())
    page.goto(UNKNOWN)
    page.wait_for_function("document.querySelector('#status').textContent === 'Asking'")
    page.fill("#question", AMAZON)
    page.keyboard.press("Enter")
    page.locator("mark").first.wait_for()
    with page.expect_response("**/v1/ask"):
        held[0].continue_()
    page.wait_for_timeout(100)
    assert "best first" in page.inner_text("#status")


# -- copying ----------------------------------------------------------------------------------------------------


def copied(page: "Page", kind: str) -> str:
    page.get_by_role("button", name=kind).first.click()
    page.get_by_text("Copied").wait_for()
    found: str = page.evaluate("navigator.clipboard.readText()")
    return found


def test_a_citation_is_copied_as_markdown_json_and_link(page: "Page") -> None:
    page.goto(ASKED)
    first = ask_api(page)["citations"][0]
    lines = copied(page, "Markdown").splitlines()
    assert lines[0] == f"> {first['quote']['text']}"
    assert lines[2].startswith(f"> [{first['article']['title']}](<http")
    said = json.loads(copied(page, "JSON"))
    assert (said["quote"], said["article"]) == (first["quote"], first["article"])
    verified = page.request.post("/v1/citations/verify", data=[said])
    assert verified.json()["valid"] is True
    page.goto(copied(page, "Link"))
    page.locator("article mark").wait_for()
    assert page.locator("mark").text_content() == first["quote"]["text"]


def test_without_a_clipboard_the_citation_is_there_to_be_copied(page: "Page") -> None:
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.goto(ASKED)
    page.get_by_role("button", name="Link").first.click()
    assert page.get_by_label("Citation", exact=True).input_value().startswith("http://127.0.0.1")


# -- for everybody ------------------------------------------------------------------------------------------------

VIEWS = {
    "asked": ASKED,
    "insufficient": UNKNOWN,
    "library": "/",
    "filtered": f"{ASKED}&from=2026-03",
    "why": ASKED,
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_every_state_is_accessible_fits_and_is_kept_as_a_picture(
    browser: "Browser", home: str, scheme: str, size: str
) -> None:
    page, watched = opened(
        browser, home, viewport=PHONE if size == "phone" else DESKTOP, color_scheme=scheme, reduced_motion="reduce"
    )  # fmt: skip
    for name in [*VIEWS, "article"]:
        if name == "article":
            page.locator("li h2 a").first.click()
            page.locator("article mark").wait_for()
        else:
            page.goto(VIEWS[name])
            page.locator("#view li").first.wait_for()
        if name == "why":
            page.locator(".why summary").first.click()
        page.wait_for_load_state("networkidle")
        page.screenshot(path=SCREENSHOTS / f"{name}-{size}-{scheme}.png")
        assert (name, barriers(page)) == (name, [])
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert watched.wrong == []
    page.context.close()
