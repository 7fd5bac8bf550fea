"""Models that a user chose by flag, environment or citewell.toml: the whole way, and what is said when they do not fit."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from citewell.corpus.errors import BadInput, ModelMismatch
from citewell.eval.systems import SYSTEMS
from citewell.index.library import Library
from citewell.index.torch_embedder import TorchEmbedder
from citewell.index.writing import add
from citewell.service import models as chosen_models
from citewell.service.cli import app
from citewell.service.models import Models, check_model, made_with
from citewell.service.options import opened
from tests.fakes import WordEmbedder
from tests.site import Site
from tests.tiny_models import cross_encoder, embedding_model

WORDS = ("the", "sun", "moon", "is", "hot", "cold", "how", "far", "away", "very")
GOLD: list[dict[str, object]] = [
    {"id": "q1", "question": "How hot is the sun?", "evidence": [{"article": "sun", "quote": "The sun is very hot."}]},
    {"id": "q2", "question": "Is the moon cold?", "evidence": [{"article": "moon", "quote": "The moon is cold."}]},
    {"id": "q3", "question": "How far is the sun?", "kind": "unanswerable", "evidence": []},
]  # fmt: skip


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    embedding_model(folder / "embedder", *WORDS, prompts={"query": "query: ", "passage": "passage: "})
    cross_encoder(folder / "reranker", *WORDS)
    return folder


@pytest.fixture
def folder(models: Path, tmp_path: Path) -> Path:
    """Where commands are run: two articles, and a citewell.toml that chooses both models."""
    (tmp_path / "articles.jsonl").write_text(
        '{"id": "sun", "text": "The sun is very hot."}\n{"id": "moon", "text": "The moon is cold. It is far away."}\n',
        "utf-8",
    )
    (tmp_path / "citewell.toml").write_text(
        f'model = "{models / "embedder" / "model"}"\nreranker = "{models / "reranker" / "model"}"\nrerank = 1\n',
        "utf-8",
    )
    gold = [json.dumps({"kind": "fact", "split": "dev", **row}) for row in GOLD]
    (tmp_path / "gold.jsonl").write_text("\n".join(gold) + "\n", "utf-8")
    return tmp_path


def run(*arguments: str) -> Result:
    """A command, in this process: it has PyTorch already."""
    return CliRunner().invoke(app, arguments)


def test_from_citewell_toml_to_added_asked_and_judged(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    shown = json.loads(run("config", "--json").stdout)
    assert (shown["rerank"], shown["model"]["from"]) == ({"value": 1, "from": "file"}, "file")

    assert run("add", "articles.jsonl").exit_code == 0

    answer = json.loads(run("ask", "Is the moon cold?", "--explain", "--json").stdout)
    assert answer["fingerprint"]["model"].startswith("model-")
    assert answer["fingerprint"]["reranker"].startswith("model-")
    assert answer["retrievers"]["dense"]["state"] == "ok"
    assert (answer["confidence"], answer["calibration"]["state"]) == (None, "none")
    first, second = (citation["explain"]["raw"]["reranker"] for citation in answer["citations"])
    assert (first > 0, second) == (True, 0.0)
    told = run("ask", "Is the moon cold?", "--explain").stdout
    assert "+ reranker " in told
    assert "not calibrated" in told

    report = json.loads(run("eval", "--gold", "gold.jsonl", "--json").stdout)
    systems = [row["system"] for row in report["rows"] if row["kind"] == "all"]
    assert systems == [*SYSTEMS, "no reranker"]
    fitted = run("eval", "calibrate", "gold.jsonl")
    assert (fitted.exit_code, "not fitted while hits are reranked" in fitted.stderr) == (2, True)

    (folder / "citewell.toml").unlink()
    forgotten = run("ask", "Is the moon cold?").exception
    assert isinstance(forgotten, ModelMismatch)
    assert str(forgotten).startswith("The library in library was made with model model-")
    assert "citewell rebuild --library library" in str(forgotten)


def test_a_feed_is_mirrored_with_the_model_that_the_flag_names(
    models: Path, tmp_path: Path, site: Site
) -> None:
    site.put("/sun", "The sun is very hot.", "text/plain")
    address = site.put("/map.xml", f"<urlset><url><loc>{site.url('/sun')}</loc></url></urlset>", "text/xml")
    library, model = tmp_path / "library", models / "embedder" / "model"
    done = run("sync", address, "--model", str(model), "--allow-host", site.host, "--library", str(library))
    assert done.exit_code == 0, done.output
    assert (made_with(library) or "").startswith("model-")


def test_a_flag_comes_before_the_environment_and_the_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    assert Models.chosen().rerank == 1
    monkeypatch.setenv("CITEWELL_RERANK", "2")
    monkeypatch.setenv("CITEWELL_PORT", "no number")  # of no concern to a command that does not listen
    assert Models.chosen().rerank == 2
    assert Models.chosen(rerank=3) == Models(Models.chosen().model, Models.chosen().reranker, 3)
    with pytest.raises(BadInput, match=r"--rerank is 0; it must be 1 to 200\."):
        Models.chosen(rerank=0)


def test_a_precision_is_of_the_default_model_alone(models: Path) -> None:
    from citewell.index.model import Precision

    with pytest.raises(BadInput, match="--precision is of the default model"):
        Models(str(models / "embedder" / "model")).embedder(Precision.INT8)


def test_without_a_choice_it_is_the_default_model_and_nothing_is_reranked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = WordEmbedder()
    monkeypatch.setattr(chosen_models, "embedder", lambda precision, bulk: made)
    assert Models().embedder(None) is made
    assert Models().made_reranker() is None


def test_a_library_is_never_embedded_anew_because_its_model_was_not_named(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither by the default model nor by another one; but by rebuild, which is asked for."""
    chosen = Models(str(models / "embedder" / "model"))
    (tmp_path / "sun.txt").write_text("The sun is hot.", "utf-8")
    library = Library(tmp_path, TorchEmbedder(chosen.model), create=True)
    add(library, [tmp_path / "sun.txt"])
    library.close()
    default = WordEmbedder("sun")
    default.fingerprint = "0123456789abcdef"
    monkeypatch.setattr(chosen_models, "embedder", lambda precision, bulk: default)
    with pytest.raises(ModelMismatch, match="in use"), opened(tmp_path, create=True, models=Models()):
        pass
    assert not default.embedded
    with opened(tmp_path, catch_up=False, models=Models()) as held, held.writing():
        held.rebuild()
    with pytest.raises(ModelMismatch, match="0123456789abcdef"):
        check_model(tmp_path, TorchEmbedder(chosen.model).fingerprint)
    with opened(tmp_path, models=Models()) as held:
        assert held.searcher().passages == 1


def test_what_the_default_model_made_may_follow_its_new_versions(tmp_path: Path) -> None:
    """That is between the two of them, and said by the library itself."""
    library = Library(tmp_path, WordEmbedder("sun"), create=True)
    library.embedder.fingerprint = "0123456789abcdef"  # type: ignore[misc]
    (tmp_path / "sun.txt").write_text("The sun is hot.", "utf-8")
    add(library, [tmp_path / "sun.txt"])
    library.close()
    check_model(tmp_path, "fedcba9876543210")
    check_model(tmp_path / "none", "model-fedcba9876543210")
