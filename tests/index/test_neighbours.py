"""Nearest vectors: one by one without a copy and without an error, in clusters with the recall that is said."""

from pathlib import Path

import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from citewell.index import neighbours
from citewell.index.neighbours import SPARE, Clusters, one_by_one, sample, selected
from tests.index.vectors import grouped, nearest

SHARES = (0.5, 0.05, 0.005)
VECTORS, _ = grouped(4000)
QUESTIONS = grouped(200, seed=2)[0].astype(np.float32)

whole = st.integers(-3, 3)  # their products are exact in any precision


def bits(mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    return np.packbits(mask, bitorder="little")


# -- one by one -----------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(whole, whole), max_size=12), st.tuples(whole, whole), st.integers(1, 15), st.data())
@settings(deadline=None)
def test_one_by_one_scores_as_numpy_does(
    rows: list[tuple[int, int]], question: tuple[int, int], k: int, data: st.DataObject
) -> None:
    """Of those that are allowed, if some are not. Which of equal ones at the edge is not said; how many is."""
    vectors = np.array(rows, dtype=np.float16).reshape(-1, 2)
    allowed = np.array(data.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows))), dtype=bool)
    exact = [sum(a * b for a, b in zip(row, question, strict=True)) for row in rows]
    asked = np.array([question], dtype=np.float32)
    for bitmap, numbers in [(None, range(len(rows))), (bits(allowed), np.flatnonzero(allowed).tolist())]:
        params = faiss.SearchParameters(**selected(bitmap))
        scores, found = (row[0].tolist() for row in one_by_one(vectors).search(asked, k, params=params))
        count = min(k, len(numbers))
        assert scores[:count] == sorted((exact[i] for i in numbers), reverse=True)[:k]
        assert [exact[i] for i in found[:count]] == scores[:count]
        assert len(set(found[:count])) == count
        assert set(found[:count]) <= set(numbers)
        assert found[count:] == [-1] * (k - count)


def test_one_by_one_finds_what_numpy_finds() -> None:
    _, found = one_by_one(VECTORS).search(QUESTIONS, 10)
    assert found.tolist() == [nearest(VECTORS, question, 10) for question in QUESTIONS]


def test_one_by_one_reads_the_array_where_it_is() -> None:
    """A copy would not know what was changed behind it."""
    vectors = np.eye(4, dtype=np.float16)
    index = one_by_one(vectors)
    asked = np.eye(4, dtype=np.float32)[:1]
    assert index.search(asked, 1)[1].tolist() == [[0]]
    vectors[[0, 3]] = vectors[[3, 0]]
    assert index.search(asked, 1)[1].tolist() == [[3]]


def test_one_by_one_reads_a_mapped_file(tmp_path: Path) -> None:
    file = tmp_path / "vectors.bin"
    VECTORS.tofile(file)
    mapped = np.memmap(file, dtype=np.float16, mode="r", shape=VECTORS.shape)
    index = one_by_one(np.asarray(mapped))
    before = index.search(QUESTIONS, 10)[1]
    np.testing.assert_array_equal(before, one_by_one(VECTORS).search(QUESTIONS, 10)[1])
    with file.open("r+b") as opened:
        opened.write(VECTORS[::-1].tobytes())
    np.testing.assert_array_equal(index.search(QUESTIONS, 10)[1], len(VECTORS) - 1 - before)


@pytest.mark.parametrize("vectors", [VECTORS[::2], VECTORS[:, ::2], VECTORS.T, VECTORS.astype(np.float32)])
def test_an_array_that_cannot_be_read_where_it_is_is_refused(vectors: NDArray[np.float16]) -> None:
    """It would be read as something else, or after it is gone."""
    with pytest.raises(AssertionError):
        one_by_one(vectors)


# -- clusters -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def clusters() -> Clusters:
    return Clusters.of(VECTORS, QUESTIONS[:100])


def recall(made: Clusters, questions: NDArray[np.float32], mask: NDArray[np.bool_] | None = None) -> float:
    """Share of the 10 nearest of those allowed that are among what is found for 10 and some spare ones."""
    allowed = np.arange(len(VECTORS)) if mask is None else np.flatnonzero(mask)
    bitmap, share = (None, 1.0) if mask is None else (bits(mask), len(allowed) / len(VECTORS))
    hits = 0
    for question in questions:
        found = made.nearest(question, 10 + SPARE, bitmap, share)
        hits += len(set(found) & set(allowed[nearest(VECTORS[allowed], question, 10)]))
    return hits / (10 * len(questions))


def saved(made: Clusters, file: Path) -> bytes:
    made.save(file)
    return file.read_bytes()


def test_there_are_as_many_clusters_as_the_root_of_the_vectors(clusters: Clusters) -> None:
    assert (clusters.index.nlist, clusters.index.ntotal) == (63, 4000)


@pytest.mark.parametrize("cores", [1, 2, 3])
def test_two_builds_are_equal_byte_for_byte_on_however_many_cores(
    clusters: Clusters, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cores: int
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: cores)
    again = Clusters.of(VECTORS.copy(), QUESTIONS[:100])
    assert saved(again, tmp_path / "again") == saved(clusters, tmp_path / "once")
    assert (again.probes, again.recall) == (clusters.probes, clusters.recall)


def test_clusters_opened_find_what_they_found_when_they_were_saved(
    clusters: Clusters, tmp_path: Path
) -> None:
    clusters.save(tmp_path / "clusters.faiss")
    opened = Clusters.open(tmp_path / "clusters.faiss", clusters.probes, clusters.recall)
    mask = np.random.default_rng(3).random(len(VECTORS)) < 0.3
    for question in QUESTIONS:
        for more in ((), (bits(mask), 0.3)):
            expected = clusters.nearest(question, 50, *more)
            assert opened.nearest(question, 50, *more).tolist() == expected.tolist()


def test_the_recall_that_is_said_is_that_of_the_sample(clusters: Clusters) -> None:
    assert clusters.recall == round(recall(clusters, QUESTIONS[:100]), 4) >= 0.995


def test_questions_that_were_not_in_the_sample_are_answered_as_well(clusters: Clusters) -> None:
    assert recall(clusters, QUESTIONS[100:]) >= 0.98


@pytest.mark.parametrize("asked", [0.9, 0.97, 0.995])
def test_no_more_clusters_are_looked_through_than_the_recall_asks_for(
    monkeypatch: pytest.MonkeyPatch, asked: float
) -> None:
    """Their number is doubled until it is reached."""
    monkeypatch.setattr(neighbours, "_RECALL", asked)
    made = Clusters.of(VECTORS, QUESTIONS[:100])
    tried = {
        probes: recall(Clusters(made.index, probes, 0.0), QUESTIONS[:100]) for probes in (1, 2, 4, 8, 16, 32)
    }
    assert made.probes == next(probes for probes, reached in tried.items() if reached >= asked)


def test_a_recall_that_cannot_be_reached_takes_every_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "_RECALL", 1.1)
    assert Clusters.of(VECTORS, QUESTIONS[:20]).probes == 63


def test_clustering_leaves_a_question_the_threads_it_had(monkeypatch: pytest.MonkeyPatch) -> None:
    before = faiss.omp_get_max_threads()
    monkeypatch.setattr("os.cpu_count", lambda: before + 1)
    Clusters.of(VECTORS[:2000], QUESTIONS[:5])
    assert faiss.omp_get_max_threads() == before


@pytest.mark.parametrize("share", SHARES)
def test_under_a_filter_only_what_is_allowed_is_found(clusters: Clusters, share: float) -> None:
    mask = np.random.default_rng(4).random(len(VECTORS)) < share
    for question in QUESTIONS[:50]:
        found = clusters.nearest(question, 10 + SPARE, bits(mask), mask.mean())
        assert mask[found].all()
        assert len(found) == len(set(found.tolist())) <= 10 + SPARE


@pytest.mark.parametrize("share", SHARES)
def test_under_a_filter_recall_is_no_lower(clusters: Clusters, share: float) -> None:
    """More clusters are looked through, the fewer vectors are allowed."""
    mask = np.random.default_rng(4).random(len(VECTORS)) < share
    assert recall(clusters, QUESTIONS, mask) >= 0.99


def test_what_is_allowed_far_from_the_question_is_found_all_the_same(clusters: Clusters) -> None:
    """Half of the vectors are allowed: those that are farthest from each question."""
    shares = []
    for question in QUESTIONS[:50]:
        order = np.argsort(VECTORS.astype(np.float32) @ question)
        mask = np.zeros(len(VECTORS), dtype=bool)
        mask[order[: len(order) // 2]] = True
        found = clusters.nearest(question, 10 + SPARE, bits(mask), 0.5)
        shares.append(len(np.intersect1d(found, order[: len(order) // 2][-10:])) / 10)
    assert np.mean(shares) >= 0.98


def test_no_vector_is_near_where_none_is_allowed(clusters: Clusters) -> None:
    nobody = np.zeros(len(VECTORS), dtype=bool)
    assert clusters.nearest(QUESTIONS[0], 10, bits(nobody), 1 / len(VECTORS)).tolist() == []


# -- the sample -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rows", "expected"), [(0, []), (1, [0]), (2, [0, 1]), (256, list(range(256)))])
def test_of_few_rows_all_are_in_the_sample(rows: int, expected: list[int]) -> None:
    assert sample(rows).tolist() == expected


def test_of_many_rows_256_are_in_the_sample_evenly() -> None:
    rows = sample(100_000)
    assert (len(rows), rows[0], rows[-1]) == (256, 0, 99_999)
    assert set(np.diff(rows).tolist()) == {392, 393}
