"""Earlier moments over HTTP and on the command line."""

import json
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from citewell.corpus.store import Store
from citewell.corpus.timeline import moment
from citewell.index.folder import STORE
from citewell.index.library import Library
from citewell.index.onnx_embedder import OnnxEmbedder
from citewell.index.writing import add, remove
from tests.service.command import citewell
from tests.service.conftest import client_of, write
from tests.service.contracts import ANSWER, AS_OF, SEARCH_RESULT, keys, keys_of, problem, untimed

BEES = "---\nid: bees\ntitle: Bees\nlanguage: en\n---\nBees make no honey in winter.\n"


@pytest.fixture
def earlier(library: Library) -> str:
    """A moment; an hour later bees are changed, wasps are removed and termites added."""
    began = library.store.article("bees").recorded_at
    then = datetime.fromisoformat(began)
    library.store.clock = lambda: then + timedelta(hours=1)
    folder = Path(library.store.article("bees").source).parent
    add(
        library,
        [
            write(folder, "bees", BEES),
            write(folder, "termites", "---\nid: termites\n---\nTermites eat nests.\n"),
        ],
    )
    remove(library, ["wasps"])
    return moment(then + timedelta(minutes=1))


def test_an_answer_is_of_the_moment_that_was_asked_for(library: Library, earlier: str) -> None:
    client = client_of(library)
    asked = {"question": "Who makes honey and nests?", "k": 9}
    then = client.post("/v1/ask", json={**asked, "as_of": earlier}).json()
    now = client.post("/v1/ask", json={**asked, "as_of": None}).json()
    assert {c["article"]["id"]: c["article"]["revision"] for c in then["citations"]} == {
        "ants": 1, "bees": 1, "wasps": 1,
    }  # fmt: skip
    assert {c["article"]["id"]: c["article"]["revision"] for c in now["citations"]} == {
        "ants": 1, "bees": 2, "termites": 1,
    }  # fmt: skip
    assert now["as_of"] is None
    assert then["as_of"] == {
        "asked": earlier, "moment": earlier, "since": library.store.revisions("ants")[0].recorded_at,
        "current": False, "missing": 0,
    }  # fmt: skip
    assert keys(then["as_of"]) == keys_of(AS_OF)
    assert then["fingerprint"]["snapshot"] != now["fingerprint"]["snapshot"]
    assert keys({**then, "as_of": None})[:2] == keys_of(ANSWER)[:2]


def test_links_of_an_earlier_answer_open_what_was_cited(library: Library, earlier: str) -> None:
    client = client_of(library)
    answer = client.post("/v1/ask", json={"question": "honey nests paper", "as_of": earlier}).json()
    for citation in answer["citations"]:
        article = client.get(citation["links"]["article"]).json()
        assert article["article"]["revision"] == citation["article"]["revision"]
        quote = citation["quote"]
        assert article["text"][quote["start"] : quote["end"]] == quote["text"]
        assert (
            client.get(citation["links"]["passage"]).json()["passage"]["text"] == citation["passage"]["text"]
        )
    verified = client.post("/v1/citations/verify", json=answer["citations"]).json()
    assert verified["valid"]


def test_a_search_is_of_the_moment_that_was_asked_for(library: Library, earlier: str) -> None:
    client = client_of(library)
    found = client.get("/v1/search", params={"q": "nests", "as_of": earlier})
    assert {hit["article"]["id"] for hit in found.json()["hits"]} == {"ants", "bees", "wasps"}
    assert keys({**found.json(), "as_of": None}) == keys_of(SEARCH_RESULT)
    again = client.get("/v1/search", params={"q": "nests", "as_of": earlier})
    assert untimed(again.text) == untimed(found.text)


def test_an_explanation_and_what_is_not_cited_are_of_that_moment(library: Library, earlier: str) -> None:
    answer = client_of(library).post(
        "/v1/ask",
        json={"question": "paper nests", "k": 1, "as_of": earlier, "explain": True, "why_not": ["termites", "wasps"]},
    ).json()  # fmt: skip
    assert answer["filtered"] == {"passing": 3, "of": 3}
    assert [said["outcome"] for said in answer["why_not"]] == ["not_yet", "cited"]


@pytest.mark.parametrize("as_of", ["yesterday", "", "2026-13-01", "2026-01-01T12:00:00 01:00", "2026"])
def test_what_is_no_moment_is_a_problem_that_says_what_to_write(library: Library, as_of: str) -> None:
    client = client_of(library)
    for response in (
        client.post("/v1/ask", json={"question": "honey", "as_of": as_of}),
        client.get("/v1/search", params={"q": "honey", "as_of": as_of}),
    ):
        assert "write a day, as 2026-11-01" in problem(response, 422, "BadInput")


@pytest.mark.parametrize("revision", ["0", "-1", "x", str(1 << 70)])
def test_what_is_no_revision_is_a_problem(library: Library, revision: str) -> None:
    response = client_of(library).get("/v1/articles/bees", params={"revision": revision})
    problem(response, 422, "BadRequest")


def test_a_revision_that_is_not_there_is_not_found(library: Library) -> None:
    problem(client_of(library).get("/v1/articles/bees?revision=2"), 404, "UnknownArticle")


# -- the command line ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ants(embedder: OnnxEmbedder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library in which one article was added on 1 and changed on 2 March."""
    folder = tmp_path_factory.mktemp("as-of")
    (folder / "library").mkdir()
    library = Library(folder / "library", embedder, create=True)
    for day, text in ((1, "Ants dig tunnels."), (2, "Ants dig long tunnels.")):
        library.store.clock = partial(datetime, 2026, 3, day, 12, tzinfo=UTC)
        add(library, [write(folder, "ants", f"---\nid: ants\n---\n{text}\n")])
    library.close()
    return folder / "library"


def test_ask_and_search_answer_as_of_a_day(ants: Path) -> None:
    for day, revision in (("2026-03-01", 1), ("2026-03-02", 2)):
        asked = json.loads(
            citewell("ask", "What do ants dig?", "--as-of", day, "--library", ants, "--json").out
        )
        assert [c["article"]["revision"] for c in asked["citations"]] == [revision]
        assert (asked["as_of"]["asked"], asked["as_of"]["current"]) == (day, revision == 2)
    shown = citewell("search", "ants", "--as-of", "2026-03-01", "--library", ants).out.splitlines()
    assert shown[0] == "What the library knew at 2026-03-01T23:59:59.999Z:"
    assert "   Ants dig tunnels." in shown


@pytest.mark.parametrize("day", ["2026-02-28", "2026-03-03"])
def test_before_and_after_are_said_to_be(ants: Path, day: str) -> None:
    said = citewell("ask", "What do ants dig?", "--as-of", day, "--library", ants).out.splitlines()
    if day < "2026-03-01":
        assert said == [
            "What the library knew at 2026-02-28T23:59:59.999Z:", "",
            "insufficient: The library knew nothing at 2026-02-28T23:59:59.999Z: its first article was added at "
            "2026-03-01T12:00:00.000Z.",
        ]  # fmt: skip
    else:
        assert said[0] == "What the library knew at 2026-03-03T23:59:59.999Z, which is what it knows now:"


def test_what_is_no_moment_is_refused_in_one_line(ants: Path) -> None:
    refusal = citewell("ask", "ants", "--as-of", "last week", "--library", ants).refusal
    assert refusal.startswith("'last week' is no moment to answer as of; write a day, as 2026-11-01")


def test_how_many_revisions_are_kept_is_said_once_and_shown(embedder: OnnxEmbedder, tmp_path: Path) -> None:
    library = tmp_path / "library"
    for number, options in enumerate(([], [], ["--keep-revisions", "2"], [], ["--keep-revisions", "0"], [])):
        file = write(tmp_path, "ants", f"---\nid: ants\n---\nAnts dig tunnel {number}.\n")
        assert citewell("add", file, *options, "--library", library).code == 0
        shown = citewell("verify", "--library", library)
        assert shown.code == 0
        kept = "the newest 2 revisions of each article" if number in (2, 3) else "all revisions"
        assert shown.out.splitlines()[-1] == f"{kept} are kept"
    store = Store(library / STORE)
    assert [article.revision for article in store.revisions("ants")] == [3, 4, 5, 6]
    store.close()
    assert json.loads(citewell("verify", "--library", library, "--json").out)["keep_revisions"] is None
    assert citewell("add", file, "--keep-revisions", "-1", "--library", library).code == 2
