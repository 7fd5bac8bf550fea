"""The tokenizer of the default model, which sets the bounds of real passages."""

from collections.abc import Callable

import pytest
from tokenizers import Tokenizer

from citewell.index.model import default_model_folder


@pytest.fixture(scope="session")
def count_tokens() -> Callable[[str], int]:
    tokenizer = Tokenizer.from_file(str(default_model_folder() / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()

    def count(text: str) -> int:
        return len(tokenizer.encode(text, add_special_tokens=False).ids)

    return count
