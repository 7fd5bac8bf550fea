"""Vectors: the cache, and that a text's vector is its own."""

import fcntl
import sqlite3
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from citewell.corpus.text import text_sha
from citewell.eval.gold import bundled_gold, read_gold
from citewell.index.embedding import Vectors, embed_cached, side_by_side
from citewell.index.model import Precision, compile_model, default_model
from citewell.index.onnx_embedder import OnnxEmbedder
from citewell.index.vector_cache import Role, VectorCache
from tests.fakes import WordEmbedder


@pytest.fixture
def cache(tmp_path: Path) -> VectorCache:
    return VectorCache(tmp_path / "vectors.db")


def test_only_new_texts_are_computed(cache: VectorCache) -> None:
    embedder = WordEmbedder("sun", "moon")
    embed_cached(embedder, cache, Role.PASSAGE, ["sun", "moon", "sun"])
    embed_cached(embedder, cache, Role.PASSAGE, ["moon", "sun moon"])
    assert embedder.embedded == ["sun", "moon", "sun moon"]


def test_vectors_come_back_in_the_order_of_the_texts(cache: VectorCache) -> None:
    embedder = WordEmbedder("sun", "moon")
    embed_cached(embedder, cache, Role.PASSAGE, ["moon"])
    vectors = embed_cached(embedder, cache, Role.PASSAGE, ["sun", "moon", "sun"])
    assert vectors.dtype == np.float16
    assert vectors.tolist() == [[0, 1, 0], [0, 0, 1], [0, 1, 0]]


def test_roles_and_models_do_not_share_vectors(cache: VectorCache) -> None:
    embed_cached(WordEmbedder("sun"), cache, Role.PASSAGE, ["sun"])
    for embedder, role in [(WordEmbedder("sun"), Role.SENTENCE), (WordEmbedder("moon"), Role.PASSAGE)]:
        embed_cached(embedder, cache, role, ["sun"])
        assert embedder.embedded == ["sun"]


def test_no_texts_no_vectors(cache: VectorCache) -> None:
    assert embed_cached(WordEmbedder("sun"), cache, Role.PASSAGE, []).shape == (0, 2)


def test_what_was_computed_before_a_failure_is_kept(cache: VectorCache) -> None:
    class Failing(WordEmbedder):
        def embed_passages(self, texts: Sequence[str]) -> Vectors:
            if len(self.embedded) >= 256:
                raise RuntimeError("killed")
            return super().embed_passages(texts)

    texts = [f"sun {i}" for i in range(300)]
    with pytest.raises(RuntimeError):
        embed_cached(Failing("sun"), cache, Role.PASSAGE, texts)
    again = WordEmbedder("sun")
    embed_cached(again, cache, Role.PASSAGE, texts)
    assert again.embedded == texts[256:]


@pytest.mark.parametrize(
    "damage", ["other bytes", "flipped pages", "one bit", "empty", "other columns", "not a number"]
)
def test_a_damaged_cache_is_thrown_away_and_made_anew(tmp_path: Path, damage: str) -> None:
    file, texts = tmp_path / "vectors.db", [f"sun {i}" for i in range(200)]
    cache = VectorCache(file)
    before = embed_cached(WordEmbedder("sun"), cache, Role.PASSAGE, texts)
    if damage == "not a number":
        rows = [(text_sha(text), np.full(2, np.nan, dtype=np.float16).tobytes()) for text in texts]
        cache.put(rows, Role.PASSAGE, WordEmbedder("sun").fingerprint)
    cache.vacuum()
    cache.close()
    content = bytearray(file.read_bytes())
    if damage == "flipped pages":
        content[5000:] = bytes(byte ^ 0x55 for byte in content[5000:])
        file.write_bytes(content)
    elif damage == "one bit":
        content[content.index(before[0].tobytes())] ^= 1
        file.write_bytes(content)
    elif damage in ("other bytes", "empty"):
        file.write_bytes(b"no database" * 100 if damage == "other bytes" else b"")
    elif damage == "other columns":
        with sqlite3.connect(file) as db:
            db.execute("ALTER TABLE vectors RENAME COLUMN vector TO something")
        db.close()
    again = embed_cached(WordEmbedder("sun"), VectorCache(file), Role.PASSAGE, texts)
    np.testing.assert_array_equal(again, before)


def test_a_vector_never_depends_on_its_neighbours(embedder: OnnxEmbedder) -> None:
    """Alone, in a batch, beside a long text, in another order: the same bytes."""
    texts = ["How long is it?", "A long text. " * 80, "", "数据", "Prices in March 2026 were $0.15."]
    alone = [embedder.embed_passages([text]).tobytes() for text in texts]
    together = embedder.embed_passages(texts)
    assert [row.tobytes() for row in together] == alone
    backwards = embedder.embed_passages(texts[::-1])
    assert [row.tobytes() for row in backwards[::-1]] == alone


@pytest.mark.parametrize("every", [5, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("precision", Precision)
def test_a_vector_does_not_depend_on_who_asks_at_the_same_time(precision: Precision, every: int) -> None:
    """A lone question takes two threads; of eight at a time all but one take one thread each, and all when told."""
    model = OnnxEmbedder(default_model(precision))
    questions = [question.question for question in read_gold(bundled_gold())][::every]
    alone = [model.embed_queries([question]).tobytes() for question in questions]
    with ThreadPoolExecutor(8) as threads:
        crowded = list(threads.map(lambda question: model.embed_queries([question]).tobytes(), questions))
    assert crowded == alone
    assert [row.tobytes() for row in model.embed_queries(questions)] == alone
    told = side_by_side.set(True)
    assert [model.embed_queries([question]).tobytes() for question in questions] == alone
    side_by_side.reset(told)


def test_vectors_have_unit_length(embedder: OnnxEmbedder) -> None:
    vectors = embedder.embed_queries(["one", "two words", "x" * 5000, ""])
    assert vectors.shape == (4, 384)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("What is it?", True),
        ("数据中心", False),
        ("Что это?", False),
        ("42", True),
        ("", True),
        ("GPT-5.5 是什么", True),
    ],
)
def test_the_default_model_knows_the_latin_script(embedder: OnnxEmbedder, text: str, known: bool) -> None:
    assert embedder.knows_script(text) is known


@pytest.mark.parametrize(
    ("word", "known"),
    [
        ("night", True),
        ("naïve", True),
        ("auto's", True),
        ("nihgt", False),
        ("auot's", False),
        ("photosythesis", False),
        ("தமிழ்", False),
        ("数据", False),
    ],
)
def test_the_default_model_knows_the_words_that_it_does_not_take_apart(
    embedder: OnnxEmbedder, word: str, known: bool
) -> None:
    assert embedder.knows_word(word) is known


def test_half_precision_keeps_the_order_of_clearly_different_texts(embedder: OnnxEmbedder) -> None:
    texts = [
        "The cat sat on the mat.",
        "Quarterly revenue rose.",
        "Felines rest on rugs.",
        "Rain is expected.",
    ]
    vectors, question = embedder.embed_passages(texts), embedder.embed_queries(["Where do cats sleep?"])[0]
    full = np.argsort(-(vectors @ question)).tolist()
    assert np.argsort(-(vectors.astype(np.float16).astype(np.float32) @ question)).tolist() == full


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    whole = Tokenizer.from_file(str(default_model().folder / "tokenizer.json"))
    whole.no_padding()
    whole.no_truncation()
    return whole


@given(st.text(max_size=60) | st.text(alphabet="aéb \n\t.,'-[SEP]\u0301\x1c\x00\u00a0中", max_size=30))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_tokens_counted_by_word_are_those_of_the_whole(
    embedder: OnnxEmbedder, tokenizer: Tokenizer, text: str
) -> None:
    assert embedder.count_tokens(text) == len(tokenizer.encode(text, add_special_tokens=False))


def test_a_model_that_another_process_compiles_is_waited_for(tmp_path: Path) -> None:
    """Else all workers of a new node would compile it at once."""
    target = tmp_path / "models" / "a-model"
    target.parent.mkdir()
    with (target.parent / "lock").open("w") as turn, ThreadPoolExecutor(1) as other:
        fcntl.flock(turn, fcntl.LOCK_EX)
        waiting = other.submit(compile_model, tmp_path / "no source", target)
        with pytest.raises(TimeoutError):
            waiting.result(0.2)
        target.mkdir()
        fcntl.flock(turn, fcntl.LOCK_UN)
        waiting.result(60)
    assert sorted(file.name for file in target.parent.iterdir()) == ["a-model", "lock"]
