"""Joining segments."""

from pathlib import Path

import pytest

from citewell.index.library import Library
from citewell.index.merge import merge, worth_merging, worth_merging_at_rest
from citewell.index.part import Part
from citewell.index.segment import Segment
from citewell.index.writing import add
from tests.fakes import WordEmbedder
from tests.index.examples import a_segment, an_article

SUN = an_article("sun", "The sun is up.", "It is hot.")
MOON = an_article("moon", "The moon is not.", language="nl")
STAR = an_article("star", "A star is far.", "Very far.", "The sun is a star.", language=None)
OLD = an_article("star", "A star was near, once.")


@pytest.fixture
def embedder() -> WordEmbedder:
    return WordEmbedder("sun", "moon", "star")


def without(article_id: str, segment: Segment) -> Part:
    return Part(segment, segment.articles.numbers_of([article_id]))


def test_joined_segments_equal_a_build_of_what_is_live(tmp_path: Path, embedder: WordEmbedder) -> None:
    """Byte for byte: their ids are digests of everything in them."""
    one = without("star", a_segment(tmp_path, embedder, SUN, OLD))
    other = Part(a_segment(tmp_path, embedder, MOON, STAR))
    assert merge([one, other]).id == a_segment(tmp_path, embedder, SUN, MOON, STAR).id
    assert merge([other, one]).id == merge([one, other]).id


def test_a_part_alone_loses_what_is_dead(tmp_path: Path, embedder: WordEmbedder) -> None:
    part = without("sun", a_segment(tmp_path, embedder, SUN, MOON))
    assert merge([part]).id == a_segment(tmp_path, embedder, MOON).id


def sizes(tmp_path: Path, embedder: WordEmbedder, *counts: int) -> list[Part]:
    return [
        Part(
            a_segment(tmp_path, embedder, an_article(f"a{i}", *(f"Sentence {i} {j}." for j in range(count))))
        )
        for i, count in enumerate(counts)
    ]


@pytest.mark.parametrize(
    ("counts", "joined"),
    [
        ([1, 1], []),
        ([1, 1, 1], []),
        ([1, 1, 1, 1], [1, 1, 1, 1]),
        ([100, 1, 1, 1, 1], [1, 1, 1, 1]),
        ([8, 4, 2, 1], [8, 4, 2, 1]),
        ([50, 10, 2, 1], []),
        ([], []),
    ],
)
def test_small_parts_are_joined_and_large_ones_left(
    tmp_path: Path, embedder: WordEmbedder, counts: list[int], joined: list[int]
) -> None:
    assert [part.passages for part in worth_merging(sizes(tmp_path, embedder, *counts))] == joined


@pytest.mark.parametrize(
    ("small", "counts", "joined"),
    [(99, [50, 10, 2, 1], [50, 10, 2, 1]), (63, [50, 10, 2, 1], [50, 10, 2, 1]), (62, [50, 10, 2, 1], []),
     (62, [50, 8, 4, 2, 1], [8, 4, 2, 1]), (99, [50], []), (99, [], [])],
)  # fmt: skip
def test_at_rest_a_small_library_becomes_one_part(
    tmp_path: Path,
    embedder: WordEmbedder,
    monkeypatch: pytest.MonkeyPatch,
    small: int,
    counts: list[int],
    joined: list[int],
) -> None:
    monkeypatch.setattr("citewell.index.merge._SMALL", small)
    parts = sizes(tmp_path, embedder, *counts)
    assert [part.passages for part in worth_merging_at_rest(parts)] == joined


def test_a_part_that_is_mostly_dead_is_written_anew(tmp_path: Path, embedder: WordEmbedder) -> None:
    segment = a_segment(tmp_path, embedder, SUN, STAR)
    mostly_dead, mostly_alive = without("star", segment), without("sun", segment)
    assert worth_merging([mostly_dead]) == [mostly_dead]
    assert worth_merging([mostly_alive]) == []


def test_what_was_added_one_after_the_other_is_one_part_in_the_end(
    tmp_path: Path, embedder: WordEmbedder
) -> None:
    (tmp_path / "library").mkdir()
    library = Library(tmp_path / "library", embedder, create=True)
    for name in ("sun", "moon"):
        file = tmp_path / f"{name}.txt"
        file.write_text(f"The {name} is up.\n", "utf-8")
        assert [outcome.result for outcome in add(library, [file])] == ["added"]
    assert [part.passages for part in library.searcher().parts] == [2]
    library.close()
