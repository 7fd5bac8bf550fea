"""Articles and passages over HTTP."""

from itertools import pairwise
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from citewell.corpus.passages import whole
from citewell.index.library import Library
from citewell.index.purge import purge
from citewell.index.writing import add, remove
from tests.service.conftest import ARTICLES, client_of, write
from tests.service.contracts import problem

SUMMARY = (
    "id", "title", "source", "author", "published", "language", "metadata", "revision", "version", "recorded_at",
)  # fmt: skip


def test_articles_are_listed_by_id_with_what_they_say_of_themselves(client: TestClient) -> None:
    page = client.get("/v1/articles").json()
    assert list(page) == ["articles", "next"]
    assert [tuple(article) for article in page["articles"]] == [SUMMARY] * 3
    assert [(article["id"], article["title"]) for article in page["articles"]] == [
        ("ants", "Ants at work"),
        ("bees", "Bees"),
        ("wasps", "Wasps"),
    ]
    ants = page["articles"][0]
    assert [ants[name] for name in ("author", "published", "language", "metadata", "revision")] == [
        "A. Nt", "2026-03-20", "en", {"url": "https://example.org/ants"}, 1,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("limit", "pages"),
    [
        (1, [["ants"], ["bees"], ["wasps"]]),
        (2, [["ants", "bees"], ["wasps"]]),
        (3, [["ants", "bees", "wasps"]]),
        (1000, [["ants", "bees", "wasps"]]),
    ],
)
def test_the_cursor_of_a_page_leads_to_the_next_until_there_is_none(
    client: TestClient, limit: int, pages: list[list[str]]
) -> None:
    found, cursor = [], ""
    while cursor is not None:
        page = client.get("/v1/articles", params={"limit": limit, "cursor": cursor}).json()
        found.append([article["id"] for article in page["articles"]])
        cursor = page["next"]
    assert found == pages


@pytest.mark.parametrize(
    ("cursor", "expected"),
    [
        ("b", ["bees", "wasps"]),
        ("bees", ["wasps"]),
        ("zebras", []),
        ("\0", ["ants", "bees", "wasps"]),
        ("ÿ", []),
    ],
    ids=["between two", "an article", "behind all", "NUL", "not ASCII"],
)
def test_a_cursor_need_not_be_an_article(client: TestClient, cursor: str, expected: list[str]) -> None:
    page = client.get("/v1/articles", params={"cursor": cursor}).json()
    assert ([article["id"] for article in page["articles"]], page["next"]) == (expected, None)


def test_a_removed_article_is_not_listed(library: Library) -> None:
    remove(library, ["bees"])
    page = client_of(library).get("/v1/articles").json()
    assert [article["id"] for article in page["articles"]] == ["ants", "wasps"]


def test_an_article_is_given_with_its_text_and_how_it_was_cut(client: TestClient) -> None:
    given = client.get("/v1/articles/ants").json()
    listed = client.get("/v1/articles").json()["articles"][0]
    sha = given["article"]["version"]
    assert list(given) == ["article", "text", "passages", "excluded"]
    assert given["article"] == listed
    assert given["text"] == ARTICLES["ants"].partition("en\n---\n")[2]
    assert given["passages"] == [{"id": f"ants.{sha[:12]}.0-57", "start": 0, "end": 57, "heading": "Nests"}]
    assert given["excluded"] == [{"start": 57, "end": 85, "rule": "subscription"}]


def test_passages_and_excluded_spans_tile_the_text(bundled_library: Library) -> None:
    client = client_of(bundled_library)
    listed = client.get("/v1/articles").json()["articles"]
    assert len(listed) == 5
    for article in listed:
        given = client.get(f"/v1/articles/{article['id']}").json()
        parts = sorted((part["start"], part["end"]) for part in given["passages"] + given["excluded"])
        assert (parts[0][0], parts[-1][1]) == (0, len(given["text"]))
        assert all(before[1] == after[0] for before, after in pairwise(parts))


# -- passages -------------------------------------------------------------------------------------------------


GONE = {"state": "gone", "version": None, "start": None, "end": None, "text": None, "similarity": None}


def passage_id(client: TestClient, article: str) -> str:
    return str(client.get(f"/v1/articles/{article}").json()["passages"][0]["id"])


def test_a_passage_is_found_by_its_id(client: TestClient) -> None:
    name = passage_id(client, "bees")
    given = client.get(f"/v1/passages/{name}").json()
    assert list(given) == ["article", "passage", "current", "links", "now"]
    assert given["passage"] == {
        "id": name, "start": 0, "end": 29, "heading": None, "pages": [], "text": "Bees make honey. Bees dance.\n",
    }  # fmt: skip
    assert given["current"] is True
    assert (given["article"]["id"], given["article"]["revision"]) == ("bees", 1)
    assert given["links"] == {
        "passage": f"/v1/passages/{name}",
        "article": "/v1/articles/bees",
        "source": None,
        "quote": None,
    }
    assert given["now"] == {
        "state": "exact", "version": given["article"]["version"], "start": 0, "end": 29,
        "text": "Bees make honey. Bees dance.\n", "similarity": 1.0,
    }  # fmt: skip


def test_any_span_of_a_text_has_a_name_that_resolves(client: TestClient) -> None:
    """So that a citation made by hand, or by another way of cutting, can be checked."""
    name = passage_id(client, "bees").replace("0-29", "5-15")
    given = client.get(f"/v1/passages/{name}").json()
    assert (given["passage"]["text"], given["passage"]["heading"]) == ("make honey", None)


def test_a_passage_resolves_after_its_article_was_updated(library: Library, tmp_path: Path) -> None:
    client = client_of(library)
    name = passage_id(client, "bees")
    before = client.get(f"/v1/passages/{name}").json()
    add(library, [write(tmp_path, "bees", ARTICLES["bees"].replace("Bees dance.", "Bees rest."))])
    newest = client.get(f"/v1/passages/{passage_id(client, 'bees')}").json()["article"]
    now = {
        "state": "changed", "version": newest["version"], "start": 0, "end": 27,
        "text": "Bees make honey. Bees rest.", "similarity": 0.8,
    }  # fmt: skip
    assert client.get(f"/v1/passages/{name}").json() == {**before, "current": False, "now": now}
    assert newest["revision"] == 2


def test_a_passage_is_current_again_when_its_text_is(library: Library, tmp_path: Path) -> None:
    client = client_of(library)
    name = passage_id(client, "bees")
    add(library, [write(tmp_path, "bees", ARTICLES["bees"].replace("Bees dance.", "Bees rest."))])
    add(library, [write(tmp_path, "bees", ARTICLES["bees"])])
    given = client.get(f"/v1/passages/{name}").json()
    assert (given["current"], given["article"]["revision"]) == (True, 3)


def test_a_passage_resolves_after_its_article_was_removed(library: Library) -> None:
    client = client_of(library)
    name = passage_id(client, "bees")
    before = client.get(f"/v1/passages/{name}").json()
    remove(library, ["bees"])
    assert client.get(f"/v1/passages/{name}").json() == {**before, "current": False, "now": GONE}
    problem(client.get("/v1/articles/bees"), 404, "UnknownArticle")


@pytest.mark.parametrize(
    ("edited", "state", "text", "similarity"),
    [
        ("Bees make honey. Bees sleep.", "exact", "make honey", 1.0),
        ("In summer bees make honey.", "moved", "make honey", 1.0),
        ("Bees made wax. They make some honey.", "changed", "make some honey.", 0.666667),
        ("Bees dance.", "gone", None, None),
    ],
)
def test_a_passage_says_what_it_reads_now(
    library: Library, tmp_path: Path, edited: str, state: str, text: str | None, similarity: float | None
) -> None:
    client = client_of(library)
    name = passage_id(client, "bees").replace("0-29", "5-15")
    add(library, [write(tmp_path, "bees", ARTICLES["bees"].replace("Bees make honey. Bees dance.", edited))])
    given = client.get(f"/v1/passages/{name}").json()
    newest = client.get("/v1/articles/bees").json()
    now = given["now"]
    assert (given["passage"]["text"], given["current"]) == ("make honey", False)
    assert (now["state"], now["text"], now["similarity"]) == (state, text, similarity)
    assert now["version"] == newest["article"]["version"]
    assert text is None or newest["text"][now["start"] : now["end"]] == text


def test_a_passage_of_an_older_cut_resolves(library: Library) -> None:
    """The id says where it stands; how the text is cut now does not matter."""
    client = client_of(library)
    name = passage_id(client, "bees")
    sha = library.store.article("bees").text_sha
    library.store.recut(sha, whole("Bees make honey. Bees dance.\n"[:16], "en"), "another")
    given = client.get(f"/v1/passages/{name}").json()
    assert (given["passage"]["text"], given["now"]["state"]) == ("Bees make honey. Bees dance.\n", "exact")


def test_a_passage_of_a_purged_article_is_a_404(library: Library) -> None:
    client = client_of(library)
    name = passage_id(client, "bees")
    purge(library, ["bees"])
    problem(client.get(f"/v1/passages/{name}"), 404, "UnknownPassage")


# -- names that stand for nothing -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("nothing", id="no such id"),
        pytest.param("ANTS", id="another case"),
        pytest.param("%20ants", id="blank before it"),
        pytest.param("ants.", id="dot behind it"),
        pytest.param("%00", id="NUL"),
        pytest.param("ants%00", id="NUL behind it"),
        pytest.param("%ff", id="not UTF-8"),
        pytest.param("%ed%a0%80", id="a surrogate"),
        pytest.param("%F0%9F%90%9C", id="an ant"),
        pytest.param("' OR 1=1 --", id="SQL"),
        pytest.param("x" * 5000, id="5,000 characters"),
    ],
)
def test_an_unknown_article_is_a_404(client: TestClient, name: str) -> None:
    detail = problem(client.get(f"/v1/articles/{name}"), 404, "UnknownArticle")
    assert detail.endswith("GET /v1/articles lists those that are there.")


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("nothing", id="a word"),
        pytest.param("bees", id="article alone"),
        pytest.param("bees.SHA", id="no span"),
        pytest.param("bees.SHA.", id="empty span"),
        pytest.param("bees.SHA.0", id="no end"),
        pytest.param("bees.SHA.0-", id="empty end"),
        pytest.param("bees.SHA.-29", id="empty start"),
        pytest.param("bees.SHA.-", id="hyphen alone"),
        pytest.param("bees.SHA.-5-29", id="negative start"),
        pytest.param("bees.SHA.0--29", id="negative end"),
        pytest.param("bees.SHA.0-10-20", id="three numbers"),
        pytest.param("bees.SHA.0-or-29", id="a word between"),
        pytest.param("-0-29.SHA.0-29", id="hyphens in the article"),
        pytest.param("bees.SHA.10-5", id="end before start"),
        pytest.param("bees.SHA.5-5", id="empty"),
        pytest.param("bees.SHA.0-30", id="one past the end"),
        pytest.param("bees.SHA.29-30", id="past the end"),
        pytest.param(f"bees.SHA.0-{2**63}", id="more than 64 bits"),
        pytest.param(f"bees.SHA.{2**64}-{2**65}", id="both more than 64 bits"),
        pytest.param("bees.SHA.0-" + "9" * 5000, id="5,000 digits"),
        pytest.param("bees.SHA." + "0" * 5000 + "-29", id="5,000 zeros"),
        pytest.param("bees.SHA.00-029", id="zeros before the numbers: a passage has one name"),
        pytest.param("bees.SHA.+0-29", id="sign"),
        pytest.param("bees.SHA.%200-29", id="blank"),
        pytest.param("bees.SHA.0-29%0A", id="line end"),
        pytest.param("bees.SHA.0-2_9", id="underscore"),
        pytest.param("bees.SHA.0-0x1d", id="hexadecimal"),
        pytest.param("bees.SHA.0-2e1", id="exponent"),
        pytest.param("bees.SHA.0.0-29.0", id="fractions"),
        pytest.param("bees.SHA.٠-٢٩", id="Arabic digits"),
        pytest.param("bees.SHA.0-²", id="superscript digit"),
        pytest.param("bees.SHA.0–29", id="dash for hyphen"),
        pytest.param("bees.SHA.0-29.", id="dot behind it"),
        pytest.param(".SHA.0-29", id="no article"),
        pytest.param("wasps.SHA.0-27", id="the text of another article"),
        pytest.param("nothing.SHA.0-29", id="unknown article"),
        pytest.param("bees..0-29", id="no SHA"),
        pytest.param("bees.SHORT.0-29", id="a shorter SHA"),
        pytest.param("bees.LONG.0-29", id="the whole SHA"),
        pytest.param("bees.UPPER.0-29", id="SHA in capitals"),
        pytest.param("bees.000000000000.0-29", id="unknown SHA"),
        pytest.param("bees.____________.0-29", id="wildcards for a SHA"),
        pytest.param("%00.SHA.0-29", id="NUL"),
        pytest.param("bees.SHA.0-29%00", id="NUL behind it"),
        pytest.param("%ed%a0%80.SHA.0-29", id="a surrogate"),
    ],
)
def test_an_unknown_or_malformed_passage_id_is_a_404(client: TestClient, name: str) -> None:
    sha = client.get("/v1/articles/bees").json()["article"]["version"]
    for mark, real in (("SHA", sha[:12]), ("SHORT", sha[:11]), ("LONG", sha), ("UPPER", sha[:12].upper())):
        name = name.replace(mark, real)
    detail = problem(client.get(f"/v1/passages/{name}"), 404, "UnknownPassage")
    assert detail.endswith("An id reads ARTICLE.TEXTSHA12.START-END, as in a citation.")
