"""`citewell eval` and `eval check` in processes of their own, with the real model."""

import json
from pathlib import Path
from typing import Any

import pytest

from citewell.eval.gold import KINDS
from citewell.index.onnx_embedder import OnnxEmbedder
from tests.service.command import Ran, citewell

QUESTIONS: list[dict[str, Any]] = [
    {"id": "q1", "kind": "fact", "question": "Who digs tunnels?", "evidence": [{"article": "ants", "quote": "Ants dig long tunnels."}]},
    {"id": "q2", "kind": "fact", "question": "What is honey made of?", "evidence": [{"article": "bees.txt", "quote": "Bees turn nectar into honey."}]},
    {"id": "u1", "kind": "unanswerable", "question": "How old do ants get?", "evidence": [], "why": "detail not given"},
]  # fmt: skip
SYSTEMS = ["lexical", "dense", "rrf", "hybrid", "no lexical", "no passage", "no sentence"]


@pytest.fixture(scope="module")
def library(embedder: OnnxEmbedder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two articles, to be read only. The model is compiled before (see `embedder`)."""
    folder = tmp_path_factory.mktemp("judged")
    (folder / "ants.md").write_text(
        "---\nid: ants\ntitle: Ants\nlanguage: en\n---\nAnts dig long tunnels. Some carry leaves.\n", "utf-8"
    )
    (folder / "bees.txt").write_text("Bees turn nectar into honey. They dance to tell of flowers.\n", "utf-8")
    assert citewell("add", folder, "--library", folder / "library").code == 0
    return folder / "library"


def gold(folder: Path, questions: list[dict[str, Any]]) -> Path:
    file = folder / "gold.jsonl"
    file.write_text("".join(json.dumps(question) + "\n" for question in questions), "utf-8")
    return file


def refusal(ran: Ran) -> str:
    """The one line on standard error of what could not be judged at all."""
    assert (ran.code, ran.out) == (2, "")
    (line,) = ran.err.splitlines()
    assert line.startswith("citewell: ")
    return line.removeprefix("citewell: ")


def test_own_gold_gives_one_report_in_every_form(library: Path, tmp_path: Path) -> None:
    ran = citewell(
        "eval",
        "--gold",
        gold(tmp_path, QUESTIONS),
        "--library",
        library,
        "--output",
        tmp_path / "out",
        "--json",
    )
    report = json.loads(ran.out)
    assert (ran.code, ran.err) == (0, "")
    assert (report["set"], report["system"], report["questions"]) == ("gold", "hybrid", 3)
    assert [row["system"] for row in report["rows"] if row["kind"] == "all"] == SYSTEMS
    assert report["measures"]["nDCG@10"] == report["measures"]["first quote"] == 1.0
    assert report["no_answer"]["unanswerable"] == 1
    assert report["index"]["passages"] == 2
    names = sorted(file.name for file in (tmp_path / "out").iterdir())
    assert names == sorted(
        ["report.json", "report.html", "qrels.txt", *(f"{s.replace(' ', '-')}.run" for s in SYSTEMS)]
    )
    assert json.loads((tmp_path / "out" / "report.json").read_text("utf-8")) == report
    assert "<h1>gold</h1>" in (tmp_path / "out" / "report.html").read_text("utf-8")
    again = citewell("eval", "--run", tmp_path / "out" / "hybrid.run", "--run", tmp_path / "out" / "dense.run", "--qrels", tmp_path / "out" / "qrels.txt", "--json")  # fmt: skip
    judged = json.loads(again.out)
    assert (again.code, judged["measures"]["nDCG@10"]) == (0, 1.0)
    assert [row["system"] for row in judged["rows"]] == ["hybrid", "dense"]


def test_the_same_gold_gives_the_same_report(library: Path, tmp_path: Path) -> None:
    file = gold(tmp_path, QUESTIONS)
    reports = [
        json.loads(citewell("eval", "--gold", file, "--library", library, "--json").out) for _ in range(2)
    ]
    for report in reports:
        del report["latency"], report["seconds"]
    assert reports[0] == reports[1]


def test_a_report_for_people_is_tables(library: Path, tmp_path: Path) -> None:
    ran = citewell("eval", "--gold", gold(tmp_path, QUESTIONS), "--library", library, "--system", "lexical", "--system", "hybrid")  # fmt: skip
    lines = ran.out.splitlines()
    assert (ran.code, ran.err) == (0, "")
    assert lines[0] == "gold: 3 questions"
    assert [line.split()[0] for line in lines[2:4]] == ["lexical", "hybrid"]


def test_the_gate_is_passed_by_the_same_and_missed_by_a_loss(library: Path, tmp_path: Path) -> None:
    """Eight questions whose evidence was found; afterwards the judgements want what nobody finds first."""
    asked = [{**QUESTIONS[0], "id": f"q{i}", "question": f"Who digs tunnels number {i}?"} for i in range(8)]
    before = citewell("eval", "--gold", gold(tmp_path, asked), "--library", library, "--json")
    (tmp_path / "baseline.json").write_text(before.out, "utf-8")
    arguments = ("--library", library, "--gate", tmp_path / "baseline.json")
    passed = citewell("eval", "--gold", tmp_path / "gold.jsonl", *arguments)
    assert (passed.code, passed.err) == (0, "")
    assert "on 8 questions; a loss is significant at 5% and larger than 0.02" in passed.out
    wrong = [{"article": "bees.txt", "quote": "They dance to tell of flowers."}]
    missed = citewell(
        "eval", "--gold", gold(tmp_path, [{**q, "evidence": wrong} for q in asked]), *arguments, "--json"
    )
    report = json.loads(missed.out)
    assert missed.code == 1
    assert report["gate"]["passed"] is False
    assert [row["system"] for row in report["rows"] if row["kind"] == "all"] == ["hybrid"]


def test_a_public_set_prints_one_line_of_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its vectors go into the user's cache: another one here, with the compiled model of the real one."""
    from citewell.index.model import cache_folder

    cache = tmp_path / "cache" / "citewell"
    cache.mkdir(parents=True)
    (cache / "models").symlink_to(cache_folder() / "models")
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache.parent))
    folder = beir(tmp_path)
    ran = citewell("eval", "--beir", folder, "--output", tmp_path / "out", "--json")
    (line,) = ran.out.splitlines()
    report = json.loads(line)
    assert (ran.code, ran.err) == (0, "")
    assert report["set"] == "insects"
    assert report["measures"] == dict.fromkeys(("nDCG@10", "RR@10", "R@1", "R@5", "R@10", "R@100"), 1.0)
    assert {"quotes", "seconds"} <= report.keys()
    assert (cache / "vectors.db").is_file()
    foreign = citewell("eval", "--run", tmp_path / "out" / "hybrid.run", "--beir", folder, "--limit", "1")
    assert foreign.code == 0
    assert foreign.out.startswith("insects: 1 questions")


def beir(folder: Path) -> Path:
    made = folder / "insects"
    made.mkdir()
    (made / "corpus.jsonl").write_text(
        '{"_id": "d1", "text": "Ants dig."}\n{"_id": "d2", "text": "Bees fly."}\n'
    )
    (made / "queries.jsonl").write_text('{"_id": "q1", "text": "Who flies?"}\n')
    (made / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td2\t1\n")
    return made


def test_sound_gold_passes_the_check(library: Path, tmp_path: Path) -> None:
    every = [
        {**QUESTIONS[0], "id": kind, "kind": kind, "question": f"Who digs, {kind}?"} for kind in KINDS if kind != "unanswerable"
    ]  # fmt: skip
    ran = citewell("eval", "check", gold(tmp_path, [*every, QUESTIONS[2]]), "--library", library)
    assert (ran.code, ran.out) == (0, "8 questions, 0 problems\n")


def test_unsound_gold_fails_the_check_and_every_problem_is_named(library: Path, tmp_path: Path) -> None:
    stale = {**QUESTIONS[0], "evidence": [{"article": "ants", "quote": "Ants dig deep."}]}
    file = gold(tmp_path, [stale, QUESTIONS[2]])
    ran = citewell("eval", "check", file, "--library", library)
    assert ran.code == 1
    assert ran.out.splitlines() == [
        f"{file}:1: question q1: ants does not say 'Ants dig deep.'",
        *(f"{file}: no question of kind {kind}" for kind in KINDS if kind not in ("fact", "unanswerable")),
        "2 questions, 7 problems",
    ]
    as_json = citewell("eval", "check", file, "--library", library, "--json")
    assert as_json.code == 1
    assert json.loads(as_json.out)["problems"][0]["place"] == f"{file}:1"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--limit", "3"], "--limit goes with --beir."),
        (["--gold", "a.jsonl", "--beir", "b"], "Give --gold or --beir, not both."),
        (["--gold", "a.jsonl", "--precision", "int8"], "--gold asks a library in its own precision."),
        (["--beir", "/nowhere"], "/nowhere/queries.jsonl cannot be read ("),
        (["--gold", "/nowhere.jsonl"], "/nowhere.jsonl cannot be read ("),
        (["--system", "sparse"], "No system 'sparse'; there are lexical, dense,"),
        (["--qrels", "q.txt"], "--qrels goes with --run."),
        (["--run", "r.txt"], "--run needs --beir or --qrels, one of them."),
        (["--run", "r.txt", "--qrels", "q", "--beir", "b"], "--run needs --beir or --qrels, one of them."),
        (["--run", "r.txt", "--qrels", "q", "--system", "dense"], "--run is judged as it is:"),
        (["--run", "r.txt", "--qrels", "q", "--reranker", "r"], "--run is judged as it is:"),
        (["--run", "/nowhere", "--qrels", "/nowhere"], "/nowhere cannot be read ("),
        (["--gate", "/nowhere.json"], "/nowhere.json cannot be read ("),
    ],
)
def test_what_cannot_be_judged_is_one_line_and_exit_code_2(
    library: Path, arguments: list[str], said: str
) -> None:
    assert refusal(citewell("eval", *arguments, "--library", library)).startswith(said)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param("", ": no question in it", id="empty"),
        pytest.param(json.dumps({**QUESTIONS[0], "question": "?"}), ":1: question q1: The question is empty.", id="no word"),
        pytest.param("{}\n", ":1: no id. A line needs id, kind, question and evidence", id="no question"),
        pytest.param(json.dumps(QUESTIONS[0]).replace("ants", "wasps"), ":1: question q1: no article 'wasps'", id="article"),
        pytest.param(json.dumps(QUESTIONS[0]).replace("long", "deep"), ":1: question q1: ants does not say", id="quote"),
    ],
)  # fmt: skip
def test_bad_gold_is_named_with_file_and_line(library: Path, tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "gold.jsonl"
    file.write_text(content, "utf-8")
    assert refusal(citewell("eval", "--gold", file, "--library", library)).startswith(f"{file}{said}")


def test_a_bad_run_is_named_with_file_and_line(tmp_path: Path) -> None:
    run = tmp_path / "bad.run"
    run.write_text("q1 Q0 d1 1 0.5 x\nq1 Q0 d2 2 NaN x\n", "utf-8")
    said = refusal(citewell("eval", "--run", run, "--beir", beir(tmp_path)))
    assert said == f"{run}:2: the score is NaN; give a number"


def test_a_missing_library_cannot_be_judged(tmp_path: Path) -> None:
    file = gold(tmp_path, QUESTIONS)
    assert refusal(citewell("eval", "check", file, "--library", tmp_path / "none")).startswith(
        "No library at"
    )


def test_tuning_on_few_questions_says_so_and_is_no_failure(library: Path, tmp_path: Path) -> None:
    ran = citewell("eval", "tune", gold(tmp_path, QUESTIONS), "--library", library, "--json")
    said = json.loads(ran.out)
    assert (ran.code, said["questions"], said["gains"], said["written"]) == (0, 2, [], None)
    assert (said["fewest_questions"], said["calibration"]) == (20, "shipped")


def test_a_calibration_needs_enough_questions(library: Path, tmp_path: Path) -> None:
    ran = citewell("eval", "calibrate", gold(tmp_path, QUESTIONS), "--library", library)
    assert refusal(ran).startswith("Of the questions 2 are answered right and 1 are not;")
    assert not (library / "calibration.json").exists()
