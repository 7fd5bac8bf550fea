"""The signals of a ranking, on passages whose words and vectors are known."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from citewell.index.answerability import ANSWERING, NAMES, Read, Signals, lacked_words, names_in, signals
from citewell.index.bm25 import idf
from citewell.index.library import Library
from citewell.index.writing import add
from tests.fakes import WordEmbedder

ARTICLES = {
    "ants": "---\ntitle: Ants\nlanguage: en\n---\nAnts dig tunnels. Some tunnels are deep.\n",
    "bees": "---\ntitle: Bees\nlanguage: en\n---\nBees make honey. In 2026 Berlin had 310 hives.\n",
    "wasps": "---\ntitle: Wasps\nlanguage: en\n---\nWasps build nests of paper.\n",
    "moths": "---\ntitle: Moths\nlanguage: en\n---\nMoths eat wool.\n",
}


@pytest.fixture
def library(tmp_path: Path) -> Library:
    for name, content in ARTICLES.items():
        (tmp_path / f"{name}.md").write_text(content, "utf-8")
    library = Library(tmp_path, WordEmbedder("ants", "tunnels", "honey", "wool"), create=True)
    add(library, sorted(tmp_path.glob("*.md")))
    return library


@pytest.fixture
def signals_of(library: Library) -> Callable[..., Signals | None]:
    def found(question: str, title: str = "", quote: str = "", value: float = 0.0) -> Signals | None:
        searcher = library.searcher()
        query = searcher.query(question)
        hits = searcher.hybrid(query, 10).hits
        read = [Read(title, quote, value)] * min(ANSWERING, len(hits))
        return signals(searcher, query, hits, read)

    return found


def test_scores_are_those_of_the_ranking(library: Library, signals_of: Callable[..., Signals | None]) -> None:
    searcher = library.searcher()
    question = "Do ants dig tunnels?"
    query = searcher.query(question)
    first = searcher.hybrid(query, 10).hits[0]
    given = [values[0] for values in searcher.values(query, np.array([first.number])) if values is not None]
    lexical, passage, sentence = given
    near = np.sort(searcher.nearest(query, 10)[1])
    found = signals_of(question)
    assert found is not None
    assert found.score == first.score
    assert (found.lexical, found.passage, found.sentence, found.first_sentence) == pytest.approx(
        (lexical, passage, sentence, sentence), abs=1e-5
    )
    assert found.lead == pytest.approx(near[-1] - near[-2], abs=1e-5)
    assert found.second_sentence == pytest.approx(1 / math.sqrt(2), abs=0.02)  # "Some tunnels are deep."


def test_what_is_missing_counts_in_idfs_of_a_word_that_no_passage_holds(
    signals_of: Callable[..., Signals | None],
) -> None:
    nothing, two = signals_of("ants dig"), signals_of("ants dig castles abroad")
    assert nothing is not None
    assert two is not None
    assert nothing.missing == 0.0
    assert two.missing == pytest.approx(-2.0)


def test_names_and_numbers_that_are_lacked_count_by_their_share(
    signals_of: Callable[..., Signals | None],
) -> None:
    held, lacked = signals_of("How many hives had Berlin in 2026?"), signals_of("How many hives had Paris?")
    assert held is not None
    assert lacked is not None
    assert held.names == 0.0
    paris, hives = idf(4, 0), idf(4, 1)
    assert lacked.names == pytest.approx(-paris / (paris + hives))


def test_a_name_that_only_another_passage_holds_is_lacked_by_the_one_that_holds_most(
    signals_of: Callable[..., Signals | None],
) -> None:
    found = signals_of("Did Moths, in Berlin, eat wool?")
    assert found is not None
    assert found.names < 0.0


def test_the_quote_counts_for_what_its_title_does_not_say(signals_of: Callable[..., Signals | None]) -> None:
    both = signals_of("ants tunnels", quote="Ants dig tunnels.", title="")
    beyond = signals_of("ants tunnels", quote="Ants dig tunnels.", title="Ants")
    title_alone = signals_of("ants tunnels", quote="Ants run.", title="Ants")
    assert both is not None
    assert beyond is not None
    assert title_alone is not None
    assert both.beyond_title == pytest.approx(1.0)
    assert title_alone.beyond_title == 0.0
    assert 0.0 < beyond.beyond_title < 1.0


def test_without_a_hit_there_are_no_signals(library: Library) -> None:
    searcher = library.searcher()
    assert signals(searcher, searcher.query("何"), (), ()) is None


def test_with_one_hit_the_lead_is_its_cosine(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(ARTICLES["moths"], "utf-8")
    library = Library(tmp_path, WordEmbedder("wool"), create=True)
    add(library, [tmp_path / "a.md"])
    searcher = library.searcher()
    query = searcher.query("wool")
    found = signals(searcher, query, searcher.hybrid(query, 10).hits, [Read("", "", 0.5)])
    assert found is not None
    assert found.lead == found.passage > 0
    assert (found.evidence, found.second_sentence) == (0.5, 0.0)


def test_a_row_is_in_the_order_of_the_names() -> None:
    values = tuple(float(i) for i in range(len(NAMES)))
    assert Signals(*values).row() == values


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("Who runs Berlin?", {"berlin"}),
        ("Berlin had how many hives?", set()),  # the first word may have its capital for that
        ("What did he say. Nobody knows Paris", {"pari"}),
        ("in 2026 and in 7 years", {"2026"}),
        ("What does NASA cost?", set()),
        ("Was 3.5 or 1,200 right?", {"3.5", "1200"}),
    ],
)
def test_names_and_numbers_of_a_question(question: str, names: set[str]) -> None:
    assert names_in(question, "en") == names


@pytest.mark.parametrize(
    ("question", "lacked"),
    [
        ("How deep are tunnels?", ([], False)),
        ("Do ants build castles abroad?", (["abroad", "castles"], False)),
        ("Do ants build castles in Paris?", (["Paris"], True)),
    ],
)
def test_words_that_none_of_the_first_three_holds(
    library: Library, question: str, lacked: tuple[list[str], bool]
) -> None:
    """Function words are none of them; where a name is lacked, it alone is named."""
    searcher = library.searcher()
    query = searcher.query(question)
    assert lacked_words(searcher, query, searcher.hybrid(query, 10).hits) == lacked
