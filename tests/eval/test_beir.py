"""Sets in BEIR layout: documents as passages, judged questions, and files that are not as they should be."""

import json
from collections.abc import Iterator, Mapping, Sequence
from math import log2
from pathlib import Path

import pytest

from citewell.corpus.article import Span
from citewell.corpus.errors import BadInput
from citewell.eval.beir import BeirSet, by_document, read_beir, read_judgements
from citewell.eval.evaluate import judge_beir
from citewell.eval.systems import rankings
from citewell.eval.trec import Scored
from citewell.index.build import build
from citewell.index.config import Config
from citewell.index.part import Part
from citewell.index.search import Searcher
from citewell.index.vector_cache import VectorCache
from tests.fakes import WordEmbedder

EMBEDDER = WordEmbedder("ants", "bees", "cats")
HEADER = "query-id\tcorpus-id\tscore"


def jsonl(rows: Sequence[Mapping[str, object]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def write(
    folder: Path,
    corpus: Sequence[Mapping[str, object]] = ({"_id": "d1", "text": "Ants dig."},),
    queries: Sequence[Mapping[str, object]] = ({"_id": "q1", "text": "Who digs?"},),
    qrels: Sequence[str] = ("q1\td1\t1",),
) -> Path:
    (folder / "corpus.jsonl").write_text(jsonl(corpus), "utf-8")
    (folder / "queries.jsonl").write_text(jsonl(queries), "utf-8")
    (folder / "qrels.tsv").write_text("\n".join([HEADER, *qrels, ""]), "utf-8")
    return folder


def read(folder: Path, limit: int | None = None) -> BeirSet:
    return read_beir(folder, EMBEDDER.count_tokens, limit)


def test_a_set_is_its_documents_its_judged_questions_and_its_judgements(tmp_path: Path) -> None:
    folder = tmp_path / "insects"
    folder.mkdir()
    found = read(
        write(
            folder,
            [{"_id": "d1", "title": "Nests", "text": "Ants dig.\r\n"}, {"_id": 2, "text": "Bees", "metadata": {"lang": "nl"}}],
            [{"_id": "q1", "text": "Who digs?"}, {"_id": 2, "text": "Who flies?"}],
            ["q1\td1\t2", "q1\t2\t1", "2\t2\t1"],
        )
    )  # fmt: skip
    assert found.name == "insects"
    assert [(a.article_id, a.title, text, a.language) for a, text, _ in found.documents] == [
        ("d1", "Nests", "Ants dig.\n", None),
        ("2", "", "Bees", "nl"),
    ]
    assert found.questions == {"q1": "Who digs?", "2": "Who flies?"}
    assert found.qrels == {"q1": {"d1": 2, "2": 1}, "2": {"2": 1}}


def test_the_header_of_the_judgements_may_be_missing(tmp_path: Path) -> None:
    folder = write(tmp_path)
    (folder / "qrels.tsv").write_text("q1\td1\t1\n", "utf-8")
    assert read(folder).qrels == {"q1": {"d1": 1}}


def test_a_document_of_400_words_is_one_passage_and_a_longer_one_is_cut(tmp_path: Path) -> None:
    whole = "Ants dig and bees fly. " * 80
    longer = f"{whole}Far."
    found = read(write(tmp_path, [{"_id": "whole", "text": whole}, {"_id": "longer", "text": longer}]))
    (_, _, of_whole), (_, text, of_longer) = found.documents
    assert [passage.span for passage in of_whole.passages] == [Span(0, len(whole))]
    assert len(of_longer.passages) > 1
    assert "".join(passage.span.of(text) for passage in of_longer.passages) == longer


def test_nothing_is_cut_out_of_a_document(tmp_path: Path) -> None:
    """Benchmarks judge whole documents, so what looks like a page leftover stays."""
    text = "Subscribe to our newsletter\n\n" + "Ants dig. " * 200 + "\n\nShare this article\n"
    ((_, _, pieces),) = read(write(tmp_path, [{"_id": "d1", "text": text}])).documents
    assert pieces.excluded == ()
    assert "".join(passage.span.of(text) for passage in pieces.passages) == text


def test_questions_without_a_relevant_document_are_left_out(tmp_path: Path) -> None:
    queries = [{"_id": name, "text": "Who?"} for name in ("unjudged", "judged", "irrelevant")]
    found = read(write(tmp_path, queries=queries, qrels=["judged\td1\t1", "irrelevant\td1\t0"]))
    assert list(found.questions) == ["judged"]
    assert found.qrels == {"judged": {"d1": 1}}


def test_a_limit_takes_the_first_judged_questions(tmp_path: Path) -> None:
    queries = [{"_id": name, "text": "Who?"} for name in ("q0", "q1", "q2", "q3")]
    folder = write(tmp_path, queries=queries, qrels=["q3\td1\t1", "q2\td1\t1", "q1\td1\t1"])
    assert list(read(folder, limit=2).questions) == ["q1", "q2"]
    assert list(read(folder, limit=2).qrels) == ["q1", "q2"]
    assert list(read(folder).questions) == ["q1", "q2", "q3"]


@pytest.mark.parametrize("file", ["corpus.jsonl", "queries.jsonl"])
@pytest.mark.parametrize(
    "bad",
    [
        pytest.param("not JSON", id="not JSON"),
        pytest.param("[1]", id="no object"),
        pytest.param('{"text": "Ants dig."}', id="no _id"),
        pytest.param('{"_id": "x"}', id="no text"),
        pytest.param('{"_id": "x", "text": null}', id="text that is null"),
        pytest.param('{"_id": "x", "text": 7}', id="text that is a number"),
    ],
)
def test_a_bad_line_is_refused_with_its_file_and_number(tmp_path: Path, file: str, bad: str) -> None:
    bad_file = write(tmp_path) / file
    bad_file.write_text(bad_file.read_text("utf-8") + f"\n{bad}\n", "utf-8")
    with pytest.raises(BadInput) as refused:
        read(tmp_path)
    assert str(refused.value).startswith(f"{bad_file}:3: ")


@pytest.mark.parametrize(
    "field",
    ['"title": 7', '"metadata": "nl"', '"metadata": {"lang": 7}'],
    ids=["title", "metadata", "language"],
)
def test_a_field_of_the_wrong_kind_is_refused_with_its_file_and_number(tmp_path: Path, field: str) -> None:
    file = write(tmp_path) / "corpus.jsonl"
    file.write_text(f'{{"_id": "d1", "text": "Ants dig.", {field}}}\n', "utf-8")
    with pytest.raises(BadInput) as refused:
        read(tmp_path)
    assert str(refused.value).startswith(f"{file}:1: ")


@pytest.mark.parametrize(
    "bad",
    ["q1", "q1\td1", "q1 d1 1", "q1\td1\t1\tmore", "q1\td1\tgood", "q1\td1\t", "q1\td1\t0.5", HEADER],
)
def test_a_bad_judgement_is_refused_with_its_file_and_number(tmp_path: Path, bad: str) -> None:
    with pytest.raises(BadInput) as refused:
        read(write(tmp_path, qrels=["q1\td1\t1", "", bad]))
    said = "needs question, document and relevance, tab-separated"
    assert str(refused.value) == f"{tmp_path / 'qrels.tsv'}:4: {said}"


def test_a_judgement_of_an_unknown_question_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as refused:
        read(write(tmp_path, qrels=["q1\td1\t1", "q9\td1\t1"]))
    said = "judgements for 'q9', which is not in queries.jsonl"
    assert str(refused.value) == f"{tmp_path / 'qrels.tsv'}:3: {said}"


def test_a_set_without_any_judged_question_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as refused:
        read(write(tmp_path, qrels=["q1\td1\t0"]))
    assert str(refused.value) == f"{tmp_path}: no judged question; check queries.jsonl and qrels.tsv"


@pytest.mark.parametrize("file", ["corpus.jsonl", "queries.jsonl", "qrels.tsv"])
@pytest.mark.parametrize(
    ("content", "said"),
    [(None, " cannot be read ("), (b"\xff\n", ":1: not UTF-8. Save it as UTF-8")],
    ids=["missing", "not UTF-8"],
)
def test_a_file_that_cannot_be_read_is_named(
    tmp_path: Path, file: str, content: bytes | None, said: str
) -> None:
    bad = write(tmp_path) / file
    bad.unlink()
    if content is not None:
        bad.write_bytes(content)
    with pytest.raises(BadInput) as refused:
        read(tmp_path)
    assert str(refused.value).startswith(f"{bad}{said}")


@pytest.mark.parametrize("file", ["corpus.jsonl", "queries.jsonl"])
def test_an_id_that_occurs_twice_is_refused(tmp_path: Path, file: str) -> None:
    """Also as a number and as a text: judgements have texts only."""
    bad = write(tmp_path) / file
    bad.write_text(jsonl([{"_id": name, "text": "Who digs?"} for name in ("7", 7, "q1")]), "utf-8")
    with pytest.raises(BadInput) as refused:
        read(tmp_path)
    assert str(refused.value) == f"{bad}:2: the id '7' occurs twice"


@pytest.mark.parametrize("first", ["1", "0"])
def test_a_pair_that_is_judged_twice_is_refused(tmp_path: Path, first: str) -> None:
    with pytest.raises(BadInput) as refused:
        read(write(tmp_path, qrels=["q1\td2\t1", f"q1\td1\t{first}", "q1\td1\t1"]))
    assert str(refused.value) == f"{tmp_path / 'qrels.tsv'}:4: 'd1' is judged twice for question 'q1'"


@pytest.mark.parametrize("file", ["corpus.jsonl", "queries.jsonl"])
def test_a_file_without_a_line_is_refused(tmp_path: Path, file: str) -> None:
    bad = write(tmp_path) / file
    bad.write_text("\n", "utf-8")
    with pytest.raises(BadInput) as refused:
        read(tmp_path)
    said = "no line in it. A set has corpus.jsonl, queries.jsonl and qrels.tsv."
    assert str(refused.value) == f"{bad}: {said}"


def test_a_relevance_that_no_measure_can_count_is_refused(tmp_path: Path) -> None:
    assert read(write(tmp_path, qrels=["q1\td1\t1000"])).qrels == {"q1": {"d1": 1000}}
    with pytest.raises(BadInput) as refused:
        read(write(tmp_path, qrels=[f"q1\td1\t{'9' * 400}"]))
    said = "a relevance above 1,000; judge on a shorter scale"
    assert str(refused.value) == f"{tmp_path / 'qrels.tsv'}:2: {said}"


# -- rankings of documents ------------------------------------------------------------------------------------

FILLER = "Nothing is said about any insect in this sentence. " * 50


@pytest.fixture
def searched(tmp_path: Path) -> Iterator[tuple[BeirSet, Searcher]]:
    """`long` speaks of bees at its end only, `v1.2` of ants and bees, `silent` has a title and no text."""
    corpus = [
        {"_id": "long", "text": f"{FILLER}\n\n{FILLER}\n\nBees."},
        {"_id": "v1.2", "text": "Ants and bees."},
        {"_id": "silent", "title": "Cats", "text": ""},
    ]
    queries = [{"_id": "q1", "text": "bees"}, {"_id": "q2", "text": "cats"}, {"_id": "q3", "text": "ants"}]
    qrels = ["q1\tv1.2\t1", "q2\tsilent\t1", "q3\tlong\t2", "q3\tv1.2\t1"]
    beir = read(write(tmp_path, corpus, queries, qrels))
    cache = VectorCache(tmp_path / "vectors.db")
    yield (
        beir,
        Searcher(
            "beir",
            [Part(build(beir.documents, EMBEDDER, cache))],
            EMBEDDER,
            Config(k1=1.5, lexical=0.5, passage=0.25, sentence=0.25),
        ),
    )
    cache.close()


def test_a_document_stands_once_in_a_ranking_where_its_best_passage_stands(
    searched: tuple[BeirSet, Searcher],
) -> None:
    beir, searcher = searched
    assert len(beir.documents[0][2].passages) > 2
    assert beir.depth == 1000
    found = rankings(searcher, searcher.query("ants"), beir.depth)
    assert len(found["dense"]) > 4
    assert by_document(found["dense"]) == (
        ("v1.2", pytest.approx(2**-0.5, abs=1e-3)),
        ("long", 0.0),
        ("silent", 0.0),
    )
    assert ids(by_document(found["lexical"])) == ["v1.2"]


def test_a_document_without_text_is_found_by_its_title(searched: tuple[BeirSet, Searcher]) -> None:
    beir, searcher = searched
    found = rankings(searcher, searcher.query("cats"), beir.depth)
    assert ids(by_document(found["hybrid"]))[0] == "silent"
    assert ids(by_document(found["lexical"])) == ["silent"]


def test_a_hundred_documents_are_ranked_and_a_hundred_passages_where_none_is_cut(tmp_path: Path) -> None:
    assert read(write(tmp_path)).depth == 100
    assert len(by_document([(f"d{i}.sha.0-9", 1 - i / 1000) for i in range(300)])) == 100


def ids(ranking: Scored) -> list[str]:
    return [name for name, _ in ranking]


def test_a_public_set_is_judged_for_each_system(searched: tuple[BeirSet, Searcher]) -> None:
    """q1 has its document at rank 1, but dense at 2; q2 at 1; q3 has the lesser of two at 1, the better at 2 or not."""
    beir, searcher = searched
    seen: list[tuple[int, int]] = []
    judged = judge_beir(beir, searcher, ("lexical", "dense"), lambda done, total: seen.append((done, total)))
    second, ideal = 1 / log2(3), 2 + 1 / log2(3)
    assert {
        system: [result.values["nDCG@10"] for result in results.values()]
        for system, results in judged.results.items()
    } == {
        "lexical": [1, 1, pytest.approx(1 / ideal)],
        "dense": [pytest.approx(second), 1, pytest.approx((1 + 2 * second) / ideal)],
    }
    assert [asked.id for asked in judged.asked] == list(judged.results["dense"]) == ["q1", "q2", "q3"]
    assert judged.qrels == beir.qrels
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_a_question_that_stands_word_for_word_in_its_document_is_a_leak(
    searched: tuple[BeirSet, Searcher],
) -> None:
    """ "ants" and "bees" stand in v1.2, "cats" in the title of silent."""
    assert judge_beir(*searched, ("lexical",)).leaks == ("q1", "q2", "q3")


def test_judgements_are_read_without_documents(tmp_path: Path) -> None:
    folder = write(tmp_path)
    (folder / "corpus.jsonl").unlink()
    found = read_judgements(folder)
    assert (found.questions, found.qrels) == ({"q1": "Who digs?"}, {"q1": {"d1": 1}})


def test_judgements_may_lie_where_beir_keeps_them(tmp_path: Path) -> None:
    folder = write(tmp_path)
    (folder / "qrels").mkdir()
    (folder / "qrels.tsv").rename(folder / "qrels" / "test.tsv")
    assert read_judgements(folder).qrels == {"q1": {"d1": 1}}


def test_documents_that_are_judged_and_not_there_are_counted(tmp_path: Path) -> None:
    found = read(write(tmp_path, qrels=["q1\td1\t1", "q1\td9\t1"]))
    cache = VectorCache(tmp_path / "vectors.db")
    searcher = Searcher("beir", [Part(build(found.documents, EMBEDDER, cache))], EMBEDDER, Config())
    cache.close()
    said = "1 of 2 judgements are of documents that are not in corpus.jsonl."
    assert judge_beir(found, searcher, ("lexical",)).remarks == (said,)
