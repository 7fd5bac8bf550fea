"""Generated passages are what a build of their texts would give, the same every time."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from citewell.eval.bench_library import (
    chunks,
    exact_neighbours,
    generated_library,
    generated_segment,
    questions,
    scratch_copy,
)
from citewell.eval.bench_words import LANGUAGE, name_of
from citewell.eval.generate import CHUNK, PASSAGES, SENTENCES, Corpus, real_sentences
from citewell.index.analysis import analyse
from citewell.index.answer import ask
from citewell.index.library import Library
from citewell.index.postings import Postings
from citewell.index.segment import Segment
from citewell.index.snapshot import read
from citewell.index.vector_cache import VectorCache
from citewell.index.verify import verify
from tests.fakes import WordEmbedder

EMBEDDER = WordEmbedder("openai", "nvidia", "chips", "cloud", "memory", "agents", "price", "china")


def a_corpus(folder: Path, seed: int = 1) -> Corpus:
    cache = VectorCache(folder / "vectors.db")
    try:
        return Corpus.of(real_sentences(), EMBEDDER, cache, seed)
    finally:
        cache.close()


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return a_corpus(tmp_path_factory.mktemp("corpus"))


def test_the_same_seed_gives_the_same_and_another_seed_something_else(tmp_path: Path, corpus: Corpus) -> None:
    one, again = (generated_segment(of, CHUNK, "m") for of in (corpus, a_corpus(tmp_path)))
    other = generated_segment(a_corpus(tmp_path, seed=2), CHUNK, "m")
    assert one.id == again.id != other.id


def test_a_chunk_is_the_same_in_every_size(corpus: Corpus) -> None:
    small, large = (generated_segment(corpus, passages, "m") for passages in (CHUNK, 2 * CHUNK))
    assert large.articles[: len(small.articles)] == list(small.articles)
    for name in ("article_of", "spans", "passage_vectors"):
        assert np.array_equal(getattr(large, name)[:CHUNK], getattr(small, name))


def test_postings_are_those_of_the_texts(corpus: Corpus) -> None:
    made = generated_segment(corpus, 2 * CHUNK, "m").postings
    texts = [chunk.passage_text(number) for chunk in chunks(corpus, 2 * CHUNK) for number in range(CHUNK)]
    expected = Postings.of(analyse(text, LANGUAGE) for text in texts)
    assert list(made.terms) == list(expected.terms)
    for name in ("offsets", "passages", "pairs", "distinct", "lengths"):
        assert np.array_equal(getattr(made, name), getattr(expected, name))
        assert getattr(made, name).dtype == getattr(expected, name).dtype


def test_an_article_has_ten_passages_of_five_sentences_in_the_order_of_their_ids(corpus: Corpus) -> None:
    segment, chunk = generated_segment(corpus, CHUNK, "m"), corpus.chunk(0)
    assert np.bincount(segment.article_of).tolist() == [PASSAGES] * (CHUNK // PASSAGES)
    assert np.diff(segment.sentence_offsets).tolist() == [SENTENCES] * CHUNK
    assert len(segment.sentence_codes) == SENTENCES * CHUNK
    names = [segment.passage_id(number) for number in range(CHUNK)]
    assert names == sorted(names)
    assert len(set(names)) == CHUNK
    for number in range(CHUNK):
        assert " ".join(chunk.sentence_texts(number)) == chunk.passage_text(number)


def test_vectors_are_of_unit_length_and_near_what_they_were_made_from(corpus: Corpus) -> None:
    chunk = corpus.chunk(3)
    for made, real in (
        (chunk.passage_vectors, corpus.run_vectors),
        (chunk.sentence_vectors, corpus.sentence_vectors),
    ):
        assert np.allclose(np.linalg.norm(made, axis=1), 1, atol=1e-5)
        assert (made @ real.T).max(axis=1).mean() > 0.8


def test_the_vocabulary_grows_as_in_real_texts(corpus: Corpus) -> None:
    """To the power of 2/3 of the passages, once names outweigh the real words; and few terms make most of a text."""
    terms = [len(generated_segment(corpus, passages, "m").postings.terms) for passages in (5000, 20_000)]
    assert 4**0.6 < terms[1] / terms[0] < 4**0.75
    doc_freqs = np.sort(np.diff(generated_segment(corpus, 5000, "m").postings.offsets))[::-1]
    assert (doc_freqs == 1).mean() > 0.4
    assert doc_freqs[: len(doc_freqs) // 20].sum() > doc_freqs.sum() / 2


def test_no_real_word_looks_like_an_invented_name_and_names_are_terms_of_their_own(corpus: Corpus) -> None:
    names = [name_of(number) for number in [*range(20_000), 10**6, 10**12]]
    assert len(set(names)) == len(names)
    assert analyse(" ".join(names), LANGUAGE) == names
    real = {term for sentence in corpus.words.sentences for term in analyse(sentence, LANGUAGE)}
    assert not real & set(names)


def test_a_saved_segment_opens_again(tmp_path: Path, corpus: Corpus) -> None:
    segment = generated_segment(corpus, CHUNK, "m")
    opened = Segment.open(segment.save(tmp_path))
    assert opened.id == segment.id
    assert Counter(opened.articles) == Counter(segment.articles)


def test_the_library_is_what_a_build_of_its_store_gives_and_answers(tmp_path: Path, corpus: Corpus) -> None:
    said: list[str] = []
    generated = generated_library(corpus, CHUNK, EMBEDDER.fingerprint, said.append, tmp_path)
    library = Library(generated.folder, EMBEDDER)
    assert not library.is_behind()
    assert [check.name for check in verify(library) if check.faults] == []
    chunk = corpus.chunk(0)
    first = ask(library.searcher(), library.store, chunk.passage_text(17)).citations[0]
    assert first.passage.text.strip() == chunk.passage_text(17)
    mark = first.quote.highlight
    assert first.quote.text[: mark.end - first.quote.start] in chunk.sentence_texts(17)
    library.close()

    with scratch_copy(generated) as folder:
        copy = Library(folder, EMBEDDER)
        (before,) = [part.segment for part in copy.searcher().parts]
        with copy.writing():
            copy.rebuild()
        (after,) = [part.segment for part in copy.searcher().parts]
        assert [a.text_sha for a in after.articles] == [a.text_sha for a in before.articles]
        for name in ("article_of", "spans", "sentence_offsets"):
            assert np.array_equal(getattr(after, name), getattr(before, name))
        assert list(after.postings.terms) == list(before.postings.terms)
        assert np.array_equal(after.postings.passages, before.postings.passages)
        copy.close()
    snapshot = read(generated.folder / "index")
    assert snapshot is not None
    assert [ref.id for ref in snapshot.segments] == [before.id]  # the copy was changed, not this


def test_a_second_run_opens_what_the_first_one_made(tmp_path: Path, corpus: Corpus) -> None:
    said: list[str] = []
    first = generated_library(corpus, CHUNK, "m", said.append, tmp_path)
    assert said
    said.clear()
    assert generated_library(corpus, CHUNK, "m", said.append, tmp_path) == first
    assert generated_library(corpus, CHUNK, "another model", lambda _: None, tmp_path) != first
    assert not said


def test_questions_are_half_gold_and_half_generated_and_the_same_every_time(corpus: Corpus) -> None:
    asked = questions(corpus, 200)
    assert len(asked) == 200
    assert len(set(asked)) > 190
    assert asked == questions(corpus, 200)
    text = " ".join(corpus.chunk(0).texts)
    assert all(question in text for question in asked[100:])
    assert len(questions(corpus, 1000)) == 1000


def test_exact_neighbours_are_those_of_all_vectors_together(corpus: Corpus) -> None:
    asked = EMBEDDER.embed_queries(["OpenAI and memory", "chips", "agents in the cloud of China"])
    together = np.concatenate([corpus.chunk(number).passage_vectors for number in range(3)])
    expected = np.argsort(-(asked @ together.T), axis=1)[:, :10]
    found = exact_neighbours(corpus, 3 * CHUNK, asked, 10)
    assert [set(row) for row in found.tolist()] == [set(row) for row in expected.tolist()]
