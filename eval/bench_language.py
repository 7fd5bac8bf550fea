"""python -m citewell.eval.bench_language CODE=FOLDER...: how often the language of short texts is told, and rightly.

Of the documents of folders in BEIR layout, each in one language, a run of so many words at a random place; of Chinese,
Japanese and Korean so many pairs of characters.
"""

import argparse
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import process_time

from citewell.corpus.language import guess_language

WORDS, SEED = (7, 8, 12, 20, 40, 80), 1
_UNSPACED = ("zh", "ja", "ko")


@dataclass(frozen=True, slots=True)
class Told:
    """Shares: of the texts those of which a language is named, of these those where it is the wrong one."""

    words: int
    texts: int
    named: float
    wrong: float
    ms: float  # CPU time of one


def part(text: str, language: str, words: int, chance: random.Random) -> str:
    units = list(text) if language in _UNSPACED else text.split()
    length = 2 * words if language in _UNSPACED else words
    start = chance.randrange(max(1, len(units) - length))
    return ("" if language in _UNSPACED else " ").join(units[start : start + length])


def told(texts: Sequence[tuple[str, str]], words: int) -> Told:
    chance = random.Random(f"{SEED} {words}")  # noqa: S311
    parts = [(language, part(text, language, words, chance)) for language, text in texts]
    began = process_time()
    found = [(language, guess_language(words)) for language, words in parts]
    spent = process_time() - began
    named = [(language, code) for language, code in found if code is not None]
    wrong = sum(language != code for language, code in named)
    return Told(
        words, len(found), round(len(named) / len(found), 4), round(wrong / max(1, len(named)), 4),
        round(1000 * spent / len(found), 3),
    )  # fmt: skip


def _texts(said: Sequence[str]) -> Iterator[tuple[str, str]]:
    for pair in said:
        language, _, folder = pair.partition("=")
        for line in (Path(folder) / "corpus.jsonl").read_text("utf-8").splitlines():
            yield language, str(json.loads(line)["text"])


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m citewell.eval.bench_language")
    options.add_argument("sets", nargs="+", metavar="CODE=FOLDER")
    texts = list(_texts(options.parse_args().sets))
    guess_language(texts[0][1])  # loads the model
    for words in WORDS:
        print(json.dumps(asdict(told(texts, words))))


if __name__ == "__main__":
    main()
