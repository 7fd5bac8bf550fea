"""Words that no passage holds: what they are read as, when they are left as they are, and what an answer says of it."""

import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from citewell.index.answer import ask, search
from citewell.index.answerability import Read, signals
from citewell.index.config import Config
from citewell.index.explain import explained
from citewell.index.filter import Filter
from citewell.index.library import Library
from citewell.index.part import Part
from citewell.index.scoring import State
from citewell.index.search import Searcher
from citewell.index.spelling import ReadAs, Reading, Terms, commonest, read, spellings, unread
from tests.fakes import WordEmbedder
from tests.index.examples import a_searcher, a_segment, an_article
from tests.index.histories import Days, put

# -- one edit -------------------------------------------------------------------------------------------------------

letters = st.text("abz", max_size=7)
LATIN = "abcdefghijklmnopqrstuvwxyz"


@pytest.mark.parametrize(
    ("term", "spelling"),
    [
        ("batery", "battery"),  # one is missing
        ("battteri", "batteri"),  # one too many
        ("baffery", "baftery"),  # another one
        ("abttery", "battery"),  # swapped neighbours
        ("hous", "house"),
        ("houses", "house"),
        ("mobel", "möbel"),  # the same letter with a mark
        ("möbel", "mobel"),
        ("молоки", "молоко"),
        ("γάλακτο", "γάλακτα"),
        ("γαλακτο", "γάλακτο"),
        ("سلامم", "سلام"),
        ("שלוםם", "שלום"),
    ],
)
def test_a_spelling_is_one_edit_away(term: str, spelling: str) -> None:
    assert spelling in spellings(term)
    assert term not in spellings(term)


@pytest.mark.parametrize(
    ("term", "other"),
    [
        ("battery", "batterry2"),
        ("house", "hues"),  # two edits
        ("lice", "mice"),  # the longer one has four letters
        ("lice", "lic"),
        ("battery", "b4ttery"),
        ("house", "housж"),  # of another script
    ],
)
def test_what_is_further_away_shorter_or_of_another_script_is_none(term: str, other: str) -> None:
    assert other not in spellings(term)


@pytest.mark.parametrize("term", ["gpt54", "b200s", "数据", "ab", "", "x" * 25, "٣" * 5])
def test_digits_pairs_of_characters_and_what_is_very_short_or_long_stay(term: str) -> None:
    assert spellings(term) == set()


@given(letters, letters)
@example("aabbz", "ababz")
@example("aaaa", "aaaaa")
@example("aaaaa", "aaaa")
@example("zabbb", "zbabbb")
def test_spellings_are_all_strings_at_distance_one(term: str, other: str) -> None:
    """By RapidFuzz's distance of strings of which no part is edited twice (optimal string alignment)."""
    near = OSA.distance(term, other) == 1 and max(len(term), len(other)) >= 5
    assert (other in spellings(term)) == near


@given(st.text(LATIN, max_size=10))
def test_every_spelling_is_at_distance_one(term: str) -> None:
    plain = {spelling for spelling in spellings(term) if spelling.isascii()}
    assert all(OSA.distance(term, spelling) == 1 for spelling in spellings(term))
    assert all(set(spelling) <= set(LATIN) for spelling in plain)


@pytest.mark.parametrize(
    ("term", "others"),
    [
        ("bogotá", {"bogota", "bògotá", "bogötá"}),
        ("λόγος", {"λογος", "λόγός"}),
    ],
)
def test_of_a_known_word_they_differ_by_a_mark(term: str, others: set[str]) -> None:
    assert others <= spellings(term, known=True)


@given(st.text(LATIN + "éöάό", max_size=9))
def test_spellings_of_a_known_word_differ_from_it_by_nothing_else(term: str) -> None:
    for other in spellings(term, known=True):
        assert OSA.distance(term, other) == 1
        assert _unmarked(other) == _unmarked(term)


def _unmarked(term: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", term) if not unicodedata.combining(c))


# -- which of them --------------------------------------------------------------------------------------------------


def chosen(term: str, **doc_freq: int) -> str:
    return commonest(term, False, lambda some: some & doc_freq.keys(), lambda each: doc_freq.get(each, 0))


def test_the_commonest_is_read_and_of_equal_ones_the_first() -> None:
    assert chosen("caste", castle=2, paste=3, taste=3, cast=1) == "paste"


def test_what_only_dead_passages_hold_is_not_read() -> None:
    assert chosen("caste", castle=0) == "caste"


def test_a_word_with_nothing_near_stays() -> None:
    assert chosen("flywheel", battery=9) == "flywheel"


REAL = {"lance", "bogota"}  # the words that the model knows


def reading(question: str, asked: Mapping[Any, tuple[str, ...]], **doc_freq: int) -> Any:
    def of(term: str) -> int:
        return doc_freq.get(term, 0)

    def spelled(term: str, known: bool) -> str:
        return commonest(term, known, lambda some: some & doc_freq.keys(), of)

    return read(question, asked, of, REAL.__contains__, spelled)


def test_a_known_word_stays_though_a_commoner_one_is_near() -> None:
    asked = {None: ("taste",)}
    assert reading("taste", asked, taste=1, paste=9).terms == asked


def test_a_word_that_one_language_knows_is_known() -> None:
    """`batterie` is no term of Dutch passages, though one is near; nothing is said of it."""
    found = reading("batteries", {"en": ("batteri",), "nl": ("batterie",)}, batteri=1, batteria=4)
    assert (found.terms, found.read_as) == (found.asked, ())


def test_a_function_word_of_one_language_is_known() -> None:
    asked: dict[str | None, tuple[str, ...]] = {"en": (), "nl": ("which",)}
    assert reading("which", asked, whicht=3).read_as == ()


def test_a_word_that_the_model_knows_is_no_misspelling() -> None:
    """The library merely lacks it."""
    asked: Terms = {None: ("lance",)}
    assert reading("Lance", asked, dance=9) == Reading(asked, asked)
    assert reading("Nance", {None: ("nance",)}, dance=9).read_as == (ReadAs("nance", "dance"),)


def test_a_word_that_the_model_knows_may_have_lost_a_mark() -> None:
    """Its vocabulary has words without marks; `bogata` and `bogotas` are other words."""
    found = reading("Bogota", {None: ("bogota",)}, bogata=9, bogotas=9, bogotá=1)
    assert found.read_as == (ReadAs("bogota", "bogotá"),)


def test_each_language_reads_a_word_in_its_own_terms() -> None:
    found = reading("bateries", {"en": ("bateri",), "nl": ("baterie",)}, batteri=1, batterie=4)
    assert found.terms == {"en": ("batteri",), "nl": ("batterie",)}
    assert found.read_as == (ReadAs("bateries", "batteries"),)


def test_a_repeated_word_is_read_each_time_and_named_once() -> None:
    found = reading("caste, Caste!", {None: ("caste", "caste")}, castle=1)
    assert found.terms == {None: ("castle", "castle")}
    assert found.read_as == (ReadAs("caste", "castle"),)


def test_the_ending_that_stemming_took_is_given_back_where_it_fits() -> None:
    """`hapily` is stemmed to `hapili`, with which it does not begin: there the term itself is named."""
    assert reading("casles", {"en": ("casl",)}, castl=1).read_as == (ReadAs("casles", "castles"),)
    assert reading("hapily", {"en": ("hapili",)}, happili=1).read_as == (ReadAs("hapily", "happili"),)


def test_only_the_first_words_of_a_question_are_looked_up() -> None:
    words = tuple(f"caste{letter * 3}" for letter in "abcdefghijkl")
    question = " ".join(words)
    asked: Terms = {None: words}
    assert list(unread(question, asked, lambda _: 0)) == list(words[:8])


# -- in a library ---------------------------------------------------------------------------------------------------

EMBEDDER = WordEmbedder("battery", "price")
PHONE = an_article("phone", "The battery lasts two days.", "Photosynthesis needs light.")
SHOP = an_article("shop", "The price is high.", language="nl")


@pytest.fixture
def searcher(tmp_path: Path) -> Searcher:
    return a_searcher(tmp_path, EMBEDDER, PHONE, SHOP)


def articles_of(searcher: Searcher, question: str) -> list[str]:
    return [hit.passage_id for hit in searcher.lexical(searcher.query(question), 9).hits]


def test_a_misspelt_word_finds_and_scores_what_the_right_one_does(searcher: Searcher) -> None:
    right, wrong = (searcher.query(f"How does {word} work?") for word in ("photosynthesis", "Photosythesis"))
    assert searcher.lexical(wrong, 9) == searcher.lexical(right, 9)
    assert wrong.lexical is State.OK
    assert wrong.read_as == (ReadAs("photosythesis", "photosynthesis"),)
    assert right.read_as == ()


def test_the_vector_is_that_of_what_was_asked(searcher: Searcher) -> None:
    query = searcher.query("batery")
    assert query.vector is not None
    assert np.array_equal(query.vector, EMBEDDER.embed_queries(["batery"])[0])


def test_a_word_is_read_the_same_under_any_filter(searcher: Searcher) -> None:
    """Also where no passage that passes holds it: statistics are those of all."""
    query = searcher.query("photosythesis", Filter(languages=("nl",)))
    assert query.read_as == (ReadAs("photosythesis", "photosynthesis"),)
    assert query.lexical is State.OUT_OF_VOCABULARY


def test_of_several_segments_the_live_passages_are_counted(tmp_path: Path) -> None:
    """`castle` is in two segments, `paste` twice in one, where one of them is dead."""
    first = an_article("a", "A castle.", "Some paste.")
    gone = an_article("b", "More paste.")
    other = an_article("c", "Old castle.")
    one = a_segment(tmp_path, EMBEDDER, first, gone)
    parts = [Part(one, one.articles.numbers_of(["b"])), Part(a_segment(tmp_path, EMBEDDER, other))]
    spread = Searcher("snapshot", parts, EMBEDDER, Config())
    whole = a_searcher(tmp_path, EMBEDDER, first, other)
    assert spread.query("caste").terms == whole.query("caste").terms == {"en": ("castl",)}
    assert articles_of(spread, "caste") == articles_of(whole, "caste")
    alive = Searcher("snapshot", [Part(one), Part(parts[1].segment)], EMBEDDER, Config())
    assert alive.query("paste").read_as == ()


def test_a_word_that_the_model_knows_is_searched_as_it_stands(tmp_path: Path) -> None:
    searcher = a_searcher(tmp_path, WordEmbedder("caste"), an_article("a", "A castle."))
    query = searcher.query("Caste?")
    assert (query.terms, query.read_as, query.lexical) == (query.asked, (), State.OUT_OF_VOCABULARY)
    assert searcher.query("Casle?").read_as == (ReadAs("casle", "castle"),)


def test_an_empty_library_reads_nothing(tmp_path: Path) -> None:
    assert a_searcher(tmp_path, EMBEDDER).query("photosythesis").read_as == ()


def test_an_explanation_names_the_term_that_was_asked(searcher: Searcher) -> None:
    query = searcher.query("photosythesis light")
    (best, *_) = searcher.hybrid(query, 5).hits
    terms = explained(searcher, query, best).terms
    assert [(term.term, term.held, term.asked) for term in terms] == [
        ("photosynthesi", True, "photosythesi"),
        ("light", True, None),
    ]


def test_a_word_that_had_to_be_read_otherwise_counts_as_missing(searcher: Searcher) -> None:
    def of(question: str) -> tuple[float, float]:
        query = searcher.query(question)
        hits = searcher.hybrid(query, 10).hits
        found = signals(searcher, query, hits, [Read("", "", 0.0)] * 3)
        assert found is not None
        return found.missing, found.names

    missing, names = of("Does Photosythesis need Light?")
    assert missing < of("Does Photosynthesis need Light?")[0] == 0.0
    assert names < of("Does Photosynthesis need Light?")[1] == 0.0


# -- in the life of a library ---------------------------------------------------------------------------------------


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    made = Library(tmp_path, EMBEDDER, create=True)
    yield made
    made.close()


def stored(library: Library, name: str, text: str) -> None:
    with library.writing():
        put(library, name, text)
        library.catch_up()


def read_in(library: Library, question: str, moment: str | None = None) -> tuple[ReadAs, ...]:
    return ask(library.searcher(moment), library.store, question).read_as


def test_a_word_of_which_the_last_article_is_removed_becomes_unknown(library: Library) -> None:
    stored(library, "a", "A castle.")
    stored(library, "b", "Red paste.")
    assert read_in(library, "paste") == ()
    assert read_in(library, "paster") == (ReadAs("paster", "paste"),)
    with library.writing():
        library.store.remove("b")
        library.catch_up()
    assert read_in(library, "paster") == ()
    assert read_in(library, "caste") == (ReadAs("caste", "castle"),)


def test_a_moment_before_a_word_was_there_does_not_know_it(library: Library) -> None:
    days = Days()
    library.store.clock = days
    days.next()
    stored(library, "a", "A castle.")
    days.next()
    stored(library, "b", "An old caste.")
    assert read_in(library, "caste") == read_in(library, "caste", "2026-01-02") == ()
    assert read_in(library, "caste", "2026-01-01") == (ReadAs("caste", "castle"),)


def test_answer_and_ranking_say_what_was_read(library: Library) -> None:
    stored(library, "a", "A castle.")
    said = (ReadAs("caste", "castle"),)
    assert ask(library.askable(), library.store, "caste").read_as == said
    assert search(library.askable(), library.store, "caste").read_as == said
    assert search(library.askable(), library.store, "castle").read_as == ()
