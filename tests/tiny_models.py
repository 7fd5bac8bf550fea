"""Models of a few dimensions with any weights, as sentence-transformers saves them; nothing is downloaded.

PyTorch is imported when one is made: collecting the tests does not wait for it.
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import BertConfig, BertTokenizer

_MARKS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_PIECES = ("a", "b", "##c", ".", ",", "?", ":", "query", "passage")
DIM = 8


def _tokenizer(folder: Path, words: tuple[str, ...], length: int) -> "BertTokenizer":
    from transformers import BertTokenizer

    folder.mkdir(parents=True)
    vocabulary = folder / "vocab.txt"
    vocabulary.write_text("\n".join(dict.fromkeys((*_MARKS, *_PIECES, *words))) + "\n", "utf-8")
    return BertTokenizer(str(vocabulary), do_lower_case=True, model_max_length=length)


def _config(tokenizer: "BertTokenizer", labels: int = 1) -> "BertConfig":
    from transformers import BertConfig

    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=DIM, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
        max_position_embeddings=64,
    )  # fmt: skip
    config.num_labels = labels
    return config


def embedding_model(
    folder: Path,
    *words: str,
    prompts: dict[str, str] | None = None,
    length: int = 32,
    seed: int = 0,
) -> Path:
    """A sentence-transformers model that knows these words."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertModel

    torch.manual_seed(seed)
    tokenizer = _tokenizer(folder / "parts", words, length)
    tokenizer.save_pretrained(folder / "bert")
    BertModel(_config(tokenizer)).save_pretrained(folder / "bert")
    transformer = Transformer(str(folder / "bert"), max_seq_length=length)
    model = SentenceTransformer(modules=[transformer, Pooling(DIM)], prompts=prompts, device="cpu")
    model.save(str(folder / "model"))
    return folder / "model"


def cross_encoder(folder: Path, *words: str, labels: int = 1, seed: int = 0) -> Path:
    import torch
    from sentence_transformers import CrossEncoder
    from transformers import BertForSequenceClassification

    torch.manual_seed(seed)
    tokenizer = _tokenizer(folder / "parts", words, 48)
    tokenizer.save_pretrained(folder / "bert")
    model = BertForSequenceClassification(_config(tokenizer, labels))
    torch.nn.init.normal_(model.classifier.weight, std=2.0)  # so that it tells passages apart
    model.save_pretrained(folder / "bert")
    CrossEncoder(str(folder / "bert"), device="cpu").save_pretrained(str(folder / "model"))
    return folder / "model"
