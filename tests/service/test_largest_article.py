"""The setting `max_article_bytes`, which every way into a library keeps to."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from citewell.corpus.children import LIMITS
from citewell.index.library import Library
from citewell.service.drain import Drainer
from citewell.service.jobs import Jobs
from citewell.service.writer import Writer
from tests.fakes import WordEmbedder
from tests.service.command import citewell
from tests.service.conftest import client_of
from tests.service.contracts import problem
from tests.site import Site

WORDS = "The tide of spring is high. " * 40  # 1,120 bytes
SAID = "1,120 bytes; an article has at most 1,000 (max_article_bytes)"


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Library]:
    with closing(
        Library(tmp_path, WordEmbedder("tide"), create=True, limits=replace(LIMITS, article=1_000))
    ) as made:
        yield made


def test_add_and_sync_take_it_from_the_environment_or_the_file_and_config_shows_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (notes := tmp_path / "notes").mkdir()
    (notes / "tide.txt").write_text(WORDS)
    (notes / "moon.txt").write_text("The moon is far.")
    (tmp_path / "citewell.toml").write_text("max_article_bytes = 1000\n")
    for command in ("add", "sync"):
        ran = citewell(command, "notes", "--json", folder=tmp_path)
        refused = [each for each in json.loads(ran.out)["files"] if each["result"] == "refused"]
        assert (ran.code, [each["reason"] for each in refused]) == (1, [SAID])
    shown = json.loads(citewell("config", "--json", folder=tmp_path).out)["max_article_bytes"]
    assert shown == {"value": 1000, "from": "file"}
    monkeypatch.setenv("CITEWELL_MAX_ARTICLE_BYTES", "2000")
    assert citewell("sync", "notes", folder=tmp_path).code == 0


def test_sync_keeps_to_it_for_the_entries_of_a_feed_that_carry_their_whole_text(
    site: Site, tmp_path: Path
) -> None:
    """An entry counts as the feed with no other entry in it."""
    entry = "<item><link>/{}</link><e:encoded xmlns:e='http://purl.org/rss/1.0/modules/content/'>{}</e:encoded></item>"
    items = entry.format("tide", WORDS) + entry.format("moon", "The moon is far.")
    address = site.put("/feed", f'<rss version="2.0"><channel>{items}</channel></rss>', "text/xml")
    (tmp_path / "citewell.toml").write_text("max_article_bytes = 1000\n")
    ran = citewell("sync", address, "--allow-host", site.host, "--json", folder=tmp_path)
    files = {file["file"]: file for file in json.loads(ran.out)["files"]}
    tide = files[site.url("/tide")]
    assert (ran.code, tide["result"], files[site.url("/moon")]["result"]) == (1, "refused", "added")
    assert "bytes; an article has at most 1,000 (max_article_bytes)" in tide["reason"]


def test_put_refuses_more(small: Library) -> None:
    client = client_of(small)
    assert problem(client.put("/v1/articles/a", json={"text": WORDS}), 422, "BadInput") == f"a: {SAID}"
    assert client.put("/v1/articles/a", json={"text": WORDS[:1000]}).status_code == 201


def test_jobs_refuse_more(small: Library) -> None:
    jobs, writer = Jobs(small.folder), Writer(small, wait=1)
    job = jobs.add([("a", json.dumps({"text": WORDS})), ("b", json.dumps({"text": WORDS[:1000]}))])
    assert Drainer(jobs, writer).batch()
    done = jobs.get(job.id)
    assert (done.added, [each.reason for each in done.refusals]) == (1, [f"a: {SAID}"])
    writer.close()
    jobs.close()
