"""The pairs that sources are said to disagree in, or not: sound, balanced, and frozen before there was a detector."""

import hashlib
import json
from collections import Counter
from typing import Any

import pytest

from citewell.corpus.reading import read_file
from citewell.eval.gold import bundled_articles, bundled_gold

FILE = bundled_gold().with_name("disagreements.jsonl")
FROZEN = "19c83356770a2c268042b1aa747c522acf2bce1b4e19c7be89e1ed79421f7d9a"
PAIRS: list[dict[str, Any]] = [json.loads(line) for line in FILE.read_text("utf-8").splitlines()]
POSITIVE = ["money", "count", "share", "measure", "duration", "date", "score", "table", "dutch", "two_languages", "bundled"]  # fmt: skip
HARD = [
    "period", "subject", "quantity", "rounding", "part", "bounds", "growth", "forecast", "revision", "version", "list",
    "bundled_other",
]  # fmt: skip
EASY = ["agree", "unrelated"]


def test_the_file_is_the_one_that_was_frozen() -> None:
    """Rules and threshold were chosen on its dev half; whoever changes it has to choose and report anew."""
    assert hashlib.sha256(FILE.read_bytes()).hexdigest() == FROZEN


def test_there_are_194_pairs_of_which_78_disagree() -> None:
    assert Counter(pair["disagree"] for pair in PAIRS) == {True: 78, False: 116}
    assert len({pair["id"] for pair in PAIRS}) == len(PAIRS)


def test_a_kind_says_whether_its_pairs_disagree_and_half_of_all_are_hard_negatives() -> None:
    assert {pair["kind"] for pair in PAIRS if pair["disagree"]} == set(POSITIVE)
    assert {pair["kind"] for pair in PAIRS if not pair["disagree"]} == {*HARD, *EASY}
    assert sum(pair["kind"] in HARD for pair in PAIRS) >= len(PAIRS) / 2


@pytest.mark.parametrize("kind", [*POSITIVE, *HARD, *EASY])
def test_the_pairs_of_a_kind_go_in_turns_to_dev_and_test_by_the_sha_256_of_their_ids(kind: str) -> None:
    ids = [pair["id"] for pair in PAIRS if pair["kind"] == kind]
    order = sorted(ids, key=lambda name: hashlib.sha256(name.encode()).hexdigest())
    splits = {pair["id"]: pair["split"] for pair in PAIRS if pair["kind"] == kind}
    assert splits == {name: ("dev", "test")[number % 2] for number, name in enumerate(order)}


@pytest.mark.parametrize("pair", [pair for pair in PAIRS if pair["disagree"]], ids=lambda pair: pair["id"])
def test_what_is_expected_stands_exactly_once_in_each_sentence(pair: dict[str, Any]) -> None:
    said = zip(pair["expected"], (pair["a"]["text"], pair["b"]["text"]), strict=True)
    assert [text.count(words) for words, text in said] == [1, 1]


def test_only_pairs_that_disagree_have_something_expected() -> None:
    assert {pair["disagree"] for pair in PAIRS if "expected" in pair} == {True}


def test_what_is_said_to_be_of_a_bundled_article_is() -> None:
    drafts = {file.stem: read_file(file) for file in bundled_articles().glob("*.md")}
    sides = [pair[side] for pair in PAIRS for side in "ab" if pair[side].get("article") in drafts]
    assert len(sides) == 27
    for side in sides:
        draft = drafts[side["article"]]
        assert (side["title"], side["published"]) == (draft.title, draft.published)
        assert all(side[part] in draft.text for part in ("text", "heading", "header") if part in side)


def test_no_sentence_stands_on_both_sides_of_the_set_but_those_of_bundled_articles() -> None:
    halves = {
        split: {
            pair[side]["text"]
            for pair in PAIRS
            for side in "ab"
            if pair["split"] == split and not pair["kind"].startswith("bundled")
        }
        for split in ("dev", "test")
    }
    assert halves["dev"] & halves["test"] == set()
