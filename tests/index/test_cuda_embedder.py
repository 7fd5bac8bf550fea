"""Bulk embedding on a device: when it is used, that it is checked, and that nothing is lost when it fails."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from citewell.index.cuda_embedder import (
    TOLERANCE,
    WORTH_LOADING,
    CudaEmbedder,
    Encode,
    cuda_seems_present,
    load_encoder,
)
from citewell.index.embedding import Vectors, embed_cached
from citewell.index.onnx_embedder import OnnxEmbedder
from citewell.index.vector_cache import Role, VectorCache
from tests.fakes import WordEmbedder

MANY = [f"sun {i}" if i % 3 else f"moon {i}" for i in range(WORTH_LOADING)]


class Device:
    """Encodes as another embedder does, unless it is told to be wrong or to fail."""

    def __init__(self, like: WordEmbedder) -> None:
        self.like = like
        self.loaded: list[str] = []  # the devices that encoders were loaded for
        self.off_by = 0.0
        self.fails: Exception | None = None

    def load(self, device: str) -> Encode:
        self.loaded.append(device)
        return self.encode

    def encode(self, texts: Sequence[str]) -> Vectors:
        if self.fails:
            raise self.fails
        vectors: Vectors = self.like.embed_passages(texts) + np.float32(self.off_by)
        return vectors


@pytest.fixture
def onnx() -> WordEmbedder:
    return WordEmbedder("sun", "moon")


@pytest.fixture
def device() -> Device:
    return Device(WordEmbedder("sun", "moon"))


@pytest.fixture
def bulk(onnx: WordEmbedder, device: Device) -> CudaEmbedder:
    return CudaEmbedder(onnx, load=device.load)


def vectors_of(texts: Sequence[str]) -> list[list[float]]:
    rows: list[list[float]] = WordEmbedder("sun", "moon").embed_passages(texts).tolist()
    return rows


def test_it_stands_for_the_onnx_model(onnx: WordEmbedder, bulk: CudaEmbedder) -> None:
    assert (bulk.fingerprint, bulk.dim) == (onnx.fingerprint, onnx.dim)
    assert bulk.count_tokens("two words") == 2
    assert bulk.knows_script("sun")
    assert not bulk.knows_script("солнце")
    assert bulk.knows_word("sun")
    assert not bulk.knows_word("snu")


def test_few_texts_stay_with_onnx(onnx: WordEmbedder, device: Device, bulk: CudaEmbedder) -> None:
    assert bulk.embed_passages(MANY[1:]).tolist() == vectors_of(MANY[1:])
    assert onnx.embedded == MANY[1:]
    assert device.loaded == []


def test_questions_stay_with_onnx_however_many(
    onnx: WordEmbedder, device: Device, bulk: CudaEmbedder
) -> None:
    bulk.embed_passages(MANY)
    bulk.embed_queries(MANY)
    assert onnx.embedded[-len(MANY) :] == MANY
    assert device.like.embedded == MANY


def test_many_texts_at_once_go_to_the_device_in_order(device: Device, bulk: CudaEmbedder) -> None:
    assert bulk.embed_passages(MANY).tolist() == vectors_of(MANY)
    assert device.like.embedded == MANY
    assert device.loaded == ["cuda"]


def test_many_small_batches_go_to_the_device_once_they_add_up(
    onnx: WordEmbedder, device: Device, bulk: CudaEmbedder, tmp_path: Path
) -> None:
    """As `embed_cached` hands them over; the device's encoder is loaded once for all that follow."""
    texts = [f"sun {i}" for i in range(3 * WORTH_LOADING)]
    made = embed_cached(bulk, VectorCache(tmp_path / "vectors.db"), Role.PASSAGE, texts)
    assert made.tolist() == vectors_of(texts)
    assert device.loaded == ["cuda"]
    assert len(device.like.embedded) > 2 * WORTH_LOADING
    assert set(onnx.embedded) | set(device.like.embedded) == set(texts)


def test_no_texts_no_vectors_and_nothing_loaded(device: Device, bulk: CudaEmbedder) -> None:
    assert bulk.embed_passages([]).shape == (0, 3)
    bulk.embed_passages(MANY)
    assert bulk.embed_passages([]).shape == (0, 3)
    assert device.loaded == ["cuda"]


@pytest.mark.parametrize("off_by", [10 * TOLERANCE, float("nan")])
def test_other_vectors_are_thrown_away_and_said_once(
    onnx: WordEmbedder, device: Device, bulk: CudaEmbedder, off_by: float, capsys: pytest.CaptureFixture[str]
) -> None:
    device.off_by = off_by
    for _ in range(2):
        assert bulk.embed_passages(MANY).tolist() == vectors_of(MANY)
    assert onnx.embedded[-len(MANY) :] == MANY
    assert device.loaded == ["cuda"]
    assert capsys.readouterr().err == (
        f"citewell: not embedding on cuda, going on without it: its vectors differ by {off_by:.1e} (at most 1e-05)\n"
    )


def test_vectors_that_differ_by_rounding_are_taken(device: Device, bulk: CudaEmbedder) -> None:
    device.off_by = TOLERANCE / 10
    np.testing.assert_allclose(bulk.embed_passages(MANY), vectors_of(MANY), atol=TOLERANCE)
    assert device.like.embedded == MANY


def test_a_device_that_cannot_be_loaded_leaves_everything_to_onnx(
    onnx: WordEmbedder, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(device: str) -> Encode:
        raise AssertionError("Torch not compiled with CUDA enabled")  # what torch raises

    bulk = CudaEmbedder(onnx, load=broken)
    assert bulk.embed_passages(MANY).tolist() == vectors_of(MANY)
    assert onnx.embedded == MANY
    assert capsys.readouterr().err == (
        "citewell: not embedding on cuda, going on without it: Torch not compiled with CUDA enabled\n"
    )


def test_a_device_that_fails_in_the_middle_loses_nothing(
    onnx: WordEmbedder, device: Device, bulk: CudaEmbedder, capsys: pytest.CaptureFixture[str]
) -> None:
    bulk.embed_passages(MANY)
    device.fails = RuntimeError("CUDA error: out of memory\nCompile with TORCH_USE_CUDA_DSA")
    for texts in (["moon", "sun"], ["sun"]):
        assert bulk.embed_passages(texts).tolist() == vectors_of(texts)
    assert onnx.embedded[-3:] == ["moon", "sun", "sun"]
    assert device.loaded == ["cuda"]
    assert capsys.readouterr().err == (
        "citewell: not embedding on cuda, going on without it: CUDA error: out of memory\n"
    )


@pytest.mark.parametrize(
    ("driver", "visible", "build", "present"),
    [
        pytest.param(True, None, "2.13.0", True, id="a driver"),
        pytest.param(True, None, "2.13.0+cu130", True, id="a driver, PyTorch for some CUDA"),
        pytest.param(True, "1", "2.13.0", True, id="the second device"),
        pytest.param(True, "", "2.13.0", False, id="none to be seen"),
        pytest.param(True, "-1", "2.13.0", False, id="none to be seen, said otherwise"),
        pytest.param(True, None, "2.13.0+cpu", False, id="PyTorch for the CPU"),
        pytest.param(False, None, "2.13.0", False, id="no driver"),
    ],
)
def test_a_device_is_looked_for_without_importing_torch(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    driver: bool,
    visible: str | None,
    build: str,
    present: bool,
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    file = tmp_path / "nvidiactl"
    if driver:
        file.touch()
    assert cuda_seems_present(file, build) is present


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # those of PyTorch
def test_sentence_transformers_gives_the_vectors_of_onnx(
    embedder: OnnxEmbedder, capsys: pytest.CaptureFixture[str]
) -> None:
    """The very same class on the CPU, because no machine that runs the tests has another device."""
    encoded: list[str] = []

    def load(device: str) -> Encode:
        encode = load_encoder(device)

        def recorded(texts: Sequence[str]) -> Vectors:
            encoded.extend(texts)
            return encode(texts)

        return recorded

    cpu = CudaEmbedder(embedder, device="cpu", load=load)
    texts = [
        "", " \n", "\ufeffA byte order mark.\r\n", "cafe\u0301", "caf\u00e9", "NUL \x00 and \ud800", "\x1c \x85 controls",
        "日本語 и русский", "\U0001f600", "[CLS] [SEP] [PAD]", "A long text. " * 300, "x" * 5000,
    ]  # fmt: skip
    texts += [f"Question {i}: how long is number {i * 17} of {i % 7}?" for i in range(WORTH_LOADING)]
    vectors = cpu.embed_passages(texts)
    np.testing.assert_allclose(vectors, embedder.embed_passages(texts), rtol=0, atol=TOLERANCE)
    beside_others = cpu.embed_passages(texts[10:0:-1])
    np.testing.assert_allclose(beside_others, vectors[10:0:-1], rtol=0, atol=TOLERANCE)
    assert encoded == [*texts, *texts[10:0:-1]]
    assert capsys.readouterr().err == ""
