"""A library over generated passages, made once and kept in the user's cache folder; its questions; its exact neighbours."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from citewell.corpus.article import Cut, Draft, Passage, Span
from citewell.corpus.database import SCHEMA_VERSION
from citewell.corpus.passages import CUT_RECIPE
from citewell.corpus.store import Store
from citewell.eval.bench_words import LANGUAGE
from citewell.eval.generate import CHUNK, GENERATOR_RECIPE, PASSAGES, SENTENCES, Chunk, Corpus, real_sentences
from citewell.eval.gold import bundled_gold, read_gold
from citewell.index.articles import Articles, IndexedArticle
from citewell.index.build import BUILD_RECIPE
from citewell.index.codes import Codes, encode
from citewell.index.duplicates import shingles
from citewell.index.embedding import Embedder, Vectors
from citewell.index.folder import STORE
from citewell.index.model import cache_folder
from citewell.index.postings import Postings
from citewell.index.segment import FORMAT, Segment
from citewell.index.signatures import Keys, Signatures, keys_of
from citewell.index.snapshot import SegmentRef, Snapshot, publish
from citewell.index.strings import Strings
from citewell.index.vector_cache import VectorCache

Say = Callable[[str], None]
STORED_UP_TO = 100_000  # passages; a larger library has an index only
SEED = 1
_QUESTION_WORDS = 12


def corpus(embedder: Embedder, cache: Path | None = None) -> Corpus:
    folder = (cache or cache_folder()) / "bench"
    vectors = VectorCache(folder / "vectors.db")
    try:
        return Corpus.of(real_sentences(), embedder, vectors, SEED)
    finally:
        vectors.close()


def questions(of: Corpus, count: int) -> list[str]:
    """Gold questions in English up to one half, then the first words of generated sentences; the same in every size."""
    rng = np.random.default_rng(of.seed)
    gold = [q.question for q in read_gold(bundled_gold()) if q.kind != "other_language"]
    asked = [gold[i] for i in rng.permutation(len(gold))[: count // 2]]
    chunk = of.chunk(0)
    for number in rng.permutation(CHUNK)[: count - len(asked)]:
        sentence = chunk.sentence_texts(int(number))[int(rng.integers(SENTENCES))]
        asked.append(" ".join(sentence.split()[:_QUESTION_WORDS]))
    return asked


def chunks(of: Corpus, passages: int) -> Iterator[Chunk]:
    return (of.chunk(number) for number in range(passages // CHUNK))


def generated_segment(of: Corpus, passages: int, model: str, say: Say = lambda _: None) -> Segment:
    """The segment that a build of the generated articles with these vectors would give."""
    dim = of.run_vectors.shape[1]
    spans = np.empty((passages, 2), dtype=np.int32)
    lengths = np.empty(passages, dtype=np.int32)
    passage_vectors = np.empty((passages, dim), dtype=np.float16)
    sentence_codes: Codes = np.empty((passages * SENTENCES, dim), dtype=np.int8)
    articles: list[IndexedArticle] = []
    keys: list[Keys] = []
    holders, terms, counts = [], [], []
    for number, chunk in enumerate(chunks(of, passages)):
        first, last = number * CHUNK, (number + 1) * CHUNK
        spans[first:last], lengths[first:last] = chunk.spans, chunk.entries.lengths
        passage_vectors[first:last] = chunk.passage_vectors
        sentence_codes[first * SENTENCES : last * SENTENCES] = encode(chunk.sentence_vectors)
        named = zip(chunk.article_ids, chunk.shas, strict=True)
        articles += [
            IndexedArticle(article_id, 1, sha, LANGUAGE, f"/generated/{article_id}.txt", None, ())
            for article_id, sha in named
        ]
        keys += [keys_of(shingles(text)) for text in chunk.texts]
        holders.append(chunk.entries.passages + np.int32(first))
        terms.append(chunk.entries.terms)
        counts.append(chunk.entries.counts)
        if passages >= 10 * CHUNK and (number + 1) % (passages // CHUNK // 10) == 0:
            say(f"generated {last:,} of {passages:,} passages")
    return Segment(
        articles=Articles.of(articles),
        signatures=Signatures.of(keys),
        article_of=np.repeat(np.arange(len(articles), dtype=np.int32), PASSAGES),
        spans=spans,
        postings=_postings(
            of, np.concatenate(holders), np.concatenate(terms), np.concatenate(counts), lengths
        ),
        passage_vectors=passage_vectors,
        sentence_offsets=np.arange(0, passages * SENTENCES + 1, SENTENCES, dtype=np.int64),
        sentence_codes=sentence_codes,
        model=model,
        recipe=BUILD_RECIPE,
    )


def _postings(
    of: Corpus,
    holders: NDArray[np.int32],
    terms: NDArray[np.int64],
    counts: NDArray[np.int32],
    lengths: NDArray[np.int32],
) -> Postings:
    """From entries in order of passage."""
    distinct, row = np.unique(terms, return_inverse=True)
    words = [of.words.term(term) for term in distinct.tolist()]
    order = sorted(range(len(words)), key=words.__getitem__)
    place = np.empty(len(words), dtype=np.int32)
    place[order] = np.arange(len(words), dtype=np.int32)
    rows = place[row]
    sorting = np.argsort(rows, kind="stable")
    return Postings.joined(
        terms=Strings.of(words[row] for row in order),
        offsets=np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=len(words)))]).astype(np.int64),
        passages=holders[sorting],
        counts=counts[sorting],
        lengths=lengths,
    )


@dataclass(frozen=True, slots=True)
class Generated:
    """A library in the cache: an index of `passages`, and the texts of them if `stored`."""

    folder: Path
    passages: int
    stored: bool


def generated_library(
    of: Corpus, passages: int, model: str, say: Say, cache: Path | None = None
) -> Generated:
    """Opens what an earlier run left for the same size, seed, model and recipes; else makes it in its place."""
    said = json.dumps(
        [GENERATOR_RECIPE, BUILD_RECIPE, FORMAT, SCHEMA_VERSION, of.seed, of.words.sentences, model]
    )
    name = f"{passages}-{hashlib.sha256(said.encode()).hexdigest()[:12]}"
    kept = (cache or cache_folder()) / "bench"
    stored = passages <= STORED_UP_TO
    if not (kept / name).is_dir():
        kept.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept, prefix="making-") as made:
            folder = Path(made)
            segment = generated_segment(of, passages, model, say)
            (folder / "index").mkdir()
            say(f"saving a segment of {len(segment.postings.terms):,} terms")
            saved = segment.save(folder / "index")
            store = Store(folder / STORE, create=True)
            if stored:
                say("storing the texts")
                _store_all(of, passages, store)
            publish(folder / "index", Snapshot(store.epoch(), store.change(), (SegmentRef(saved.name),)))
            store.close()
            folder.rename(kept / name)
            folder.mkdir()  # for the context manager to remove
        for older in kept.glob(f"{passages}-*"):
            if older.name != name:
                shutil.rmtree(older, ignore_errors=True)
    return Generated(kept / name, passages, stored)


def _store_all(of: Corpus, passages: int, store: Store) -> None:
    for chunk in chunks(of, passages):
        for number in range(len(chunk.texts)):
            put_article(store, chunk, number, chunk.article_ids[number])


def put_article(store: Store, chunk: Chunk, number: int, article_id: str) -> None:
    """Store one article of a chunk, cut as it was generated."""
    draft = Draft(chunk.texts[number], "", "generated", "")
    mine = slice(number * PASSAGES, (number + 1) * PASSAGES)
    pairs = zip(chunk.spans[mine].tolist(), chunk.sentence_spans[mine].tolist(), strict=True)
    found = [
        Passage(Span(*span), None, None, tuple(Span(*s) for s in sentences)) for span, sentences in pairs
    ]
    cut = Cut(tuple(sorted(found, key=lambda passage: passage.span)), ())
    store.put(article_id, f"/generated/{article_id}.txt", draft, LANGUAGE, cut, CUT_RECIPE)


@contextmanager
def scratch_copy(generated: Generated) -> Iterator[Path]:
    """A library of the same content that may be changed: segments are linked, since they never change."""
    with tempfile.TemporaryDirectory(dir=generated.folder.parent, prefix="scratch-") as made:
        folder = Path(made)
        for file in generated.folder.rglob("*"):
            target = folder / file.relative_to(generated.folder)
            if file.is_dir():
                target.mkdir()
            elif file.parent.parent.name == "index":
                target.hardlink_to(file)
            else:
                shutil.copyfile(file, target)
        yield folder


def exact_neighbours(of: Corpus, passages: int, asked: Vectors, k: int) -> NDArray[np.int64]:
    """Numbers of the k passages whose vectors, as they were before they became codes, are nearest; (q, k)."""
    best = np.full((len(asked), k), -np.inf, dtype=np.float32)
    numbers = np.zeros((len(asked), k), dtype=np.int64)
    for number, chunk in enumerate(chunks(of, passages)):
        cosines = np.concatenate([best, asked @ chunk.passage_vectors.T], axis=1)
        places = np.tile(np.arange(number * CHUNK - k, (number + 1) * CHUNK), (len(asked), 1))
        places[:, :k] = numbers
        top = np.argpartition(-cosines, k - 1, axis=1)[:, :k]
        best, numbers = np.take_along_axis(cosines, top, 1), np.take_along_axis(places, top, 1)
    return numbers
