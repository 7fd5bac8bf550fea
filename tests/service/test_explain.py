"""Explanations over HTTP and for people at a terminal."""

from dataclasses import replace
from typing import Any

import pytest
from starlette.testclient import TestClient

from citewell.index.answer import ask, search
from citewell.index.filter import Filter
from citewell.index.library import Library
from citewell.index.spelling import ReadAs
from citewell.service import terminal
from tests.service.contracts import EXPLAIN, FILTERED, WHY_NOT, keys, keys_of, problem


def asked(client: TestClient, **more: Any) -> Any:
    return client.post("/v1/ask", json={"question": "Who digs tunnels?", "k": 1, **more}).json()


def test_each_citation_is_explained_and_what_was_filtered_is_counted(client: TestClient) -> None:
    answer = asked(client, explain=True, k=3, filter={"languages": ["en"], "published_from": "2026"})
    assert [keys(citation["explain"]) for citation in answer["citations"]] == [keys_of(EXPLAIN)]
    assert keys(answer["filtered"]) == keys_of(FILTERED)
    assert answer["filtered"] == {"passing": 1, "of": 3}


def test_an_explanation_changes_nothing_else(client: TestClient) -> None:
    plain, explained = asked(client, k=3), asked(client, k=3, explain=True, why_not=["bees"])
    for answer in (plain, explained):
        for citation in answer["citations"]:
            del citation["explain"]
        for name in ("took_ms", "filtered", "why_not"):
            del answer[name]
    assert plain == explained


def test_what_is_missed_is_accounted_for(client: TestClient) -> None:
    (bees, nobody) = asked(client, why_not=["bees", "nobody"])["why_not"]
    assert keys(bees) == keys_of(WHY_NOT)
    assert (bees["outcome"], bees["rank"]) == ("ranked", 2)
    assert nobody == {
        "id": "nobody",
        "outcome": "unknown",
        "detail": "The library has no article and no passage of this id.",
        **dict.fromkeys(["passage", "rank", "score", "citation", "explain"]),
    }


def test_an_id_that_cannot_be_stored_is_unknown(client: TestClient) -> None:
    body = b'{"question": "honey", "why_not": ["\\ud800"]}'
    response = client.post("/v1/ask", content=body, headers={"Content-Type": "application/json"})
    (said,) = response.json()["why_not"]
    assert (said["id"], said["outcome"]) == ("\ufffd", "unknown")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"why_not": "bees"}, "body.why_not: "),
        ({"why_not": ["a"] * 101}, "body.why_not: "),
        ({"explain": "maybe"}, "body.explain: "),
    ],
)
def test_a_bad_request_is_a_422_that_names_it(client: TestClient, given: dict[str, Any], said: str) -> None:
    response = client.post("/v1/ask", json={"question": "honey", **given})
    assert problem(response, 422, "BadRequest").startswith(said)


# -- at a terminal --------------------------------------------------------------------------------------------


def shown(library: Library, question: str, only: Filter, *absent: str) -> list[str]:
    given = ask(library.searcher(), library.store, question, 1, only, explain=True, absent=absent)
    return terminal.answer(given).splitlines()


def test_a_score_is_shown_with_its_parts_and_the_terms_that_are_held(library: Library) -> None:
    source = library.store.article("ants").source
    assert shown(library, "tunnels of ants and moles", Filter(), "bees", "nobody\n") == [
        "1. 🐜 Ants dig tunnels. Some tunnels are 8 m deep.",
        "   Ants at work (2026-03-20)",
        f"   {source}  [9-55]  score 0.703",
        "   lexical 0.153 (0.45 x 0.339, rank 1) + passage 0.250 (0.25 x 1.000, rank 1) + sentence 0.301 (0.30 x 1.002)",
        "   +tunnel 0.98  +ant 0.98  -mole 2.08",
        "",
        "bees: It ranks 2 of 3 with a score of 0.0; the last citation has 0.703362.",
        "   lexical 0.000 (0.45 x 0.000) + passage 0.000 (0.25 x 0.000, rank 2) + sentence 0.000 (0.30 x 0.000)",
        "   -tunnel 0.98  -ant 0.98  -mole 2.08",
        "",
        "nobody\\n: The library has no article and no passage of this id.",
        "",
        "3 of 3 passages searched",
        "lexical: ok  dense: ok  not calibrated",
    ]


def test_a_word_that_was_read_as_another_is_named_first_and_among_the_terms(library: Library) -> None:
    lines = shown(library, "tunels of ants", Filter())
    assert lines[:2] == ['"tunels" is not in the library; read as "tunnels"', ""]
    assert "   +tunnel for tunel 0.98  +ant 0.98" in lines
    found = terminal.search_result(search(library.searcher(), library.store, "tunels", 1))
    assert found.startswith('"tunels" is not in the library; read as "tunnels"\n\n1. ')


def test_the_readings_of_a_word_in_several_languages_are_on_one_line(library: Library) -> None:
    found = search(library.searcher(), library.store, "tunels", 1)
    readings = tuple(ReadAs("gigawats", read) for read in ("gigawatts", "gigawatt"))
    first = terminal.search_result(replace(found, read_as=readings)).splitlines()[0]
    assert first == '"gigawats" is not in the library; read as "gigawatts" or "gigawatt"'


def test_a_silent_retriever_has_no_part_and_what_the_filter_left_is_counted(library: Library) -> None:
    lines = shown(library, "数据 ants", Filter(articles=("wasps", "ants")), "bees")
    assert lines[3:] == [
        "   lexical 0.224 (1.00 x 0.224, rank 1)",
        "   +ant 0.98  -数据 2.08",
        "",
        "bees: The filter excludes it.",
        "",
        "2 of 3 passages searched",
        "lexical: ok  dense: unknown_script  not calibrated",
    ]


def test_when_nothing_is_cited_what_was_asked_for_is_still_accounted_for(library: Library) -> None:
    assert shown(library, "honey", Filter(languages=("nl",)), "bees") == [
        "insufficient: No article passes the filter.",
        "",
        "bees: The filter excludes it.",
        "",
        "0 of 3 passages searched",
    ]
