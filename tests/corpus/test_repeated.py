"""Lines that repeat across a site: which are found, which never, and where one is left out of a text."""

import pytest

from citewell.corpus.cleaning import excluded_spans
from citewell.corpus.passages import cut
from citewell.corpus.repeated import Repeated, may_be_left_out, recipe_with, repeated, site_of

BODY = "The tide comes two days after new moon, says the harbour master, who has watched it for thirty years."


def left_out(text: str, *lines: str) -> list[str]:
    found = excluded_spans(text, frozenset(lines))
    return [each.span.of(text).strip() for each in found if each.rule == "repeated line"]


def found_in(*texts: str, site: str = "/site") -> list[tuple[str, int, int]]:
    held = {f"{number:03}": text for number, text in enumerate(texts)}
    return [(each.line, each.articles, each.of) for each in repeated({site: list(held)}, held.__getitem__)]


@pytest.mark.parametrize(
    ("source", "site"),
    [
        ("https://Example.org:8080/news/1?x=2", "example.org"),
        ("http://blog.example.org/", "blog.example.org"),
        ("/home/me/notes/tides.md", "/home/me/notes"),
        ("/home/me/tides.jsonl#12", "/home/me"),
        ("citewell:tides", "."),
    ],
)
def test_a_site_is_a_host_or_a_folder(source: str, site: str) -> None:
    assert site_of(source) == site


@pytest.mark.parametrize(
    "line",
    [
        "Home", "Our team", "- Opening hours", "## Stay in touch", "Read all about our view on the world.",
        "© 2026 Example Media. All rights reserved.", "Lees meer over ons werk", "关于我们",
    ],
)  # fmt: skip
def test_what_says_nothing_may_be_left_out(line: str) -> None:
    assert may_be_left_out(line)


@pytest.mark.parametrize(
    "line",
    [
        "Call 0800 1234", "Founded in 1998", "By Jane Doe", "Door Jan Jansen", "Headquarters: Utrecht",
        "The company is based in Utrecht.", "| Name | Price |", "---", "", "42", "x" * 201,
        "It is the kind of sentence that goes on for so long that nobody would ever call it a menu line",
    ],
)  # fmt: skip
def test_what_might_answer_a_question_may_not(line: str) -> None:
    assert not may_be_left_out(line)


def test_a_line_of_five_articles_and_three_in_ten_is_found() -> None:
    own = [f"Report {number} on harbours\n\n{BODY}" for number in range(20)]
    assert found_in(*(f"Our team\n{text}" for text in own[:6]), *own[6:]) == [("Our team", 6, 20)]
    assert found_in(*(f"Our team\n{text}" for text in own[:5]), *own[5:]) == []  # 5 of 20
    assert found_in(*(f"Our team\n{text}" for text in own[:5])) == [("Our team", 5, 5)]
    assert found_in(*(f"Our team\n{text}" for text in own[:4])) == []


def test_twice_in_one_article_is_once() -> None:
    assert found_in(*["Our team\nOur team"] * 4, "Home", "Home") == []


def test_lines_are_counted_by_site() -> None:
    texts = {str(number): f"Our team\nReport {number}" for number in range(8)}
    sites = {"b": ["0", "1", "2", "3", "4"], "a": ["5", "6", "7"]}
    assert list(repeated(sites, texts.__getitem__)) == [Repeated("b", "Our team", 5, 5)]


def test_of_a_large_site_a_sample_tells_what_is_counted() -> None:
    texts = {
        f"{number:04}": ("Our team\n" if number % 2 else "") + f"Report {number}" for number in range(1000)
    }
    assert list(repeated({"a": list(texts)}, texts.__getitem__)) == [Repeated("a", "Our team", 500, 1000)]


def test_lines_are_left_out_at_either_end() -> None:
    text = f"Front page\nOur team\n\nOn tides\n\n{BODY}\n\nBack to the overview\n"
    assert left_out(text, "Front page", "Our team", "Back to the overview") == [
        "Front page\nOur team", "Back to the overview",
    ]  # fmt: skip
    assert left_out(text, "Front page") == ["Front page"]
    assert left_out(text) == []


def test_a_line_of_a_longer_paragraph_stays() -> None:
    wrapped = "\n".join([*[BODY] * 2, "Our team", BODY])
    hard = (
        "Whoever asks what became of them in the end is told that\nour team\nhas gone, which nobody denies."
    )
    assert left_out(hard, "our team") == []
    assert left_out(wrapped, "Our team") == []  # prose follows what reads as a heading


def test_a_heading_stays_with_its_section() -> None:
    assert left_out(f"## Summary\n\n{BODY}", "## Summary") == []
    assert left_out(f"## Summary\n\n### In short\n\n{BODY}", "## Summary") == []
    assert left_out(
        f"{BODY}\n\n## Stay in touch\n\nFollow our work.", "## Stay in touch", "Follow our work."
    ) == ["## Stay in touch\n\nFollow our work."]
    assert left_out(f"{BODY}\n\n## Stay in touch\n\n{BODY}", "## Stay in touch") == []
    assert left_out(f"{BODY}\n\n## Stay in touch", "## Stay in touch") == ["## Stay in touch"]


def test_rows_and_code_stay() -> None:
    assert left_out("| a | b |\n|---|---|\n| c | d |\n", "| c | d |") == []
    assert left_out(f"{BODY}\n\n```\nmake all\n```\n", "make all") == []


def test_passages_and_what_is_left_out_tile_the_text() -> None:
    text = f"Front page\n\nOn tides\n\n{BODY}\n\nOur team\n"
    made = cut(text, "en", lambda words: len(words.split()), of_site={"Front page", "Our team"})
    spans = sorted([p.span for p in made.passages] + [e.span for e in made.excluded])
    assert [spans[0].start, *(s.end for s in spans)] == [*(s.start for s in spans), len(text)]
    assert [passage.span.of(text).strip() for passage in made.passages] == [f"On tides\n\n{BODY}"]


def test_a_text_of_nothing_else_stays_whole() -> None:
    made = cut("Front page\n\nOur team\n", "en", lambda words: 2, of_site={"Front page", "Our team"})
    assert made.excluded == ()
    assert made.passages


def test_a_recipe_says_which_lines_are_left_out() -> None:
    assert recipe_with("cut-1", ()) == "cut-1"
    assert recipe_with("cut-1", {"a", "b"}) == recipe_with("cut-1", ["b", "a"])
    assert len({recipe_with("cut-1", lines) for lines in ((), {"a"}, {"b"}, {"a", "b"})}) == 4
