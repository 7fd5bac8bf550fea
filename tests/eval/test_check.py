"""Soundness of gold: each fault is found and named with file and line."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from citewell.corpus.article import Span
from citewell.corpus.text import text_sha
from citewell.eval.check import Problem, problems, runs_of_words
from citewell.eval.gold import KINDS, AnyEvidence, DigestedEvidence, Evidence, Question
from citewell.index.library import Library
from citewell.index.writing import add
from tests.fakes import WordEmbedder

TEXT = "Ants dig long tunnels under the lawn.\n"
ALL_KINDS = tuple(
    Question(
        f"k{i}",
        kind,
        f"Anything about {kind}?",
        (Evidence("ants", "Ants"),) if kind != "unanswerable" else (),
    )
    for i, kind in enumerate(KINDS)
)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    (tmp_path / "ants.md").write_text(f"---\nid: ants\n---\n{TEXT}", "utf-8")
    library = Library(tmp_path, WordEmbedder(), create=True)
    add(library, [tmp_path / "ants.md"])
    yield library
    library.close()


def asking(text: str, *evidence: AnyEvidence) -> Question:
    return Question("q", "fact", text, evidence, place="gold.jsonl:7")


DIGEST = DigestedEvidence("ants", Span(0, 9), text_sha("Ants dig "))


@pytest.mark.parametrize(
    ("question", "said"),
    [
        pytest.param(asking("Who digs?", Evidence("ants", "Ants dig")), [], id="sound"),
        pytest.param(asking("Who digs?", DIGEST), [], id="sound, without words"),
        pytest.param(
            asking("?!", Evidence("ants", "Ants")),
            ["The question is empty. Ask something, for example: How much did it cost?"],
            id="no word in it",
        ),
        pytest.param(
            asking("Who flies?", Evidence("ants", "Ants fly")), ["ants does not say 'Ants fly'"], id="quote is gone"
        ),
        pytest.param(
            asking("Who digs?", Evidence("bees", "Ants"), Evidence("ants", "rest")),
            ["no article 'bees' in the library", "ants does not say 'rest'"],
            id="two faults",
        ),
        pytest.param(
            asking("Who digs?", Evidence("ants", "Ants"), Evidence("ants", "Ants")),
            ["the same evidence twice: 'Ants'"],
            id="evidence twice",
        ),
        pytest.param(
            asking("Who can DIG long tunnels, under the sea?", Evidence("ants", TEXT.strip())),
            ["quotes its own answer: dig long tunnels under the"],
            id="five words of its own evidence",
        ),
        pytest.param(
            asking("Who digs long tunnels under lawns?", Evidence("ants", TEXT.strip())), [], id="four words"
        ),
        pytest.param(
            asking("Anything about fact?", Evidence("ants", "Ants")), ["asks the same as k0"], id="asked before"
        ),
        pytest.param(
            asking("anything, about FACT!", Evidence("ants", "Ants")), ["asks the same as k0"], id="asked so before"
        ),
    ],
)  # fmt: skip
def test_each_fault_is_named_with_its_place(library: Library, question: Question, said: list[str]) -> None:
    found = problems((*ALL_KINDS, question), library.store)
    assert [each.place for each in found] == ["gold.jsonl:7"] * len(said)
    assert [each.what.removeprefix("question q: ").removeprefix("question q ") for each in found] == said


def test_kinds_without_a_question_are_named(library: Library) -> None:
    found = problems([q for q in ALL_KINDS if q.kind not in ("table", "unanswerable")], library.store)
    assert found == (
        Problem(None, "no question of kind table"),
        Problem(None, "no question of kind unanswerable"),
    )


def test_a_run_of_words_is_five_whatever_their_case_and_punctuation() -> None:
    assert runs_of_words("Ants DIG, deep «tunnels» daily!") == {("ants", "dig", "deep", "tunnels", "daily")}
    assert runs_of_words("only four words here") == set()
