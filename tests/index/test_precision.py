"""The model in fp32 and in int8: told apart by the fingerprint, remembered by the index, and how far apart they are."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from citewell.index.folder import model_of
from citewell.index.library import Library
from citewell.index.model import (
    DEFAULT_MODEL_SHA,
    Precision,
    default_model,
    fingerprint_of,
    precision_of,
)
from citewell.index.onnx_embedder import OnnxEmbedder
from citewell.index.purge import purge
from citewell.index.writing import add, remove
from tests.fakes import WordEmbedder

FACTS = [DEFAULT_MODEL_SHA, "da0e79933b9ed51798a3ae27893d3c5fa4a201126cef75586296df9b4d2c62a0", 256]
TEXTS = (
    "",
    "One.",
    "How long does the battery of the second model last?",
    "Prices in March 2026 were $0.15, up 3 % on the year.",
    "Größe, naïveté und 3,1 kg",
    "日本語の質問",
    "Что это?",
    "A long text. " * 200,
    "| year | price |\n| 2026 | 15 |",
)


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Library]:
    """Two segments: three articles and, added later, a smaller one."""
    monkeypatch.setattr("citewell.index.merge._SMALL", 0)
    folder = tmp_path / "library"
    folder.mkdir()
    library = Library(folder, WordEmbedder("sun", "moon"), create=True)
    for names in (("sun", "moon", "star"), ("comet",)):
        files = [tmp_path / f"{name}.md" for name in names]
        for file in files:
            file.write_text(f"---\nid: {file.stem}\n---\nThe {file.stem} is far. It moves.", "utf-8")
        add(library, files)
    yield library
    library.close()


def test_the_fingerprint_in_fp32_is_what_it_was_before_there_was_int8() -> None:
    """Or every library would be embedded anew."""
    assert fingerprint_of(FACTS, Precision.FP32) == "93a2075e4b2ec11f"


@pytest.mark.parametrize("precision", Precision)
def test_a_fingerprint_tells_its_precision(precision: Precision) -> None:
    assert precision_of(fingerprint_of(FACTS, precision)) is precision


def test_fingerprints_differ_by_precision_and_by_what_the_model_is() -> None:
    given = [fingerprint_of([*FACTS, more], precision) for precision in Precision for more in (1, 2)]
    assert len({name.partition("-")[0] for name in given}) == 4


@pytest.mark.parametrize("unknown", ["words sun moon", "", "int8", "int8-93a2075e4b2ec11f"])
def test_an_unknown_fingerprint_stands_for_fp32(unknown: str) -> None:
    assert precision_of(unknown) is Precision.FP32


def test_an_index_tells_the_model_that_made_it(library: Library, tmp_path: Path) -> None:
    assert model_of(tmp_path / "nowhere") is None
    assert model_of(library.folder) == library.embedder.fingerprint


def test_an_index_that_was_built_anew_tells_its_new_model(library: Library) -> None:
    """The segments before stay for a while and do not count."""
    other = Library(library.folder, WordEmbedder("star"))
    with other.writing():
        other.rebuild()
    other.close()
    assert len(list(library.index.glob("*/segment.json"))) > 1
    assert model_of(library.folder) == other.embedder.fingerprint


def test_an_index_of_history_alone_tells_its_model(library: Library) -> None:
    remove(library, ["sun", "moon", "star", "comet"])
    assert model_of(library.folder) == library.embedder.fingerprint


def test_an_index_of_nothing_tells_no_model(library: Library) -> None:
    purge(library, ["sun", "moon", "star", "comet"])
    assert model_of(library.folder) is None


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b"null"])
def test_a_damaged_segment_leaves_the_word_to_another(library: Library, content: bytes) -> None:
    for ref in library.searcher().parts:
        file = library.index / ref.segment.id / "segment.json"
        whole = file.read_bytes()
        file.write_bytes(content)
        assert model_of(library.folder) == library.embedder.fingerprint
        file.write_bytes(whole)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff"])
def test_a_damaged_snapshot_tells_no_model(library: Library, content: bytes) -> None:
    (library.index / "current").write_bytes(content)
    assert model_of(library.folder) is None


# -- the real model -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def int8(embedder: OnnxEmbedder) -> OnnxEmbedder:
    """The default model in int8; compiled into the user's cache if that was never done (15 s)."""
    return OnnxEmbedder(default_model(Precision.INT8))


@pytest.mark.slow
def test_int8_points_where_fp32_points(embedder: OnnxEmbedder, int8: OnnxEmbedder) -> None:
    cosines = (int8.embed_passages(TEXTS) * embedder.embed_passages(TEXTS)).sum(axis=1)
    assert cosines.min() >= 0.97
    assert cosines.max() < 0.9999  # it is another model


@pytest.mark.slow
def test_a_vector_in_int8_never_depends_on_its_neighbours(int8: OnnxEmbedder) -> None:
    """Its scales are taken from all that is in a call, so this holds for one text a call alone."""
    alone = [int8.embed_passages([text]).tobytes() for text in TEXTS]
    assert [row.tobytes() for row in int8.embed_passages(TEXTS)] == alone
    assert [row.tobytes() for row in int8.embed_queries(TEXTS[::-1])[::-1]] == alone


@pytest.mark.slow
def test_vectors_in_int8_have_unit_length(int8: OnnxEmbedder) -> None:
    np.testing.assert_allclose(np.linalg.norm(int8.embed_passages(TEXTS), axis=1), 1, atol=1e-6)


@pytest.mark.slow
def test_int8_is_made_of_what_fp32_compiled(
    embedder: OnnxEmbedder, int8: OnnxEmbedder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    full = default_model()
    folder = tmp_path / "models" / full.folder.name
    folder.mkdir(parents=True)
    for file in full.folder.iterdir():
        (folder / file.name).symlink_to(file)
    made = default_model(Precision.INT8, cache=tmp_path)
    assert (made.fingerprint, made.dim, made.most_tokens) == (int8.fingerprint, full.dim, full.most_tokens)
    assert made.folder.name.endswith("-onnx-int8-1")
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("Compiling all-MiniLM-L6-v2 to ONNX in int8 ")
    assert default_model(Precision.INT8, cache=tmp_path) == made
    assert capsys.readouterr().err == ""
