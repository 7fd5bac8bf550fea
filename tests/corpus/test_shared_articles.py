"""Real pages, with the leftovers that real pages have; skipped where the articles are not at hand."""

from collections.abc import Callable
from pathlib import Path

import pytest

from citewell.corpus.article import Cut
from citewell.corpus.passages import cut
from citewell.corpus.reading import language_of, read_file
from tests.corpus.checks import (
    assert_sentences_fit,
    assert_tiles,
    assert_whole,
    assert_within_bounds,
    table_rows,
)

FOLDER = Path(__file__).parents[3] / "shared" / "articles"

TITLES = {
    "000": "AI at the Inflection Point: GTC 2026 and GPT-5.4",
    "001": "The Week AI Became Infrastructure",
    "002": "The infrastructure push will enable OpenAI to sustain rapid model advancements and …",
    "003": "GPT-5.5 en de inzet van 25 miljard dollar: AI verandert van software naar …",
    "004": "This week felt less like watching a model race and more like watching the foundations of …",
}
# Beginnings of the lines that belong to the page and not to the article.
LEFTOVERS = {
    "000": [],
    "001": ["Blog"],
    "002": ["Comments", "Want to join the conversation?", "Loading comments..."],
    "003": [
        "AI infrastructureArchive: April 2026",
        "The article body is currently shown in English",
        "Related topics",
        "AI infrastructure177 related articles",
        "Archive",
        "April 20262326 published articles",
        "Further Reading",
        "DeepSeek verandert van prijzenoorlog-rebel",
        "This week's cascade of announcements crystallizes a fundamental shift in the AI industry. OpenAI released "
        "GPT-5.5, but the real story is its deepened integration with NVIDIA's hard…",
        "The release of GPT-5.5 is less about raw parameter count and more about architectural efficiency for agentic "
        "workflows. OpenAI has reportedly integrated a Mixture-of-Experts (MoE) variant with dynamic routing that activa…",
    ],
    "004": ["Did you like this post?"],
}
# Lines near those that belong to the article, the first and the last among them.
KEPT = {
    "000": ["AI at the Inflection Point", "The organizations that are not actively positioning"],
    "001": ["The Week AI Became Infrastructure", "And once that wiring is in place"],
    "002": ["The infrastructure push will enable", "The economic stakes of the infrastructure bet"],
    "003": [
        "GPT-5.5 en de inzet van 25 miljard dollar",
        "De lancering van GPT-5.5 door OpenAI",
        "This week's cascade of announcements",
        "4. OpenAI will announce a custom AI chip",
        "What to watch next: ",
    ],
    "004": ["Introduction", "What matters this week", "The concrete is being poured right now."],
}

each_article = pytest.mark.parametrize("number", sorted(TITLES))


def article(number: str, count_tokens: Callable[[str], int]) -> tuple[str, str, Cut]:
    """Title, text and cut; skips the test where the article is not at hand."""
    file = next(FOLDER.glob(f"{number}_*.txt"), None)
    if file is None:
        pytest.skip(f"no article {number} in {FOLDER}")
    draft = read_file(file)
    return draft.title, draft.text, cut(draft.text, language_of(draft), count_tokens)


@each_article
def test_the_title_says_what_the_article_is_about(number: str, count_tokens: Callable[[str], int]) -> None:
    title, _, _ = article(number, count_tokens)
    assert title == TITLES[number]


@each_article
def test_an_article_is_tiled_and_cut_within_bounds(number: str, count_tokens: Callable[[str], int]) -> None:
    _, text, found = article(number, count_tokens)
    assert_tiles(found, text)
    assert_sentences_fit(found, text)
    assert_within_bounds(found, text, count_tokens)


@pytest.mark.parametrize(("number", "rows"), [("000", 0), ("001", 0), ("002", 0), ("003", 18), ("004", 5)])
def test_rows_of_tables_are_whole_and_none_is_lost(
    number: str, rows: int, count_tokens: Callable[[str], int]
) -> None:
    _, text, found = article(number, count_tokens)
    spans = table_rows(text)
    assert len(spans) == rows
    assert_whole(found, spans, text)
    assert [
        row for row in spans if not any(p.span.start <= row.start < p.span.end for p in found.passages)
    ] == []


def lines_of_passages(text: str, found: Cut) -> list[str]:
    return [line for passage in found.passages for line in passage.span.of(text).split("\n") if line]


@each_article
def test_leftovers_of_the_page_are_in_no_passage(number: str, count_tokens: Callable[[str], int]) -> None:
    _, text, found = article(number, count_tokens)
    lines = lines_of_passages(text, found)
    left = [line for leftover in LEFTOVERS[number] for line in lines if line.startswith(leftover)]
    assert left == []
    assert [leftover for leftover in LEFTOVERS[number] if leftover not in text] == []


@each_article
def test_nothing_else_is_lost(number: str, count_tokens: Callable[[str], int]) -> None:
    """No more lines are excluded than there are leftovers and, in one article, a page's own questions."""
    _, text, found = article(number, count_tokens)
    lines = lines_of_passages(text, found)
    assert [kept for kept in KEPT[number] if not any(line.startswith(kept) for line in lines)] == []
    excluded = [line for e in found.excluded for line in e.span.of(text).split("\n") if line]
    questions = 5 if number == "003" else 0
    assert len(excluded) == len(LEFTOVERS[number]) + questions
