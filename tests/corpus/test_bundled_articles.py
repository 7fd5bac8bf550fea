"""The articles that come with citewell: complete, and in words of their own."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from citewell import corpus
from citewell.corpus.markdown import split_front_matter
from citewell.corpus.passages import cut
from citewell.corpus.reading import read_file
from tests.corpus.checks import (
    assert_sentences_fit,
    assert_tiles,
    assert_whole,
    assert_within_bounds,
    table_rows,
)

FILES = sorted((Path(str(corpus.__file__)).parent / "articles").glob("*"))
SOURCES = Path(__file__).parents[3] / "shared" / "articles"

each_article = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)


def test_there_are_five() -> None:
    assert [file.name for file in FILES] == [
        "agent-plumbing-week.md",
        "ai-becomes-infrastructure.md",
        "ai-infrastructuurstrijd.md",
        "gtc-2026-chips.md",
        "openai-infrastructure-operator.md",
    ]


@each_article
def test_each_says_what_it_is(file: Path) -> None:
    fields, _ = split_front_matter(file.read_text(encoding="utf-8"))
    assert list(fields) == ["id", "title", "based_on", "published", "language"]
    draft = read_file(file)
    assert draft.article_id == file.stem
    assert draft.title == fields["title"]
    assert draft.metadata == {"based_on": fields["based_on"]}
    assert draft.language in {"en", "nl", "de"}


@each_article
def test_each_has_250_to_1500_words(file: Path) -> None:
    assert 250 <= len(read_file(file).text.split()) <= 1500


def test_one_at_least_is_not_english() -> None:
    assert {read_file(file).language for file in FILES} & {"nl", "de"}


def test_there_are_three_tables_at_least() -> None:
    rules = [
        line
        for file in FILES
        for line in read_file(file).text.splitlines()
        if re.fullmatch(r"\|[-|]+\|", line)
    ]
    assert len(rules) >= 3


@each_article
def test_each_is_cut_whole_and_loses_nothing(file: Path, count_tokens: Callable[[str], int]) -> None:
    draft = read_file(file)
    found = cut(draft.text, draft.language, count_tokens)
    assert found.excluded == ()
    assert_tiles(found, draft.text)
    assert_whole(found, table_rows(draft.text), draft.text)
    assert_sentences_fit(found, draft.text)
    assert_within_bounds(found, draft.text, count_tokens)


def eight_word_sequences(text: str) -> dict[tuple[str, ...], str]:
    """Every run of eight lower-cased words, and how it is written."""
    words = re.findall(r"[^\W_]+", text.lower())
    return {tuple(words[i : i + 8]): " ".join(words[i : i + 8]) for i in range(len(words) - 7)}


@each_article
def test_no_eight_words_in_a_row_are_those_of_a_source(file: Path) -> None:
    """Rows of a table are figures and names, and are exempt."""
    if not SOURCES.is_dir():
        pytest.skip(f"no source articles at {SOURCES}")
    own_text = "\n".join(line for line in read_file(file).text.splitlines() if not line.startswith("|"))
    own = eight_word_sequences(own_text)
    assert len(own) > 200
    for source in sorted(SOURCES.glob("*.txt")):
        theirs = eight_word_sequences(source.read_text(encoding="utf-8"))
        assert sorted(own[shared] for shared in own.keys() & theirs.keys()) == []
