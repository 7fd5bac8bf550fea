"""Other sizes of passages: what is tried, in how much room it is judged, and that nothing is kept."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from citewell.corpus.article import Span
from citewell.eval.locate import Located
from citewell.eval.sizes import resized, sizes_for, worth_of_sizes
from citewell.eval.spans import returned
from citewell.eval.tune import SIZE, tune
from citewell.index.library import Library
from citewell.index.writing import add
from tests.eval.test_tune import N, make, questions_on
from tests.fakes import WordEmbedder

LONG = " ".join(f"Sentence {i} has {'some ' * 9}words." for i in range(240))


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    made = Library(tmp_path, WordEmbedder("sentence"), create=True)
    (tmp_path / "long.txt").write_text(LONG, "utf-8")
    add(made, [tmp_path / "long.txt"])
    yield made
    made.close()


def test_the_present_size_is_first_and_none_has_more_tokens_than_the_model_reads(library: Library) -> None:
    present, *others = sizes_for(library)
    assert present.target_words == 130
    assert [each.target_words for each in others] == [60, 90, 190, 260]
    assert [each.most_words for each in others] == [102, 152, 322, 440]
    assert [each.most_tokens for each in others] == [115, 173, 254, 254]


def test_each_size_is_an_index_of_its_own_beside_the_library(library: Library) -> None:
    before = sorted(library.folder.rglob("*"))
    with resized(library, sizes_for(library), lambda *_: None) as searchers:
        assert searchers[0] is library.searcher()
        counts = [searcher.passages for searcher in searchers]
    assert counts[1] > counts[2] > counts[0] > counts[3]
    assert sorted(library.folder.rglob("*")) == before


def test_each_size_has_as_much_room_as_five_passages_have_now(library: Library) -> None:
    """All of the text is evidence, so what counts is the room; a size is not better for returning more."""
    article = library.store.articles()[0]
    evidence = [Located(article.article_id, article.text_sha, (Span(0, len(LONG)),))]
    with resized(library, sizes_for(library), lambda *_: None) as searchers:
        ranking = searchers[0].hybrid(searchers[0].query("sentence"), 5).hits
        room = returned([(hit.passage_id, hit.score) for hit in ranking])
        worth = worth_of_sizes(searchers, "sentence", evidence)
    assert worth[0] == room / len(LONG)
    assert all(each <= worth[0] for each in worth)


def test_tuning_reports_sizes_on_request_and_takes_none(tmp_path: Path) -> None:
    library = make(tmp_path, {f"right-{i}": f"Here thing{i} is alpha{i}." for i in range(N)})
    questions = questions_on([f"thing{i} is alpha{i}" for i in range(N)], "right")
    assert SIZE not in [gain.parameters for gain in tune(library, questions).gains]
    found = tune(library, questions, sizes=True)
    (gain,) = [gain for gain in found.gains if gain.parameters == SIZE]
    assert (gain.tried, gain.now, gain.chosen) == (5, 1.0, {"target_words": 130})
    assert found.config == found.present
    library.close()
