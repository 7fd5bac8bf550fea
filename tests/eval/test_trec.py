"""TREC files: what is read, what is refused and how; and that trec_eval's measures of the same files are ours."""

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ir_measures import RR, R, calc_aggregate, iter_calc, nDCG, read_trec_qrels, read_trec_run

from citewell.corpus.errors import BadInput
from citewell.eval.evaluate import judge_runs
from citewell.eval.trec import read_qrels, read_run, write_qrels, write_run


def written(folder: Path, content: str) -> Path:
    file = folder / "file.txt"
    file.write_text(content, "utf-8")
    return file


def test_a_run_is_read_by_score_and_its_ranks_are_ignored(tmp_path: Path) -> None:
    found = read_run(
        written(tmp_path, "q1 Q0 d1 9 2.5 theirs\nq2 Q0 d1 1 7 theirs\n\nq1\tQ0\td2\t1\t-1e3\ttheirs\n")
    )
    assert found.name == "theirs"
    assert found.rankings == {"q1": (("d1", 2.5), ("d2", -1000.0)), "q2": (("d1", 7.0),)}


def test_equal_scores_are_ranked_by_id_the_last_first(tmp_path: Path) -> None:
    """As trec_eval has it, in single precision: 0.1 + 1e-10 is 0.1."""
    found = read_run(written(tmp_path, "q Q0 a 1 0.1000000001 x\nq Q0 c 2 0.1 x\nq Q0 b 3 0.1 x\n"))
    assert [name for name, _ in found.rankings["q"]] == ["c", "b", "a"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        pytest.param(
            "q1 Q0 d2 2 0.4", "needs question, Q0, document, rank, score and name", id="a field is missing"
        ),
        pytest.param(
            "q1 Q0 d2 2 0.4 x more", "needs question, Q0, document, rank, score and name", id="one too many"
        ),
        pytest.param("q1 Q0 d1 2 0.4 x", "'d1' occurs twice for question 'q1'", id="a document twice"),
        pytest.param("q1 Q0 d2 2 0.9 x", "the score rises from 0.5 to 0.9; sort", id="not sorted"),
        pytest.param("q1 Q0 d2 2 nan x", "the score is nan; give a number", id="NaN"),
        pytest.param("q1 Q0 d2 2 -inf x", "the score is -inf; give a number", id="infinite"),
        pytest.param("q1 Q0 d2 2 good x", "'good' is no score", id="no number"),
        pytest.param(
            "q1 Q0 d2 2 0.4 y", "the run was called 'x' before and is 'y' here", id="two runs in a file"
        ),
    ],
)
def test_a_bad_line_of_a_run_is_refused_with_its_file_and_number(
    tmp_path: Path, line: str, said: str
) -> None:
    file = written(tmp_path, f"q1 Q0 d1 1 0.5 x\n\n{line}\n")
    with pytest.raises(BadInput) as refused:
        read_run(file)
    assert str(refused.value).startswith(f"{file}:3: {said}")


def test_judgements_are_read_with_all_grades(tmp_path: Path) -> None:
    found = read_qrels(written(tmp_path, "q1 0 d1 2\nq1\t0\td2\t-1\nq2 0 d1 0\n"))
    assert found == {"q1": {"d1": 2, "d2": -1}, "q2": {"d1": 0}}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        pytest.param("q1 0 d2", "needs question, iteration, document and relevance", id="a field is missing"),
        pytest.param("q1 0 d2 1 1", "needs question, iteration, document and relevance", id="one too many"),
        pytest.param("q1 0 d2 0.5", "needs question, iteration, document and relevance", id="half relevant"),
        pytest.param("q1 0 d2 1001", "a relevance above 1,000; judge on a shorter scale", id="too high"),
        pytest.param(f"q1 0 d2 {'9' * 400}", "a relevance above 1,000; judge", id="400 digits"),
        pytest.param("q1 0 d1 0", "'d1' is judged twice for question 'q1'", id="judged twice"),
    ],
)
def test_a_bad_judgement_is_refused_with_its_file_and_number(tmp_path: Path, line: str, said: str) -> None:
    file = written(tmp_path, f"q1 0 d1 1\n{line}\n")
    with pytest.raises(BadInput) as refused:
        read_qrels(file)
    assert str(refused.value).startswith(f"{file}:2: {said}")


@pytest.mark.parametrize(("read", "said"), [(read_run, "no line in it"), (read_qrels, "no judgement in it")])
def test_an_empty_file_and_one_that_cannot_be_read_are_refused(
    tmp_path: Path, read: object, said: str
) -> None:
    assert callable(read)
    with pytest.raises(BadInput, match=said):
        read(written(tmp_path, "\n"))
    with pytest.raises(BadInput, match="cannot be read"):
        read(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["two words", "", "tab\there"])
def test_an_id_that_the_format_cannot_hold_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput, match="cannot stand in a TREC file"):
        write_run(tmp_path / "run", "ours", {"q": [(name, 1.0)]})
    with pytest.raises(BadInput, match="cannot stand in a TREC file"):
        write_qrels(tmp_path / "qrels", {name: {"d": 1}})


def test_what_is_written_is_read_again_in_the_same_order(tmp_path: Path) -> None:
    """Ids of equal scores stand as they stood, though trec_eval would turn them round."""
    ranking = [("a", 0.5), ("b", 0.5), ("c", 0.5), ("d", 0.49999999), ("e", 0.0), ("f", 0.0)]
    write_run(tmp_path / "run", "no lexical", {"q": ranking})
    found = read_run(tmp_path / "run")
    assert found.name == "no-lexical"
    assert [name for name, _ in found.rankings["q"]] == list("abcdef")
    assert [score for _, score in found.rankings["q"]] == pytest.approx(
        [score for _, score in ranking], abs=1e-6
    )


SCORES = st.sampled_from([0.0, 0.1, 0.1 + 1e-10, 0.25, 0.5, 0.500001, 1.0, -3.5, 1e-30])
RUNS = st.dictionaries(
    st.sampled_from(["q1", "q2", "q3"]),
    st.dictionaries(st.sampled_from([f"d{i}" for i in range(10)]), SCORES, min_size=1),
    min_size=1,
)
JUDGED = st.dictionaries(
    st.sampled_from(["q1", "q2", "q3"]),
    st.dictionaries(st.sampled_from([f"d{i}" for i in range(10)]), st.integers(-1, 3), min_size=1),
    min_size=1,
).filter(lambda qrels: any(grade > 0 for of in qrels.values() for grade in of.values()))
# trec_eval's RR has no depth, so there are ten documents; ir-measures takes RR@10 from elsewhere, with other ties
THEIRS = {"nDCG@10": nDCG @ 10, "RR@10": RR, "R@5": R @ 5, "R@100": R @ 100}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(RUNS, JUDGED)
def test_measures_of_any_run_equal_those_of_ir_measures(
    tmp_path: Path, run: Mapping[str, Mapping[str, float]], qrels: Mapping[str, Mapping[str, int]]
) -> None:
    """Ties included; of questions that are in both, each by itself and the mean over all that have an answer."""
    lines = [
        f"{question} Q0 {document} 0 {score!r} theirs"
        for question, ranking in run.items()
        for document, score in sorted(ranking.items(), key=lambda hit: -hit[1])
    ]
    (tmp_path / "run").write_text("\n".join(lines), "utf-8")
    write_qrels(tmp_path / "qrels", qrels)
    answerable = {q: of for q, of in read_qrels(tmp_path / "qrels").items() if max(of.values()) > 0}
    if not answerable.keys() & run.keys():
        return
    judged = judge_runs("set", {}, answerable, [read_run(tmp_path / "run")])
    ours = {question: result.values for question, result in judged.results["theirs"].items()}
    kept = [of for of in read_trec_qrels(str(tmp_path / "qrels")) if of.query_id in answerable]
    theirs = list(read_trec_run(str(tmp_path / "run")))
    name_of = {measure: name for name, measure in THEIRS.items()}
    for found in iter_calc(list(THEIRS.values()), kept, theirs):
        if found.query_id in answerable:
            assert ours[found.query_id][name_of[found.measure]] == pytest.approx(found.value, abs=1e-9)
    for measure, mean in calc_aggregate(list(THEIRS.values()), kept, theirs).items():
        assert np.mean([values[name_of[measure]] for values in ours.values()]) == pytest.approx(
            mean, abs=1e-9
        )


@given(st.lists(st.sampled_from([0.0, 0.1, 0.1 + 1e-10, 0.5, -2.0, 1e9]), min_size=1, max_size=30))
def test_written_scores_fall_strictly_in_single_precision(
    tmp_path_factory: pytest.TempPathFactory, scores: list[float]
) -> None:
    file = tmp_path_factory.mktemp("run") / "run"
    write_run(file, "x", {"q": [(f"d{i:02}", score) for i, score in enumerate(sorted(scores, reverse=True))]})
    found = [np.float32(line.split()[4]) for line in file.read_text("utf-8").splitlines()]
    assert all(above > below for above, below in pairwise(found))
