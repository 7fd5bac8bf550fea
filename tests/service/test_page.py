"""The page at /: everything from this server, nothing inline, and no text ever taken for markup."""

import re
from importlib.resources import files

import pytest
from starlette.testclient import TestClient

from tests.service.test_openapi import References, is_local

NAMES = sorted(entry.name for entry in (files("citewell.service") / "page").iterdir())
MODULES = [f"/page/{name}" for name in NAMES if name.endswith(".js")]
ASSETS = ["/page/page.css", *MODULES]


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
    assert {"/page/page.css", "/page/page.js"} <= set(addresses)
    assert [address for address in addresses if not is_local(address)] == []
    assert {address: client.get(address).status_code for address in addresses} == dict.fromkeys(
        addresses, 200
    )


def test_the_page_has_nothing_inline_that_its_policy_would_stop(client: TestClient) -> None:
    assert References(client.get("/").text).inline == []


def scripts(client: TestClient) -> str:
    return "\n".join(client.get(module).text for module in MODULES)


@pytest.mark.parametrize("asset", ASSETS)
def test_an_asset_loads_nothing_from_elsewhere_and_is_asked_for_again(client: TestClient, asset: str) -> None:
    """Asked for again, so that modules of two versions never meet."""
    response = client.get(asset)
    kind = "text/css" if asset.endswith(".css") else "text/javascript"
    assert response.headers["content-type"].startswith(kind)
    assert response.headers["cache-control"] == "no-cache"
    loaded = response.text.replace("http://www.w3.org/2000/svg", "")  # a name, which nothing is fetched from
    assert re.findall(r"https?:/?/?\w|[\"'(]//\w|@import|\burl\(|\bimport\(", loaded) == []
    assert set(re.findall(r'\bfrom "(.+?)"', response.text)) <= {f"./{name}" for name in NAMES}


def test_every_module_is_reached_from_the_page(client: TestClient) -> None:
    imported = set(re.findall(r'\bfrom "\./(.+?)"', scripts(client)))
    assert {f"/page/{name}" for name in imported} | {"/page/page.js"} == set(MODULES)


def test_the_scripts_put_text_on_the_page_as_text_only(client: TestClient) -> None:
    taboo = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|setHTML|srcdoc|eval\(|Function\("
    assert re.findall(taboo, scripts(client)) == []
    assert re.findall(r"createElement|textContent", scripts(client)) != []


def test_the_scripts_count_offsets_in_code_points(client: TestClient) -> None:
    """A JavaScript string counts UTF-16 units, an answer code points."""
    assert "Array.from(" in scripts(client)
    assert re.findall(r"\.(?:substring|substr|charAt)\(|text\.slice\(", scripts(client)) == []


def test_the_scripts_find_the_elements_that_they_ask_for(client: TestClient) -> None:
    ids = References(client.get("/").text).ids
    assert set(re.findall(r'getElementById\("(\w+)"\)', scripts(client))) <= ids


def test_the_scripts_call_routes_that_there_are(client: TestClient) -> None:
    called = set(re.findall(r"[\"`](/v1/[a-z]+)", scripts(client)))
    paths = {"/".join(path.split("/")[:3]) for path in client.get("/openapi.json").json()["paths"]}
    assert called - paths == set() != called
