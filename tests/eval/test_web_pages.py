"""Articles amid menus, banners, comments and related links: their passages are those of the clean text."""

from pathlib import Path

import pytest

from citewell.corpus.reading import language_of, read_file
from citewell.eval.bench_reading import clean_text, extractions, passages, precision_recall
from citewell.eval.gold import bundled_articles
from citewell.eval.web_pages import LAYOUTS, article_html, page_of
from citewell.index.onnx_embedder import OnnxEmbedder

SHARED = Path(__file__).parents[2].parent / "shared" / "articles"
TELLING = ("news", "boxes", "blog", "guide")  # their elements or classes say what a box is for


def check_same_passages(folder: Path, file: Path, layout: str, embedder: OnnxEmbedder) -> None:
    draft = read_file(file)
    text = clean_text(draft.text)
    page = folder / "page.html"
    page.write_text(page_of(draft.title, text, layout), encoding="utf-8")
    found = read_file(page)
    language, count = language_of(draft), embedder.count_tokens
    assert passages(found.text, language, count) == passages(text, language, count)
    assert found.title == draft.title
    assert (found.author, found.published) == ("Robin Vale", "2026-03-20")


@pytest.mark.parametrize("layout", TELLING)
@pytest.mark.parametrize("number", ["000", "001", "002", "003", "004"])
def test_a_shared_article_gives_the_same_passages(
    tmp_path: Path, number: str, layout: str, embedder: OnnxEmbedder
) -> None:
    file = next(SHARED.glob(f"{number}_*.txt"), None)
    if file is None:
        pytest.skip(f"no article {number} in {SHARED}")
    check_same_passages(tmp_path, file, layout, embedder)


@pytest.mark.parametrize("layout", TELLING)
@pytest.mark.parametrize("file", sorted(bundled_articles().glob("*.md")), ids=lambda file: file.stem)
def test_a_bundled_article_gives_the_same_passages(
    tmp_path: Path, file: Path, layout: str, embedder: OnnxEmbedder
) -> None:
    check_same_passages(tmp_path, file, layout, embedder)


def test_where_nothing_tells_boxes_apart_most_is_right_all_the_same(embedder: OnnxEmbedder) -> None:
    found = {
        each.layout: each
        for each in extractions(sorted(bundled_articles().glob("*.md")), embedder.count_tokens)
    }
    assert set(found) == set(LAYOUTS)
    assert sum(each.pages for each in found.values()) >= 20
    assert min(each.precision for each in found.values()) > 0.9
    assert min(each.recall for each in found.values()) > 0.98


@pytest.mark.parametrize(
    ("extracted", "precision", "recall"),
    [("one two two", 1.0, 1.0), ("one two", 1.0, 2 / 3), ("one two two menu", 0.75, 1.0), ("", 0.0, 0.0)],
)
def test_precision_and_recall_are_of_words(extracted: str, precision: float, recall: float) -> None:
    assert precision_recall(extracted, "One two two".lower()) == (precision, recall)


def test_every_kind_of_block_becomes_an_element() -> None:
    text = "# Tides\n\nThe tide turns.\n\n- Ebb & flood\n\n1. First\n2. Second\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    assert article_html(text).split("\n") == [
        "<h1>Tides</h1>",
        "<p>The tide turns.</p>",
        "<ul>",
        "<li>Ebb &amp; flood</li>",
        "</ul>",
        "<ol>",
        "<li>First</li>",
        "<li>Second</li>",
        "</ol>",
        "<table><thead><tr><th>a</th><th>b</th></tr></thead>",
        "<tbody><tr><td>1</td><td>2</td></tr>",
        "</tbody></table>",
    ]
