"""python -m citewell.eval.bench_near [--articles N]: which edits leave an article a near-duplicate, and what that costs.

Generated articles of 300 words are edited; `linked` are those that agree in a band of their signatures and whose Jaccard
index is at least `signatures.NEAR`. Nothing is chosen by other articles of the same sentences: of these none may be.
"""

import argparse
import json
import random
from collections.abc import Callable
from dataclasses import asdict, dataclass
from statistics import mean, quantiles
from time import process_time

import regex

from citewell.eval.bench_reading import article
from citewell.eval.bench_words import name_of
from citewell.eval.generate import real_sentences
from citewell.index.duplicates import shingles
from citewell.index.signatures import NEAR, jaccard, keys_of

ARTICLES, SEED = 400, 3
_NAMES = 60_000
_FIGURE = regex.compile(r"\d+")
Edit = Callable[[str, random.Random], str]


@dataclass(frozen=True, slots=True)
class Edited:
    """Jaccard index of an article and its edited copy, and the share of copies that agree in a band and are linked."""

    edit: str
    jaccard: float
    lowest_twentieth: float
    agreeing: float
    linked: float


@dataclass(frozen=True, slots=True)
class Others:
    """Pairs of different articles, and CPU time of an article's signature."""

    pairs: int
    highest_jaccard: float
    agreeing: int
    signature_ms: float


def words_changed(share: float) -> Edit:
    return lambda text, chance: " ".join(
        name_of(chance.randrange(_NAMES)) if chance.random() < share else word for word in text.split(" ")
    )


def dropped(share: float) -> Edit:
    return lambda text, chance: ". ".join(s for s in text.split(". ") if chance.random() >= share)


def added(share: float, sentences: list[str]) -> Edit:
    def edit(text: str, chance: random.Random) -> str:
        found = []
        for sentence in text.split(". "):
            found += [sentence, *([chance.choice(sentences)] if chance.random() < share else [])]
        return ". ".join(found)

    return edit


def shuffled(text: str, chance: random.Random) -> str:
    found = text.split(". ")
    chance.shuffle(found)
    return ". ".join(found)


def figures_changed(text: str, chance: random.Random) -> str:
    return _FIGURE.sub(lambda _: str(chance.randrange(1000)), text)


def edited(name: str, edit: Edit, texts: list[str]) -> Edited:
    chance = random.Random(f"{SEED} {name}")  # noqa: S311
    found = []
    for text in texts:
        one, other = shingles(text), shingles(edit(text, chance))
        found.append((jaccard(one, other), bool((keys_of(one) == keys_of(other)).any())))
    indices = [index for index, _ in found]
    return Edited(
        name,
        round(mean(indices), 3),
        round(quantiles(indices, n=20)[0], 3),
        round(mean(agree for _, agree in found), 3),
        round(mean(agree and index >= NEAR for index, agree in found), 3),
    )


def others(texts: list[str]) -> Others:
    began = process_time()
    said = [shingles(text) for text in texts]
    keys = [keys_of(words) for words in said]
    spent = process_time() - began
    pairs = [(i, j) for i in range(len(texts)) for j in range(i)]
    indices = [jaccard(said[i], said[j]) for i, j in pairs]
    agreeing = sum(bool((keys[i] == keys[j]).any()) for i, j in pairs)
    return Others(len(pairs), round(max(indices), 3), agreeing, round(1000 * spent / len(texts), 3))


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m citewell.eval.bench_near")
    options.add_argument("--articles", type=int, default=ARTICLES)
    sentences = [sentence for each in real_sentences() for sentence in each]
    texts = [article(number, sentences) for number in range(options.parse_args().articles)]
    edits: dict[str, Edit] = {
        **{
            f"{share:.0%} of the words exchanged": words_changed(share)
            for share in (0.01, 0.02, 0.03, 0.05, 0.08)
        },
        **{f"{share:.0%} of the sentences dropped": dropped(share) for share in (0.1, 0.2, 0.3)},
        **{f"a sentence added after {share:.0%}": added(share, sentences) for share in (0.1, 0.25, 0.5)},
        "sentences in another order": shuffled,
        "other figures": figures_changed,
        "35% of the words exchanged": words_changed(0.35),
    }
    for name, edit in edits.items():
        print(json.dumps(asdict(edited(name, edit, texts))))
    print(json.dumps(asdict(others(texts))))


if __name__ == "__main__":
    main()
