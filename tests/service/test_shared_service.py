"""Two services of one truth on a server, each in a folder of its own, and the commands beside them."""

import json
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from citewell.corpus.server import Server
from citewell.corpus.store import Store
from citewell.index import tuned
from citewell.index.config import Config
from tests.postgres import PASSWORD, Postgres
from tests.service.command import citewell
from tests.service.test_serve import request, serving
from tests.truths import said


@pytest.fixture
def truth_said(postgres: Postgres, tmp_path: Path) -> str:
    """The address, in the `citewell.toml` of a folder, too."""
    address, _ = said(postgres.server(tmp_path))
    (tmp_path / "citewell.toml").write_text(f"truth = {json.dumps(address)}\n")
    return address


def eventually(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 120
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.2)
    return holds()


def cited(port: int, question: str) -> str:
    status, body = request(port, "POST", "/v1/ask", json.dumps({"question": question, "k": 1}))
    assert status == 200
    citations = json.loads(body)["citations"]
    return str(citations[0]["article"]["id"]) if citations else ""


def state(port: int, job: str) -> str:
    return str(json.loads(request(port, "GET", job)[1])["state"])


def test_what_one_service_takes_the_other_answers_and_jobs_are_shared(
    truth_said: str, tmp_path: Path
) -> None:
    (tmp_path / "ants.md").write_text("---\nid: ants\n---\nAnts dig tunnels in the ground.\n")
    assert citewell("add", "ants.md", "--library", "one", folder=tmp_path).code == 0
    truth = "--truth", truth_said
    with serving(tmp_path / "one", *truth) as (_, one), serving(tmp_path / "two", *truth) as (_, two):
        assert cited(two, "Who digs tunnels?") == "ants"
        bees = json.dumps({"text": "Bees make honey from the nectar of flowers."})
        assert request(one, "PUT", "/v1/articles/bees", bees)[0] == 201
        assert cited(one, "Who makes honey?") == "bees"
        assert eventually(lambda: cited(two, "Who makes honey?") == "bees")
        moths = {
            "articles": [
                {"id": f"moth-{n}", "text": f"Moth {n} flies at night to the lamp."} for n in range(3)
            ]
        }
        status, body = request(two, "POST", "/v1/articles", json.dumps(moths))
        assert status == 202
        address = f"/v1/jobs/{json.loads(body)['id']}"
        assert eventually(lambda: (state(one, address), state(two, address)) == ("done", "done"))
        question = "Which moth flies to the lamp?"
        assert eventually(lambda: all(cited(port, question).startswith("moth") for port in (one, two)))
    names = {path.name for folder in ("one", "two") for path in (tmp_path / folder).iterdir()}
    assert not names & {"citewell.db", "service.db", "originals"}
    with closing(Store(Server.of(truth_said, tmp_path))) as store:
        assert len(store.articles()) == 5


def test_a_configuration_written_elsewhere_is_in_force_in_a_service_that_kept_answers(
    truth_said: str, tmp_path: Path
) -> None:
    (tmp_path / "ants.md").write_text("---\nid: ants\n---\nAnts dig tunnels in the ground.\n")
    assert citewell("add", "ants.md", "--library", "one", folder=tmp_path).code == 0
    with serving(tmp_path / "one", "--truth", truth_said) as (_, port):

        def config() -> str:
            _, body = request(port, "POST", "/v1/ask", json.dumps({"question": "Who digs tunnels?"}))
            return str(json.loads(body)["fingerprint"]["config"]).partition("+")[0]

        before = config()
        with closing(Store(Server.of(truth_said, tmp_path))) as store:
            tuned.write(store.own, tuned.Tuned(Config(k1=1.2), "gold"))
            assert eventually(lambda: config() == Config(k1=1.2).fingerprint)
            store.own.remove(tuned.FILE)
            assert eventually(lambda: config() == before)


def test_commands_find_the_truth_in_the_settings(truth_said: str, tmp_path: Path) -> None:
    (tmp_path / "ants.md").write_text("---\nid: ants\n---\nAnts dig tunnels in the ground.\n")
    for command in ("add ants.md", "verify", "backup all.zip", "restore --replace all.zip", "remove ants"):
        ran = citewell(*command.split(), "--library", "one", folder=tmp_path)
        assert (ran.code, ran.err.count("Traceback")) == (0, 0), ran.err
    refused = citewell("ask", "--library", "two", "Who?", folder=tmp_path.parent).refusal
    assert refused.startswith("No library at two")


def test_the_password_is_not_printed(tmp_path: Path) -> None:
    address = f"postgresql://u:{PASSWORD.replace(' ', '%20').replace('/', '%2F')}@127.0.0.1:1/books"
    (tmp_path / "citewell.toml").write_text(f"truth = {json.dumps(address)}\n")
    for options in ((), ("--json",)):
        told = citewell("config", *options, folder=tmp_path).out
        assert "postgresql://u:redacted@127.0.0.1:1/books" in told
        assert "word" not in told.replace("passwords", "")
    refused = citewell("ask", "--library", "one", "Who?", folder=tmp_path).refusal
    assert "postgresql://127.0.0.1:1/books (schema citewell) does not answer" in refused
    assert "%2Fword" not in refused
