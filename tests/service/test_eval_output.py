"""The folder of `citewell eval --output`: what cannot be written is refused first, and nothing stale stays in it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from citewell.corpus.errors import BadInput
from citewell.index.library import Library
from citewell.index.writing import add
from citewell.service.evaluation import Evaluation
from tests.fakes import WordEmbedder


@pytest.fixture
def ants(tmp_path: Path) -> Iterator[Library]:
    file = tmp_path / "ants.md"
    file.write_text("---\nid: ants\n---\nAnts dig.\n", "utf-8")
    library = Library(tmp_path, WordEmbedder("ants"), create=True)
    add(library, [file])
    yield library
    library.close()


def gold(folder: Path, name: str) -> Path:
    file = folder / "gold.jsonl"
    evidence = [{"article": "ants", "quote": "Ants dig."}]
    file.write_text(
        json.dumps({"id": name, "kind": "fact", "question": "Who?", "evidence": evidence}), "utf-8"
    )
    return file


def judging(output: Path | None, *systems: str) -> Evaluation:
    return Evaluation(systems, output, None, True)


def beir(folder: Path, question: str = "q1", document: str = "d1", judged: str = "d1") -> Path:
    (folder / "corpus.jsonl").write_text(json.dumps({"_id": document, "text": "Ants dig."}), "utf-8")
    (folder / "queries.jsonl").write_text(json.dumps({"_id": question, "text": "Who digs?"}), "utf-8")
    (folder / "qrels.tsv").write_text(f"{question}\t{judged}\t1\n", "utf-8")
    return folder


def test_gold_with_an_id_that_cannot_be_written_is_not_asked(
    ants: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, output = gold(tmp_path, "q 1"), tmp_path / "out"
    monkeypatch.setattr(ants, "searcher", lambda: pytest.fail("asked"))
    with pytest.raises(BadInput, match="The id 'q 1' cannot stand in a TREC file"):
        judging(output, "lexical").of_gold(ants, file)
    assert not output.exists()


def test_gold_with_such_an_id_is_judged_where_nothing_is_written(ants: Library, tmp_path: Path) -> None:
    judging(None, "lexical").of_gold(ants, gold(tmp_path, "q 1"))


@pytest.mark.parametrize(
    ("part", "name"),
    [("question", "q 1"), ("document", "d 1"), ("document", "\ud800"), ("judged", "d 1")],
    ids=["question", "document", "half a character", "judged"],
)
def test_a_public_set_with_an_id_that_cannot_be_written_is_not_embedded(
    tmp_path: Path, part: str, name: str
) -> None:
    with pytest.raises(BadInput, match="cannot stand in a TREC file"):
        judging(tmp_path / "out", "lexical").of_beir(beir(tmp_path, **{part: name}), WordEmbedder(), None)
    assert not (tmp_path / "out").exists()


def test_runs_over_a_set_with_an_id_that_cannot_be_written_are_refused(tmp_path: Path) -> None:
    run = tmp_path / "their.run"
    run.write_text("q1 Q0 d1 1 0.5 theirs\n", "utf-8")
    with pytest.raises(BadInput, match="The id 'd 1' cannot stand in a TREC file"):
        Evaluation(None, tmp_path / "out", None, True).of_runs(
            [run], beir(tmp_path, judged="d 1"), None, None
        )
    assert not (tmp_path / "out").exists()


def test_our_runs_of_an_earlier_report_go_and_those_of_others_stay(ants: Library, tmp_path: Path) -> None:
    file, output = gold(tmp_path, "q1"), tmp_path / "out"
    output.mkdir()
    (output / "theirs.run").write_text("", "utf-8")
    judging(output, "lexical", "no lexical").of_gold(ants, file)
    judging(output, "dense").of_gold(ants, file)
    assert sorted(each.name for each in output.glob("*.run")) == ["dense.run", "theirs.run"]


def test_runs_in_a_folder_without_a_report_of_ours_stay(ants: Library, tmp_path: Path) -> None:
    output = tmp_path / "out"
    output.mkdir()
    (output / "lexical.run").write_text("", "utf-8")
    judging(output, "dense").of_gold(ants, gold(tmp_path, "q1"))
    assert sorted(each.name for each in output.glob("*.run")) == ["dense.run", "lexical.run"]


def test_a_run_whose_name_has_a_slash_stays_in_the_folder(tmp_path: Path) -> None:
    run = tmp_path / "their.run"
    run.write_text("q1 Q0 d1 1 0.5 ../theirs\n", "utf-8")
    Evaluation(None, tmp_path / "out", None, True).of_runs([run], beir(tmp_path), None, None)
    assert (tmp_path / "out" / "..-theirs.run").read_text("utf-8") == "q1 Q0 d1 1 0.5 ../theirs\n"
