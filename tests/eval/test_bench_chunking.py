"""Evidence at five passages against fixed windows: how windows are cut, what fits, and what is compared."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citewell.corpus.article import Span
from citewell.corpus.errors import BadInput
from citewell.corpus.passages import fault_of
from citewell.eval.beir import BeirSet, read_beir, read_evidence
from citewell.eval.bench_chunking import BASELINE, MEASURES, SAME_ROOM, compare, windows
from citewell.eval.locate import Located
from citewell.eval.spans import recall_within
from citewell.index.vector_cache import VectorCache
from tests.fakes import WordEmbedder

EMBEDDER = WordEmbedder("ants", "bees")
TEXT = "Ants dig. " + "Bees fly. " * 149  # 300 words
EVIDENCE = {"text": "Ants dig.", "start": 0, "end": 9}


def a_set(folder: Path, evidence: object = (EVIDENCE,), documents: tuple[str, ...] = ("d1",)) -> Path:
    query = {"_id": "q1", "text": "Do ants dig?", "metadata": {"evidence": evidence}}
    rows: list[Mapping[str, object]] = [{"_id": "d1", "text": TEXT}, {"_id": "d2", "text": "Wasps sting."}]
    (folder / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    (folder / "queries.jsonl").write_text(json.dumps(query) + "\n", "utf-8")
    qrels = ["query-id\tcorpus-id\tscore", *(f"q1\t{name}\t1" for name in documents)]
    (folder / "qrels.tsv").write_text("\n".join(qrels) + "\n", "utf-8")
    return folder


def read(folder: Path) -> BeirSet:
    return read_beir(folder, EMBEDDER.count_tokens)


def test_windows_have_so_many_words_and_begin_with_one() -> None:
    assert [p.span.of(" a b\nc d  e ") for p in windows(" a b\nc d  e ", 2).passages] == [
        " a b\n",
        "c d  ",
        "e ",
    ]
    assert [len(p.span.of(TEXT).split()) for p in windows(TEXT, 200).passages] == [200, 100]


@given(st.text("ab \n", min_size=1), st.integers(1, 3))
def test_windows_tile_a_text(text: str, words: int) -> None:
    assert fault_of(windows(text, words), len(text)) is None


def test_hits_are_taken_up_to_the_first_that_does_not_fit() -> None:
    sha = "0" * 12
    ranking = ((f"d.{sha}.0-10", 0.9), (f"d.{sha}.20-40", 0.8), (f"d.{sha}.10-15", 0.7))
    evidence = [Located("d", sha, (Span(5, 15),))]
    assert [recall_within(ranking, evidence, room) for room in (9, 10, 29, 35)] == [0.0, 0.5, 0.5, 1.0]


def test_evidence_is_where_the_document_says_it(tmp_path: Path) -> None:
    folder = a_set(tmp_path)
    (located,) = read_evidence(folder, read(folder))["q1"]
    assert (located.article_id, located.spans) == ("d1", (Span(0, 9),))


@pytest.mark.parametrize(
    ("evidence", "documents"),
    [
        pytest.param([{**EVIDENCE, "start": 1}], ("d1",), id="other words"),
        pytest.param([{"text": "Ants dig."}], ("d1",), id="no place"),
        pytest.param(["Ants dig."], ("d1",), id="no object"),
        pytest.param([EVIDENCE], ("d1", "d2"), id="two documents"),
        pytest.param([EVIDENCE], ("d3",), id="no such document"),
    ],
)
def test_evidence_that_stands_elsewhere_is_named(
    tmp_path: Path, evidence: object, documents: tuple[str, ...]
) -> None:
    folder = a_set(tmp_path, evidence, documents)
    with pytest.raises(BadInput, match=r"queries.jsonl: question q1: evidence needs text, start and end"):
        read_evidence(folder, read(folder))


def test_a_set_without_evidence_is_refused(tmp_path: Path) -> None:
    folder = a_set(tmp_path, [])
    with pytest.raises(BadInput, match="no question says where its evidence stands"):
        read_evidence(folder, read(folder))


def test_both_sides_are_judged_by_the_same_evidence(tmp_path: Path) -> None:
    folder = a_set(tmp_path)
    beir = read(folder)
    cache = VectorCache(tmp_path / "vectors.db")
    found = compare(beir, read_evidence(folder, beir), EMBEDDER, cache)
    cache.close()
    assert (found.questions, found.window, found.pieces) == (1, 200, {BASELINE: 3, "passages": 2})
    everything = len(TEXT) + len("Wasps sting.")
    assert found.baseline == {
        "span R@5": 1.0,
        "span P@5": round(9 / everything, 4),
        "IoU@5": round(9 / everything, 4),
        "characters@5": everything,
        SAME_ROOM: 1.0,
    }
    hybrid = found.systems["hybrid, passages"]
    assert list(hybrid) == list(MEASURES)
    assert [each.difference for each in hybrid.values()] == [0.0] * 5
    assert {(each.p, each.p_holm) for each in hybrid.values()} == {(1.0, 1.0)}
