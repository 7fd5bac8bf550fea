"""A real Chromium over a service in this process; without one the tests that need it are skipped, and say so."""

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import uvicorn

from citewell.index.library import Library
from citewell.service.app import create_app

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, Route

SCREENSHOTS = Path(__file__).parents[2] / "reports" / "page"  # ignored by git; CI keeps them
DESKTOP, PHONE = {"width": 1000, "height": 800}, {"width": 390, "height": 844}


@contextmanager
def chromium() -> Iterator["Browser"]:
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    if (program := shutil.which("chromium")) is None:
        pytest.skip("there is no chromium: apt-get install chromium")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=program)
        yield browser
        browser.close()


@contextmanager
def served(library: Library) -> Iterator[str]:
    """The service's address."""
    config = uvicorn.Config(create_app(library), port=0, ws="none", log_config=None, lifespan="on")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


class Watched:
    """What a page did that it should not: errors, dialogs, and requests to others. The last are not let out."""

    def __init__(self, page: "Page", home: str) -> None:
        self.wrong: list[str] = []
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("console", self._heard)
        page.on("dialog", self._asked)
        page.route(lambda url: not url.startswith((home, "data:")), self._outside)

    def _heard(self, said: "ConsoleMessage") -> None:
        refused = "the server responded with a status of"  # which the page shows itself
        if said.type in ("error", "warning") and refused not in said.text:
            self.wrong.append(said.text)

    def _asked(self, dialog: "Dialog") -> None:
        self.wrong.append(dialog.message)
        dialog.dismiss()

    def _outside(self, route: "Route") -> None:
        self.wrong.append(route.request.url)
        route.abort()


def opened(browser: "Browser", home: str, **options: object) -> "tuple[Page, Watched]":
    """A page of its own that is at no address yet; addresses are relative to the service's."""
    context = browser.new_context(base_url=home, **{"viewport": DESKTOP, **options})  # type: ignore[arg-type]
    context.set_default_timeout(60_000)
    page = context.new_page()
    return page, Watched(page, home)


def focused(page: "Page") -> str:
    """The text of what has the focus, or the id of a field."""
    found: str = page.evaluate("document.activeElement.id || document.activeElement.textContent")
    return found


def barriers(page: "Page") -> list[tuple[str, list[str]]]:
    """What axe finds, serious or not: the rule, and the elements."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    found = axe.run(page).response["violations"]
    return [(each["id"], [node["html"] for node in each["nodes"]]) for each in found]
