"""Which embedder a command gets: on a device for bulk alone, and in the precision that the library was made in."""

import socket
from functools import partial
from pathlib import Path
from typing import Never

import pytest

from citewell.corpus.errors import BadInput, SpreadingFailed
from citewell.index import cuda_embedder, ray_workers
from citewell.index.cuda_embedder import CudaEmbedder
from citewell.index.library import Library
from citewell.index.model import Precision
from citewell.index.onnx_embedder import OnnxEmbedder
from citewell.index.spreading import WORTH_SPREADING, SpreadEmbedder
from citewell.index.torch_embedder import TorchEmbedder
from citewell.index.writing import add
from citewell.service import models
from citewell.service.models import Models, check_precision, embedder, made_in
from citewell.service.options import opened
from tests.fakes import WordEmbedder

FP32, INT8 = Precision.FP32, Precision.INT8


@pytest.mark.parametrize(
    ("bulk", "present", "kind"),
    [
        (True, True, CudaEmbedder),
        (True, False, OnnxEmbedder),
        (False, True, OnnxEmbedder),
        (False, False, OnnxEmbedder),
    ],
)
def test_a_device_is_used_for_bulk_embedding_alone(
    monkeypatch: pytest.MonkeyPatch, bulk: bool, present: bool, kind: type
) -> None:
    monkeypatch.setattr(cuda_embedder, "cuda_seems_present", lambda: present)
    assert type(embedder(bulk=bulk)) is kind


@pytest.mark.slow
def test_int8_is_never_left_to_a_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its vectors would be those of fp32."""
    monkeypatch.setattr(cuda_embedder, "cuda_seems_present", lambda: True)
    assert type(embedder(INT8, bulk=True)) is OnnxEmbedder


@pytest.mark.parametrize(("bulk", "kind"), [(True, SpreadEmbedder), (False, WordEmbedder)])
def test_a_cluster_embeds_for_commands_in_bulk_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bulk: bool, kind: type
) -> None:
    monkeypatch.setattr(models, "embedder", words_in)
    monkeypatch.setattr(ray_workers, "find_spec", lambda name: object())
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setenv("CITEWELL_EMBEDDING_CLUSTER", f"127.0.0.1:{listener.getsockname()[1]}")
        with opened(tmp_path / "library", create=True, bulk=bulk) as held:
            assert type(held.embedder) is kind
            assert held.embedder.fingerprint == words_in(FP32).fingerprint


def test_workers_find_a_model_in_whatever_folder_they_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened_as: list[str] = []

    def connect(address: str, opening: partial[TorchEmbedder]) -> Never:
        opened_as.extend(opening.args)
        raise SpreadingFailed(address, "this is a test")

    monkeypatch.setattr(ray_workers, "check_reachable", lambda said: None)
    monkeypatch.setattr(ray_workers, "RayWorkers", connect)
    (tmp_path / "models" / "mine").mkdir(parents=True)
    (tmp_path / "models" / "mine" / "config.json").write_text("{}", "utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SpreadingFailed, match="this is a test"):
        list(Models("models/mine").spread(None, "host:1").embed_batches(["sun"] * WORTH_SPREADING))
    assert opened_as == [str(tmp_path / "models" / "mine")]


def words_in(precision: Precision, bulk: bool = False) -> WordEmbedder:
    """A model that says its precision as the real one does."""
    made = WordEmbedder("sun")
    made.fingerprint += f"-{precision}" if precision is INT8 else ""
    return made


def library_in(precision: Precision, folder: Path) -> Path:
    library = Library(folder, words_in(precision), create=True)
    (folder / "sun.txt").write_text("The sun is hot.", "utf-8")
    add(library, [folder / "sun.txt"])
    library.close()
    return folder


@pytest.mark.parametrize("precision", Precision)
def test_a_library_is_opened_in_the_precision_that_it_was_made_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, precision: Precision
) -> None:
    folder = library_in(precision, tmp_path)
    assert made_in(folder) is precision
    monkeypatch.setattr(models, "embedder", words_in)
    with opened(folder) as held:
        assert held.embedder.fingerprint == words_in(precision).fingerprint
        assert held.searcher().passages == 1


def test_a_library_of_which_nothing_is_known_is_opened_in_fp32(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert made_in(tmp_path) is None
    monkeypatch.setattr(models, "embedder", words_in)
    with opened(tmp_path / "library", create=True) as held:
        assert held.embedder.fingerprint == words_in(FP32).fingerprint


@pytest.mark.parametrize("precision", Precision)
def test_a_precision_that_is_given_comes_before_that_of_the_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, precision: Precision
) -> None:
    """As `rebuild --precision` needs it; the library then remembers the new one."""
    folder = library_in(FP32, tmp_path)
    monkeypatch.setattr(models, "embedder", words_in)
    with opened(folder, catch_up=False, precision=precision) as held, held.writing():
        held.rebuild()
    assert made_in(folder) is precision


@pytest.mark.parametrize(("made", "asked"), [(FP32, None), (FP32, FP32), (INT8, None), (INT8, INT8)])
def test_the_precision_of_the_library_may_be_asked_for(
    tmp_path: Path, made: Precision, asked: Precision | None
) -> None:
    check_precision(tmp_path / "none", asked)
    check_precision(library_in(made, tmp_path), asked)


@pytest.mark.parametrize(("made", "asked"), [(FP32, INT8), (INT8, FP32)])
def test_another_precision_is_refused_with_the_command_that_changes_it(
    tmp_path: Path, made: Precision, asked: Precision
) -> None:
    folder = library_in(made, tmp_path)
    with pytest.raises(BadInput) as refused:
        check_precision(folder, asked)
    assert str(refused.value) == (
        f"The library in {folder} is in {made}. To change it: citewell rebuild --precision {asked} --library {folder}"
    )
