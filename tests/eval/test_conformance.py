"""The contract of a store of passages: every check on the embedded engine and on each rung that is installed."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from citewell.corpus.errors import ClusterAway
from citewell.eval.conformance import CHECKS, Check, Outcome, checked
from citewell.eval.conformance_answers import (
    bm25_lists,
    counts,
    dense_recall,
    filters,
    injection,
    whole_rankings,
)
from citewell.eval.conformance_changes import credentials, two_clients
from citewell.eval.conformance_subject import Failed, Subject
from citewell.index.filter import EVERYTHING
from citewell.index.milvus import Milvus
from citewell.service.clustering import conformance
from tests.dense_only import DenseOnly
from tests.servers import RUNGS, Server, free_port
from tests.service.command import citewell

CANNOT = {
    "embedded": {"cut_connection", "credentials"},
    "lite": {"credentials"},
    "core": {"credentials", "alias_swap"},
    "standalone": {"bm25_lists", "whole_rankings"},
}


@pytest.fixture(
    scope="module", params=["embedded", "lite", "core", pytest.param("standalone", marks=pytest.mark.slow)]
)
def rung(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Server | None]]:
    name = request.param
    if name == "embedded":
        yield name, None
        return
    server = RUNGS[name](tmp_path_factory.mktemp(name))
    with pytest.MonkeyPatch.context() as patch:
        if name == "standalone":
            patch.setattr("citewell.index.milvus.Milvus", DenseOnly)
        try:
            server.start()
            yield name, server
        finally:
            server.kill()


@pytest.fixture(scope="module")
def subject(rung: tuple[str, Server | None], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Subject]:
    name, server = rung
    made = Subject(
        tmp_path_factory.mktemp("subject"),
        server.address if server else None,
        "dense" if name == "standalone" else "hybrid",
    )
    yield made
    made.close()
    if server:
        client = Milvus(server.address)
        assert client.collections() == []  # nothing is left
        client.close()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_contract(rung: tuple[str, Server | None], subject: Subject, check: Check) -> None:
    name, _ = rung
    found = checked(check, subject)
    if found.outcome is Outcome.SKIPPED:
        assert check.__name__ in CANNOT[name], found.detail
        pytest.skip(found.detail)
    assert found.outcome is Outcome.PASSED, found.detail
    assert check.__name__ not in CANNOT[name]


def test_a_store_that_loses_passages_does_not_conform(tmp_path: Path) -> None:
    subject = Subject(tmp_path, None)
    library = subject.standing
    given = library.askable()
    assert given.about("ba")[0].count(EVERYTHING) > 100
    with library.writing():
        library.store.remove("a0")
        library.catch_up()
    of_the_standing = (counts, bm25_lists, dense_recall, whole_rankings, filters, injection)
    outcomes = {found.name: found for found in (checked(check, subject) for check in of_the_standing)}
    subject.close()
    assert outcomes["counts"].outcome is Outcome.FAILED
    assert outcomes["filters"].outcome is Outcome.FAILED


def test_the_command_names_a_cluster_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("citewell.index.milvus_calls._WRITING", 1.0)  # seconds, of which it would wait thirty
    with pytest.raises(ClusterAway, match=r"does not answer.*citewell config"):
        conformance(f"milvus://127.0.0.1:{free_port()}", "")
    assert (
        "no address of passages" in citewell("conformance", "--uri", "redis://x:1", folder=tmp_path).refusal
    )


def test_the_command_prints_a_table_or_json(
    rung: tuple[str, Server | None], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    name, server = rung
    if name != "lite" or server is None:
        pytest.skip("once is enough")
    monkeypatch.setattr("citewell.eval.conformance.CHECKS", (credentials, two_clients))
    conformance(server.uri, "", as_json=True)
    shown = json.loads(capsys.readouterr().out)
    assert (shown["failed"], shown["skipped"], shown["passed"]) == (0, 1, 1)
    assert [check["outcome"] for check in shown["checks"]] == ["skipped", "passed"]
    monkeypatch.setattr("citewell.eval.conformance.CHECKS", (wrong,))
    with pytest.raises(typer.Exit) as ended:
        conformance(server.uri, "")
    assert ended.value.exit_code == 1
    assert capsys.readouterr().out.startswith("failed    wrong  ")


def wrong(subject: Subject) -> str:
    raise Failed("as it should")
