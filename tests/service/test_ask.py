"""Questions over HTTP: answers and rankings that anyone can check against the article."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from citewell.index.folder import STORE
from citewell.index.library import Library
from citewell.index.writing import add, remove
from tests.service.conftest import client_of, write
from tests.service.contracts import ANSWER, SEARCH_RESULT, keys, keys_of, untimed


def test_an_answer_has_every_field_of_the_design_in_its_order(client: TestClient) -> None:
    answer = client.post("/v1/ask", json={"question": "Who digs tunnels?"}).json()
    assert len(answer["citations"]) == 3
    assert keys(answer) == keys_of(ANSWER)


def test_optional_fields_are_there_and_empty(client: TestClient) -> None:
    answer = client.post("/v1/ask", json={"question": "Who digs tunnels?", "k": 1}).json()
    assert [answer[name] for name in ("confidence", "reason", "near_misses", "disagreements")] == [
        None,
        None,
        [],
        [],
    ]
    assert [answer[name] for name in ("filtered", "why_not")] == [None, []]
    assert answer["calibration"] == {"state": "none", "id": None}
    (citation,) = answer["citations"]
    assert [citation["also_in"], citation["explain"], citation["passage"]["pages"]] == [[], None, []]


def test_an_answer_cites_the_sentence_with_its_passage_and_its_article(client: TestClient) -> None:
    """Offsets count code points: the ant is one, though two in UTF-16 and four in UTF-8."""
    answer = client.post("/v1/ask", json={"question": "Who digs tunnels?", "k": 1}).json()
    sha = client.get("/v1/articles/ants").json()["article"]["version"]
    (citation,) = answer["citations"]
    name = f"ants.{sha[:12]}.0-57"
    assert (answer["question"], answer["verdict"]) == ("Who digs tunnels?", "answered")
    assert answer["retrievers"] == {"lexical": {"state": "ok"}, "dense": {"state": "ok"}}
    assert citation["rank"] == 1
    assert citation["quote"] == {
        "start": 9,
        "end": 55,
        "text": "🐜 Ants dig tunnels. Some tunnels are 8 m deep.",
        "highlight": {"start": 9, "end": 28},
        "table_header": None,
        "pages": [],
    }
    assert citation["passage"] == {
        "id": name,
        "start": 0,
        "end": 57,
        "heading": "Nests",
        "pages": [],
        "text": "# Nests\n\n🐜 Ants dig tunnels. Some tunnels are 8 m deep.\n\n",
    }
    assert {**citation["article"], "source": Path(citation["article"]["source"]).name} == {
        "id": "ants",
        "title": "Ants at work",
        "source": "ants.md",
        "published": "2026-03-20",
        "revision": 1,
        "version": sha,
    }
    assert citation["links"] == {
        "passage": f"/v1/passages/{name}",
        "article": "/v1/articles/ants",
        "source": "https://example.org/ants",
        "quote": "https://example.org/ants#:~:text=%F0%9F%90%9C%20Ants%20dig%20tunnels.%20Some%20tunnels%20are%208%20m%20deep.",
    }


@pytest.mark.parametrize("question", ["Who digs tunnels?", "honey", "What is made of paper?", "dance"])
def test_every_quote_and_passage_stands_in_the_article_where_it_says(
    client: TestClient, question: str
) -> None:
    citations = client.post("/v1/ask", json={"question": question}).json()["citations"]
    assert [citation["rank"] for citation in citations] == [1, 2, 3]
    for citation in citations:
        article = client.get(citation["links"]["article"]).json()
        passage = client.get(citation["links"]["passage"]).json()
        quote = citation["quote"]
        assert article["text"][quote["start"] : quote["end"]] == quote["text"] != ""
        assert article["article"]["version"] == citation["article"]["version"]
        assert (passage["passage"], passage["article"]) == (citation["passage"], citation["article"])
        assert citation["passage"]["start"] <= quote["start"] < quote["end"] <= citation["passage"]["end"]


def test_citations_come_best_first_and_k_at_most(client: TestClient) -> None:
    def scores(k: int) -> list[float]:
        citations = client.post("/v1/ask", json={"question": "Who digs tunnels?", "k": k}).json()["citations"]
        return [citation["score"] for citation in citations]

    assert scores(100) == sorted(scores(100), reverse=True)
    assert [scores(1), scores(2)] == [scores(100)[:1], scores(100)[:2]]


def test_a_link_to_the_source_is_given_for_web_addresses_only(client: TestClient) -> None:
    """An article may say of itself that it comes from javascript:alert(1)."""
    citations = client.post("/v1/ask", json={"question": "Do ants, bees or wasps dig?"}).json()["citations"]
    assert {citation["article"]["id"]: citation["links"]["source"] for citation in citations} == {
        "ants": "https://example.org/ants",
        "bees": None,
        "wasps": None,
    }


def test_what_repeats_a_citation_is_named_under_it(library: Library, tmp_path: Path) -> None:
    add(
        library,
        [write(tmp_path, "hives", "---\nid: hives\ntitle: Hives\n---\nBees make honey. Bees dance.\n")],
    )
    client = client_of(library)
    answer = client.post("/v1/ask", json={"question": "Who makes honey?"}).json()
    assert [citation["article"]["id"] for citation in answer["citations"]] == ["bees", "ants", "wasps"]
    (also,) = answer["citations"][0]["also_in"]
    passage = client.get(also["link"]).json()
    assert also == {
        "article_id": "hives",
        "title": "Hives",
        "source": passage["article"]["source"],
        "passage_id": passage["passage"]["id"],
        "link": f"/v1/passages/{passage['passage']['id']}",
    }


def test_a_misspelt_word_is_read_as_one_of_the_library_and_the_answer_says_so(client: TestClient) -> None:
    answer = client.post("/v1/ask", json={"question": "Who digs tunels?", "explain": True}).json()
    assert answer["read_as"] == [{"asked": "tunels", "read": "tunnels"}]
    (first, *_) = answer["citations"]
    assert first["article"]["id"] == "ants"
    assert [(term["term"], term["held"], term["asked"]) for term in first["explain"]["terms"]] == [
        ("dig", True, None),
        ("tunnel", True, "tunel"),
    ]
    found = client.get("/v1/search", params={"q": "tunels"}).json()
    assert found["read_as"] == answer["read_as"]
    assert client.post("/v1/ask", json={"question": "Who digs tunnels?"}).json()["read_as"] == []


def test_when_no_retriever_has_anything_to_say_the_answer_is_insufficient(client: TestClient) -> None:
    answer = client.post("/v1/ask", json={"question": "蜂蜜?"}).json()
    assert (answer["verdict"], answer["citations"]) == ("insufficient", [])
    assert answer["reason"] == (
        "No passage shares a word with the question, and the model does not know its script."
    )
    assert answer["retrievers"] == {
        "lexical": {"state": "out_of_vocabulary"},
        "dense": {"state": "unknown_script"},
    }
    assert [name for name, _ in keys(answer)] == [name for name, _ in keys_of(ANSWER)]


def test_asking_twice_gives_the_same_bytes_but_for_the_time_taken(client: TestClient) -> None:
    once, again = (client.post("/v1/ask", json={"question": "Who digs tunnels?"}).text for _ in range(2))
    assert untimed(once) == untimed(again)
    assert untimed(once) != untimed(client.post("/v1/ask", json={"question": "Who digs tunnels"}).text)


@pytest.mark.parametrize(
    "question",
    ["  Who digs tunnels?\r\n", "\ufeffWho digs tunnels?", "Who digs tunnels?" + " " * 5000],
    ids=["white space around", "byte order mark", "a long tail of blanks"],
)
def test_a_question_is_normalised_and_trimmed(client: TestClient, question: str) -> None:
    plain = client.post("/v1/ask", json={"question": "Who digs tunnels?"}).text
    assert untimed(client.post("/v1/ask", json={"question": question}).text) == untimed(plain)


@pytest.mark.parametrize("escape", ["\\ud800", "\\udfff", "\\u0000", "\\ud83d"])
def test_what_cannot_be_stored_in_a_question_is_replaced(client: TestClient, escape: str) -> None:
    body = f'{{"question": "Who makes honey? {escape}"}}'.encode()
    response = client.post("/v1/ask", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 200
    assert response.json()["question"] == "Who makes honey? \ufffd"
    assert response.json()["citations"][0]["quote"]["text"] == "Bees make honey."


# -- search ---------------------------------------------------------------------------------------------------


def test_a_search_ranks_passages_without_evidence_or_verdict(client: TestClient) -> None:
    found = client.get("/v1/search", params={"q": " Who digs tunnels? "}).json()
    assert keys(found) == keys_of(SEARCH_RESULT)
    assert found["query"] == "Who digs tunnels?"
    assert [(hit["rank"], hit["article"]["id"]) for hit in found["hits"]] == [
        (1, "ants"),
        (2, "bees"),
        (3, "wasps"),
    ]


def test_a_search_ranks_as_an_answer_does(client: TestClient) -> None:
    answer = client.post("/v1/ask", json={"question": "Who makes honey?", "k": 2}).json()
    found = client.get("/v1/search", params={"q": "Who makes honey?", "k": 2}).json()
    names = ("rank", "score", "article", "passage", "links")
    cited = [{name: citation[name] for name in names} for citation in answer["citations"]]
    for citation in cited:
        citation["links"]["quote"] = None  # a ranking quotes nothing
    assert found["hits"] == cited
    assert found["fingerprint"] == answer["fingerprint"]


# -- snapshots ------------------------------------------------------------------------------------------------


def test_what_another_process_adds_or_removes_is_seen_without_a_restart(
    library: Library, tmp_path: Path
) -> None:
    client = client_of(library)

    def first() -> tuple[str, str]:
        answer = client.post("/v1/ask", json={"question": "Who makes honey?"}).json()
        return answer["citations"][0]["article"]["id"], answer["fingerprint"]["snapshot"]

    before = first()
    other = Library(tmp_path, library.embedder)
    add(
        other,
        [
            write(
                tmp_path, "honeypots", "---\nid: honeypots\n---\nWho makes honey? Honeypot ants make honey.\n"
            )
        ],
    )
    added = first()
    remove(other, ["honeypots"])
    other.close()
    assert (before[0], added[0]) == ("bees", "honeypots")
    assert before[1] != added[1]
    assert first()[0] == "bees"


def test_a_library_emptied_under_the_service_has_nothing_to_say(library: Library) -> None:
    remove(library, ["ants", "bees", "wasps"])
    answer = client_of(library).post("/v1/ask", json={"question": "Who makes honey?"}).json()
    assert (answer["verdict"], answer["reason"]) == ("insufficient", "The library has no passage to search.")
    assert answer["retrievers"] == {"lexical": {"state": "empty"}, "dense": {"state": "empty"}}


# -- health ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["live", "ready"])
def test_the_service_says_that_it_is(client: TestClient, state: str) -> None:
    response = client.get(f"/health/{state}")
    assert (response.status_code, response.json()) == (200, {"status": state})


def test_a_service_without_an_index_is_live_but_not_ready(library: Library) -> None:
    (library.folder / "index" / "current").unlink()
    client = client_of(library)
    assert client.get("/health/live").status_code == 200
    assert client.get("/health/ready").status_code == 500
    assert (library.folder / STORE).is_file()
