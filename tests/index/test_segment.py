"""A segment on disk: the same bytes for the same content, checked when opened."""

from pathlib import Path

import numpy as np
import pytest

from citewell.corpus.errors import CorruptLibrary
from citewell.index.segment import Segment
from tests.fakes import WordEmbedder
from tests.index.examples import a_segment, an_article

ARTICLES = [
    an_article("one", "The sun is up.", "The moon is not."),
    an_article("two", "Maan en zon.", language="nl"),
    an_article("three", "数据中心", language=None),
]


@pytest.fixture
def segment(tmp_path: Path) -> Segment:
    return a_segment(tmp_path, WordEmbedder("sun", "moon"), *ARTICLES)


def test_what_is_opened_is_what_was_saved(segment: Segment, tmp_path: Path) -> None:
    opened = Segment.open(segment.save(tmp_path))
    assert opened.id == segment.id
    assert list(opened.articles) == list(segment.articles)
    assert list(opened.postings.terms) == list(segment.postings.terms)
    assert [opened.passage_id(i) for i in range(4)] == [segment.passage_id(i) for i in range(4)]
    np.testing.assert_array_equal(opened.sentence_codes, segment.sentence_codes)
    assert opened.articles.languages == (None, "en", "nl")


def test_passages_are_numbered_in_the_order_of_their_ids(segment: Segment) -> None:
    ids = [segment.passage_id(i) for i in range(len(segment))]
    assert ids == sorted(ids)


def test_two_builds_are_equal_byte_for_byte_in_whatever_order(segment: Segment, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    again = a_segment(tmp_path / "other", WordEmbedder("sun", "moon"), *ARTICLES[::-1])
    one, other = segment.save(tmp_path), again.save(tmp_path / "other")
    assert one.name == other.name
    assert {f.name: f.read_bytes() for f in one.iterdir()} == {
        f.name: f.read_bytes() for f in other.iterdir()
    }


def test_saving_leaves_nothing_half_written_behind(segment: Segment, tmp_path: Path) -> None:
    segment.save(tmp_path)
    segment.save(tmp_path)
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == [segment.id]


def files_of_a_segment() -> list[str]:
    return [
        "article_fact_offsets.bin",
        "article_facts.bin",
        "article_id_offsets.bin",
        "article_ids.bin",
        "article_languages.bin",
        "article_of.bin",
        "distinct_pairs.bin",
        "lengths.bin",
        "passage_vectors.bin",
        "posting_offsets.bin",
        "posting_pairs.bin",
        "posting_passages.bin",
        "segment.json",
        "sentence_codes.bin",
        "sentence_offsets.bin",
        "signature_keys.bin",
        "signature_order.bin",
        "spans.bin",
        "term_offsets.bin",
        "terms.bin",
    ]  # fmt: skip


def test_the_list_of_files_is_complete(segment: Segment, tmp_path: Path) -> None:
    assert sorted(file.name for file in segment.save(tmp_path).iterdir()) == files_of_a_segment()


@pytest.mark.parametrize("name", files_of_a_segment())
@pytest.mark.parametrize("damage", ["flip", "truncate", "remove", "empty"])
def test_a_damaged_file_is_detected(segment: Segment, tmp_path: Path, name: str, damage: str) -> None:
    folder = segment.save(tmp_path)
    file = folder / name
    content = bytearray(file.read_bytes())
    if damage == "flip":
        content[len(content) // 2] ^= 0x10
    file.write_bytes(content[: {"flip": len(content), "truncate": len(content) // 2}.get(damage, 0)])
    if damage == "remove":
        file.unlink()
    with pytest.raises(CorruptLibrary, match=rf"{name} is missing or damaged.*citewell rebuild"):
        Segment.open(folder)


@pytest.fixture
def clustered(monkeypatch: pytest.MonkeyPatch, segment: Segment) -> Segment:
    """The segment as if it were too large to compare one by one."""
    monkeypatch.setattr("citewell.index.segment.ONE_BY_ONE", 3)
    return segment


def test_up_to_so_many_vectors_there_are_no_clusters(
    clustered: Segment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("citewell.index.segment.ONE_BY_ONE", len(clustered))
    assert clustered.clusters is None


def test_clusters_are_saved_with_the_segment_and_opened_with_it(clustered: Segment, tmp_path: Path) -> None:
    folder = clustered.save(tmp_path)
    assert sorted(file.name for file in folder.iterdir()) == sorted([*files_of_a_segment(), "clusters.faiss"])
    made, opened = clustered.clusters, Segment.open(folder).clusters
    assert made is not None
    assert opened is not None
    assert (opened.probes, opened.recall) == (made.probes, made.recall)
    asked = np.array([0.0, 0.6, 0.8], dtype=np.float32)
    assert opened.nearest(asked, 4).tolist() == made.nearest(asked, 4).tolist() != []


def test_clusters_do_not_change_the_id(
    segment: Segment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are made of what is in it."""
    before = segment.id
    monkeypatch.setattr("citewell.index.segment.ONE_BY_ONE", 3)
    (tmp_path / "other").mkdir()
    again = a_segment(tmp_path / "other", WordEmbedder("sun", "moon"), *ARTICLES)
    assert again.save(tmp_path).name == before


@pytest.mark.parametrize("damage", ["flip", "truncate", "remove"])
def test_damaged_clusters_are_detected(clustered: Segment, tmp_path: Path, damage: str) -> None:
    folder = clustered.save(tmp_path)
    content = bytearray((folder / "clusters.faiss").read_bytes())
    content[len(content) // 2] ^= 0x10
    (folder / "clusters.faiss").write_bytes(content if damage == "flip" else content[:-1])
    if damage == "remove":
        (folder / "clusters.faiss").unlink()
    with pytest.raises(CorruptLibrary, match=r"clusters\.faiss|segment\.json"):
        Segment.open(folder)


@pytest.mark.parametrize(
    "name", [name for name in files_of_a_segment() if name.endswith(".bin")] + ["clusters.faiss"]
)
@pytest.mark.parametrize("damage", ["truncate", "lengthen", "remove"])
def test_of_a_large_segment_the_sizes_of_its_files_are_checked(
    clustered: Segment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, damage: str
) -> None:
    """Reading all of it would take too long."""
    monkeypatch.setattr("citewell.index.segment.CHECKED_WHEN_OPENED", 0)
    file = clustered.save(tmp_path) / name
    assert Segment.open(file.parent).id == clustered.id
    content = file.read_bytes()
    file.write_bytes(content[:-1] if damage == "truncate" else content + b"x")
    if damage == "remove":
        file.unlink()
    with pytest.raises(CorruptLibrary, match="citewell rebuild"):
        Segment.open(file.parent)


def test_saving_again_repairs_a_damaged_segment(segment: Segment, tmp_path: Path) -> None:
    (segment.save(tmp_path) / "spans.bin").write_bytes(b"")
    assert Segment.open(segment.save(tmp_path)).id == segment.id


def test_a_missing_segment_is_named(tmp_path: Path) -> None:
    with pytest.raises(CorruptLibrary, match="citewell rebuild"):
        Segment.open(tmp_path / "gone")


def test_an_empty_segment_can_be_saved(tmp_path: Path) -> None:
    empty = a_segment(tmp_path, WordEmbedder("sun"))
    assert len(Segment.open(empty.save(tmp_path))) == 0
