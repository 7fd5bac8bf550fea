"""The page at /: everything from this server, nothing inline, and no text ever taken for markup."""

import re

import pytest
from starlette.testclient import TestClient

from tests.service.test_openapi import References, is_local

ASSETS = ["/page/page.css", "/page/page.js"]


def policy(client: TestClient) -> dict[str, list[str]]:
    said = client.get("/").headers["content-security-policy"]
    return {name: values for name, *values in (directive.split() for directive in said.split(";"))}


def test_the_content_security_policy_allows_this_server_alone(client: TestClient) -> None:
    found = policy(client)
    assert found["default-src"] == ["'none'"]
    assert [found[name] for name in ("script-src", "style-src", "connect-src")] == [["'self'"]] * 3
    assert [found[name] for name in ("base-uri", "frame-ancestors")] == [["'none'"]] * 2
    allowed = {value for values in found.values() for value in values}
    assert allowed <= {"'self'", "'none'", "data:"}


def test_the_page_may_not_be_sniffed_and_sends_no_referrer(client: TestClient) -> None:
    headers = client.get("/").headers
    assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "no-referrer")
    assert headers["content-type"] == "text/html; charset=utf-8"


def test_everything_that_the_page_refers_to_is_served_here(client: TestClient) -> None:
    addresses = [a for a in References(client.get("/").text).addresses if a != "data:,"]
    assert set(ASSETS) <= set(addresses)
    assert [address for address in addresses if not is_local(address)] == []
    assert {address: client.get(address).status_code for address in addresses} == dict.fromkeys(
        addresses, 200
    )


def test_the_page_has_nothing_inline_that_its_policy_would_stop(client: TestClient) -> None:
    assert References(client.get("/").text).inline == []


@pytest.mark.parametrize(
    ("asset", "kind"), [("/page/page.css", "text/css"), ("/page/page.js", "text/javascript")]
)
def test_an_asset_loads_nothing_from_elsewhere(client: TestClient, asset: str, kind: str) -> None:
    response = client.get(asset)
    assert response.headers["content-type"].startswith(kind)
    assert re.findall(r"https?:|[\"'(]//\w|@import|\burl\(|\bimport\b", response.text) == []


def test_the_script_puts_text_on_the_page_as_text_only(client: TestClient) -> None:
    script = client.get("/page/page.js").text
    taboo = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|setHTML|srcdoc|eval\(|Function\("
    assert re.findall(taboo, script) == []
    assert re.findall(r"createElement|textContent", script) != []


def test_the_script_counts_offsets_in_code_points(client: TestClient) -> None:
    """A JavaScript string counts UTF-16 units, an answer code points."""
    script = client.get("/page/page.js").text
    assert "Array.from(" in script
    assert re.findall(r"\.(?:substring|substr|charAt)\(|text\.slice\(", script) == []


def test_the_script_finds_the_elements_that_it_asks_for(client: TestClient) -> None:
    ids = References(client.get("/").text).ids
    script = client.get("/page/page.js").text
    made = set(re.findall(r'\bid: "(\w+)"', script))
    assert set(re.findall(r'getElementById\("(\w+)"\)', script)) - made <= ids


def test_the_script_calls_routes_that_there_are(client: TestClient) -> None:
    called = set(re.findall(r"[\"`](/v1/[a-z]+)", client.get("/page/page.js").text))
    paths = {"/".join(path.split("/")[:3]) for path in client.get("/openapi.json").json()["paths"]}
    assert called - paths == set() != called
