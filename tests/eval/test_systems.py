"""Systems that are judged side by side: what each ranks by."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from citewell.corpus.errors import BadInput
from citewell.eval.fusion import reciprocal_rank_fusion
from citewell.eval.systems import SYSTEMS, UNRERANKED, names_of, rankings, systems, without
from citewell.index.config import Config
from citewell.index.library import Library
from citewell.index.reranking import Reranking
from citewell.index.scoring import State
from citewell.index.search import Searcher
from citewell.index.writing import add
from tests.fakes import WordEmbedder


@pytest.mark.parametrize(
    ("part", "shares"),
    [("lexical", (0, 0.5, 0.5)), ("passage", (2 / 3, 0, 1 / 3)), ("sentence", (2 / 3, 1 / 3, 0))],
)
def test_the_share_of_a_part_that_is_left_out_goes_to_the_others(
    part: str, shares: tuple[float, float, float]
) -> None:
    found = without(Config(k1=1.1, lexical=0.5, passage=0.25, sentence=0.25), part)
    assert (found.lexical, found.passage, found.sentence) == pytest.approx(shares)
    assert found.k1 == 1.1


def test_ranks_are_fused_by_the_sum_of_their_reciprocals() -> None:
    assert reciprocal_rank_fusion([["a", "b", "c"], ["c", "d"]]) == [
        ("c", round(1 / 63 + 1 / 61, 12)), ("a", round(1 / 61, 12)), ("b", round(1 / 62, 12)), ("d", round(1 / 62, 12)),
    ]  # fmt: skip
    assert reciprocal_rank_fusion([[], []]) == []


@given(st.lists(st.permutations(list("abcdef")), min_size=2, max_size=4))
def test_fusion_does_not_depend_on_the_order_of_the_rankings(rankings: list[list[str]]) -> None:
    assert reciprocal_rank_fusion(rankings) == reciprocal_rank_fusion(rankings[::-1])


@pytest.fixture
def searcher(tmp_path: Path) -> Iterator[Searcher]:
    texts = {"a": "Ants dig tunnels.", "b": "Bees make honey.", "c": "Cats sleep."}
    for name, text in texts.items():
        (tmp_path / f"{name}.md").write_text(f"---\nid: {name}\nlanguage: en\n---\n{text}\n", "utf-8")
    library = Library(tmp_path, WordEmbedder("ants", "cats"), create=True)
    add(library, sorted(tmp_path.glob("*.md")))
    yield library.searcher()
    library.close()


def ranked(searcher: Searcher, question: str) -> dict[str, list[str]]:
    query = searcher.query(question)
    return {
        system.name: [hit.passage_id[0] for hit in system.rank(query, 10).hits]
        for system in systems(searcher)
    }


def test_every_system_ranks_by_its_own_light(searcher: Searcher) -> None:
    """By words b is first, for the model a; what is fused by rank has both, and ties go by id."""
    found = ranked(searcher, "Do ants make honey?")
    assert list(found) == list(SYSTEMS)
    assert found["lexical"] == ["b", "a"]
    assert found["dense"] == found["no lexical"] == ["a", "b", "c"]
    assert found["rrf"] == ["a", "b", "c"]


def test_where_only_the_part_that_is_left_out_speaks_nothing_is_found(searcher: Searcher) -> None:
    """No model for the script: words alone speak."""
    found = ranked(searcher, "ants 何")
    assert found["hybrid"] == found["no passage"] == found["rrf"] == found["lexical"] == ["a"]
    assert found["no lexical"] == found["dense"] == []
    (system,) = systems(searcher, ["no lexical"])
    assert system.rank(searcher.query("ants 何"), 5).retrievers["dense"] is State.UNKNOWN_SCRIPT


def test_an_unknown_system_is_refused(searcher: Searcher) -> None:
    with pytest.raises(
        BadInput, match="no system 'sparse'; there are lexical, dense, rrf, hybrid, no lexical,"
    ):
        systems(searcher, ["hybrid", "sparse"])


@pytest.mark.parametrize(
    "question", ["Do ants make honey?", "cats", "ants 何", "何", "Zebras?", "make sleep dig"]
)
@pytest.mark.parametrize("k", [1, 2, 300])
def test_what_is_judged_together_ranks_as_each_system_does(searcher: Searcher, question: str, k: int) -> None:
    query = searcher.query(question)
    asked = {s.name: tuple((h.passage_id, h.score) for h in s.rank(query, k).hits) for s in systems(searcher)}
    assert rankings(searcher, query, k) == asked


class LongWords:
    """A reranker that likes long passages."""

    fingerprint = "long"

    def scores(self, question: str, passages: Sequence[str]) -> NDArray[np.float64]:
        return np.array([len(passage) / 100 for passage in passages])


@pytest.mark.parametrize("question", ["Do ants make honey?", "cats", "ants 何", "何"])
def test_a_reranker_is_part_of_every_system_but_the_simple_ones_and_the_one_without_it(
    searcher: Searcher, question: str
) -> None:
    reranking = Reranking(LongWords(), 2, lambda segment, local: segment.passage_id(local))
    reranked = Searcher("reranked", searcher.parts, searcher.embedder, searcher.config, reranking)
    query, names = reranked.query(question), names_of(reranks=True)
    asked = {s.name: s.rank(query, 5).hits for s in systems(reranked, names)}
    assert rankings(reranked, query, 5, names) == {
        name: tuple((hit.passage_id, hit.score) for hit in hits) for name, hits in asked.items()
    }
    assert asked[UNRERANKED] == searcher.hybrid(query, 5).hits
    parts = [hit.parts for name in ("hybrid", "no passage") for hit in asked[name]]
    assert all(each is not None and each.reranker is not None for each in parts)
    with pytest.raises(BadInput, match="no system 'no reranker'"):
        systems(searcher, names)


def test_what_is_judged_together_ranks_real_passages_as_each_system_does(bundled_library: Library) -> None:
    searcher = bundled_library.searcher()
    for question in ("Which chips follow Blackwell?", "Was kostet GPT-5.4 mini?", "wich cloud wil opnai use"):
        query = searcher.query(question)
        for system in systems(searcher):
            hits = tuple((hit.passage_id, hit.score) for hit in system.rank(query, 20).hits)
            assert rankings(searcher, query, 20)[system.name] == hits
