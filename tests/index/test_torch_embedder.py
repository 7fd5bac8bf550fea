"""Any sentence-transformers model as the embedder: tiny ones with any weights, made here."""

from pathlib import Path

import numpy as np
import pytest

from citewell.corpus.errors import ModelMismatch
from citewell.corpus.passages import Bounds
from citewell.index.cutting import bounds_for, cut_for
from citewell.index.library import Library
from citewell.index.torch_embedder import TorchEmbedder
from citewell.index.torch_models import folder_of, is_chosen
from citewell.index.writing import add
from tests.tiny_models import DIM, embedding_model

WORDS = ("the", "sun", "moon", "is", "hot", "cold", "солнце", "горячо", "日", "本", "я", "и")
SHORT = 12  # tokens that the second model reads


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return embedding_model(tmp_path_factory.mktemp("plain"), *WORDS)


@pytest.fixture(scope="module")
def prompted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """It reads little, and has a prompt for each kind of text, as multilingual models do."""
    prompts = {"query": "query: ", "passage": "passage: "}
    return embedding_model(tmp_path_factory.mktemp("prompted"), *WORDS, prompts=prompts, length=SHORT)


def test_vectors_are_unit_and_do_not_depend_on_neighbours(plain: Path) -> None:
    embedder = TorchEmbedder(str(plain))
    texts = ["The sun is hot.", "moon", "The moon is cold, the sun is hot."]
    together = embedder.embed_passages(texts)
    assert together.shape == (3, embedder.dim) == (3, DIM)
    assert together.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-6)
    for text, vector in zip(texts, together, strict=True):
        np.testing.assert_array_equal(embedder.embed_passages([text])[0], vector)
    assert embedder.embed_passages([]).shape == (0, DIM)


def test_a_model_without_prompts_embeds_questions_as_passages(plain: Path) -> None:
    embedder = TorchEmbedder(str(plain))
    np.testing.assert_array_equal(embedder.embed_queries(["the sun"]), embedder.embed_passages(["the sun"]))


def test_prompts_are_those_of_the_models_own_configuration(prompted: Path) -> None:
    from sentence_transformers import SentenceTransformer

    embedder = TorchEmbedder(str(prompted))
    model = SentenceTransformer(str(prompted), device="cpu", local_files_only=True)
    for made, text in (
        (embedder.embed_queries(["the sun"]), "query: the sun"),
        (embedder.embed_passages(["the sun"]), "passage: the sun"),
    ):
        expected = model.encode([text], prompt="", normalize_embeddings=True)
        np.testing.assert_allclose(made, expected, atol=1e-6)
    assert not np.allclose(embedder.embed_queries(["the sun"]), embedder.embed_passages(["the sun"]))


def test_passages_are_cut_to_what_the_model_reads(plain: Path, prompted: Path) -> None:
    """Less two marks, and the prompt, of two tokens."""
    long, short = TorchEmbedder(str(plain)), TorchEmbedder(str(prompted))
    assert (long.most_tokens, short.most_tokens) == (30, SHORT - 4)
    assert bounds_for(short) == Bounds(most_tokens=SHORT - 4)
    text = "The sun is hot. The moon is cold. " * 4
    for embedder in (long, short):
        spans = [passage.span for passage in cut_for(embedder, text, "en").passages]
        assert max(embedder.count_tokens(span.of(text)) for span in spans) <= embedder.most_tokens
    assert len(cut_for(short, text, "en").passages) == 8
    assert long.cut_recipe != short.cut_recipe


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("The sun.", True),
        ("солнце горячо", True),
        ("日本", True),  # single letters are whole pieces where no blanks stand between words
        ("я и", True),  # words of one letter
        ("яи ия", False),  # letters that are in the vocabulary, but no words
        ("земля", False),
        ("the земля", False),
        ("1, 2?", True),
        ("", True),
    ],
)
def test_which_scripts_it_knows_is_what_its_tokenizer_knows(plain: Path, text: str, known: bool) -> None:
    assert TorchEmbedder(str(plain)).knows_script(text) is known


@pytest.mark.parametrize(
    ("word", "known"), [("sun", True), ("солнце", True), ("a", True), ("ac", False), ("snu", False)]
)
def test_it_knows_the_words_that_its_tokenizer_does_not_take_apart(
    plain: Path, word: str, known: bool
) -> None:
    """`ac` is two pieces, and of `snu` there is none."""
    assert TorchEmbedder(str(plain)).knows_word(word) is known


def test_the_fingerprint_names_the_model_and_follows_its_files(plain: Path, tmp_path: Path) -> None:
    folder = embedding_model(tmp_path / "again", *WORDS)
    first = TorchEmbedder(str(folder)).fingerprint
    assert first == TorchEmbedder(str(plain)).fingerprint
    assert first.startswith("model-")
    assert is_chosen(first)
    (folder / "README.md").write_text("Said of it.", "utf-8")
    assert TorchEmbedder(str(folder)).fingerprint == first
    (folder / "config_sentence_transformers.json").write_text("{}", "utf-8")
    assert TorchEmbedder(str(folder)).fingerprint != first


@pytest.mark.parametrize("fingerprint", ["0123456789abcdef", "0123456789abcdef-int8"])
def test_the_default_model_is_none_that_was_chosen(fingerprint: str) -> None:
    assert not is_chosen(fingerprint)


def test_a_library_finds_with_it_what_it_embedded(plain: Path, tmp_path: Path) -> None:
    """The nearest to a sentence is the sentence, whatever the weights are; and the store knows for whom it was cut."""
    embedder = TorchEmbedder(str(plain))
    library = Library(tmp_path, embedder, create=True)
    texts = {"sun": "The sun is hot.", "moon": "The moon is cold."}
    for name, text in texts.items():
        (tmp_path / f"{name}.txt").write_text(text, "utf-8")
    add(library, [tmp_path / f"{name}.txt" for name in texts])
    searcher = library.searcher()
    for name, text in texts.items():
        first = searcher.dense(searcher.query(text), 2).hits[0]
        segment, local = searcher.locate(first.number)
        article = segment.article(local)
        assert library.store.article(article.article_id).source.endswith(f"{name}.txt")
        assert first.score == pytest.approx(1, abs=1e-3)
        assert library.store.cut_recipe(article.text_sha) == embedder.cut_recipe
    library.close()


def test_what_is_no_model_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(ModelMismatch, match=r"no model of this name was downloaded\. Download it"):
        folder_of("nobody/never-was-there")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelMismatch, match="holds no model"):
        TorchEmbedder(str(tmp_path / "empty"))
    (tmp_path / "empty" / "config.json").write_text("{}", "utf-8")
    with pytest.raises(ModelMismatch, match="cannot be loaded"):
        TorchEmbedder(str(tmp_path / "empty")).embed_queries(["sun"])
