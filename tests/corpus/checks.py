"""What holds of every cut, checked from the text alone and not with the code that made the cut."""

import re
from collections.abc import Callable, Iterator
from itertools import pairwise

from citewell.corpus.article import Cut, Passage, Span
from citewell.corpus.passages import Bounds
from citewell.corpus.text import count_words


def in_order(cut: Cut) -> list[Span]:
    """Every passage and excluded span, by where it starts."""
    return sorted([p.span for p in cut.passages] + [e.span for e in cut.excluded])


def assert_tiles(cut: Cut, text: str) -> None:
    """Every code point is in exactly one passage or excluded span."""
    spans = in_order(cut)
    assert [span.start for span in spans] == [0, *(span.end for span in spans[:-1])]
    assert spans[-1].end == len(text)
    assert all(span.start < span.end for span in spans)


def table_rows(text: str) -> list[Span]:
    """The lines that begin with a pipe."""
    return [Span(*match.span()) for match in re.finditer(r"^\|.*$", text, re.MULTILINE)]


def assert_whole(cut: Cut, pieces: list[Span], text: str) -> None:
    """None of the pieces is divided."""
    borders = {span.start for span in in_order(cut)}
    assert [p.of(text) for p in pieces if any(b in borders for b in range(p.start + 1, p.end))] == []


def assert_sentences_fit(cut: Cut, text: str) -> None:
    """Each passage has sentences, one behind the other, inside it, without white space at their ends."""
    for passage in cut.passages:
        assert passage.sentences
        end = passage.span.start
        for sentence in passage.sentences:
            assert end <= sentence.start < sentence.end <= passage.span.end
            assert sentence.of(text) == sentence.of(text).strip()
            end = sentence.end


def assert_within_bounds(
    cut: Cut, text: str, count_tokens: Callable[[str], int], bounds: Bounds = Bounds()
) -> None:
    """Only a lone sentence, row or heading is larger; only what fits beside no neighbour is smaller."""

    def too_large(words: float, tokens: int) -> bool:
        return words > bounds.most_words or tokens > bounds.most_tokens

    for passage in cut.passages:
        whole = passage.span.of(text)
        if too_large(count_words(whole), count_tokens(whole)):
            assert len(passage.sentences) == 1
            mark = text[passage.span.start : passage.sentences[0].start].strip()
            assert re.fullmatch(r"([-*+•–]|\d{1,3}[.)])?", mark)
            assert text[passage.sentences[0].end : passage.span.end].strip() == ""
    for one, following in _neighbours(cut):
        parts = one.span.of(text), following.span.of(text)
        if min(map(count_words, parts)) < bounds.least_words:
            assert too_large(sum(map(count_words, parts)), sum(map(count_tokens, parts)))


def _neighbours(cut: Cut) -> Iterator[tuple[Passage, Passage]]:
    """Passages with nothing excluded between them."""
    for one, following in pairwise(cut.passages):
        if one.span.end == following.span.start:
            yield one, following
