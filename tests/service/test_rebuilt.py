"""A service, or a command, whose library is rebuilt with another model by somebody else while it runs."""

from contextlib import closing
from pathlib import Path

import pytest

from citewell.corpus.errors import LibraryBusy, ModelMismatch
from citewell.index.embedding import Embedder
from citewell.index.library import Library
from citewell.service import models
from citewell.service.drain import Drainer
from citewell.service.jobs import Jobs
from citewell.service.models import Models
from citewell.service.options import opened
from citewell.service.writer import Writer
from tests.fakes import WordEmbedder
from tests.service.conftest import client_of, make_library
from tests.service.contracts import problem

MOTHS = {"text": "Moths fly at night. Moths love lamps."}
SAID = "start it again"


def rebuilt(folder: Path, model: Embedder) -> None:
    with closing(Library(folder, model)) as theirs, theirs.writing():
        theirs.rebuild()


@pytest.mark.parametrize("wrote_before", [False, True])
def test_it_neither_writes_nor_answers_but_says_what_to_do_until_the_library_is_of_its_model_again(
    library: Library, wrote_before: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("citewell.service.readiness.KEPT", -1.0)
    client = client_of(library)
    if wrote_before:
        client.put("/v1/articles/flies", json={"text": "Flies fly."})
    rebuilt(library.folder, WordEmbedder("moths", "lamps"))
    before = library.store.change()
    requests = [
        client.put("/v1/articles/moths", json=MOTHS),
        client.delete("/v1/articles/bees"),
        client.post("/v1/ask", json={"question": "Who makes honey?"}),
        client.get("/v1/search?q=honey"),
        client.get("/health/ready"),
    ]
    for response in requests:
        said = problem(response, 503, "ModelMismatch")
        assert "words moths lamps" in said
        assert SAID in said
    assert library.store.change() == before
    rebuilt(library.folder, library.embedder)
    assert client.put("/v1/articles/moths", json=MOTHS).status_code == 201
    assert client.get("/health/ready").status_code == 200
    assert client.post("/v1/ask", json={"question": "Who makes honey?"}).json()["citations"]


def test_a_job_waits_and_the_service_that_is_started_with_that_model_does_it(library: Library) -> None:
    jobs, writer = Jobs(library.folder), Writer(library, wait=1)
    rebuilt(library.folder, model := WordEmbedder("moths", "lamps"))
    job = jobs.add([("moths", '{"text": "Moths fly at night."}')])
    with pytest.raises(ModelMismatch, match=SAID):
        Drainer(jobs, writer).batch()
    writer.close()
    assert jobs.get(job.id).done == 0
    with closing(Library(library.folder, model)) as again:
        writer = Writer(again, wait=1)
        assert Drainer(jobs, writer).batch()
        writer.close()
        assert jobs.get(job.id).added == 1
        assert again.searcher().passages == 4
    jobs.close()


@pytest.mark.parametrize("create", [False, True])
def test_a_command_that_opens_a_library_while_it_is_rebuilt_is_to_be_given_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, create: bool
) -> None:
    """Its model was chosen by what the library was made with a moment ago."""
    make_library(tmp_path).close()
    same = make_library(tmp_path).embedder
    monkeypatch.setattr(models, "embedder", lambda precision, bulk: same)

    def meanwhile(model: Embedder) -> Embedder:
        rebuilt(tmp_path, WordEmbedder("moths"))
        return model

    with (
        pytest.raises(LibraryBusy),
        opened(tmp_path, create=create, models=Models(), watched=meanwhile),
    ):
        pass
    with closing(Library(tmp_path, WordEmbedder("moths"))) as there:
        assert there.searcher().passages == 3
