"""python -m citewell.eval.misspelt [BEIR FOLDER] [--limit N] [--json]: what a misspelt word costs.

Each question is asked as it is, and with one random edit in the rarest of its words of four letters or more that some
passage holds: a letter too few, too many or another, or two neighbours swapped. Without a folder: the bundled gold.
"""

import argparse
import json
import random
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import regex

from citewell.eval.beir import read_beir
from citewell.eval.evaluate import judge_beir, judge_gold
from citewell.eval.gold import bundled_articles, bundled_gold, read_gold
from citewell.eval.judged import Judged
from citewell.eval.significance import Values, randomisation_p
from citewell.eval.unstored import kept_vectors, searcher_of
from citewell.index.analysis import analyse
from citewell.index.cutting import bounds_for
from citewell.index.embedding import Embedder
from citewell.index.library import Library
from citewell.index.model import default_model
from citewell.index.onnx_embedder import OnnxEmbedder
from citewell.index.search import Searcher
from citewell.index.writing import add

SYSTEMS = ("lexical", "dense", "rrf", "hybrid")
MEASURES = ("nDCG@10", "R@5")
_WORD = regex.compile(r"(?<![\p{L}\p{N}])\p{L}{4,}(?![\p{L}\p{N}])")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Cost:
    """Means over the questions of one half; `p` is two-sided, of no difference."""

    set: str
    half: str | None
    questions: int
    changed: int
    system: str
    measure: str
    as_asked: float
    misspelt: float
    p: float


def misspelt(question: str, seed: str, rarity: Callable[[str], int]) -> str:
    """With one edit, the same for the same seed; as it is without a word that passages hold.

    `rarity` says of a word how many do.
    """
    words = [(held, match.start(), match) for match in _WORD.finditer(question) if (held := rarity(match[0]))]
    if not words:
        return question
    _, start, match = min(words, key=lambda each: each[:2])
    drawn, word = random.Random(f"misspelt {seed}"), match[0]  # noqa: S311 - the same each time
    while (edited := _edited(word, drawn)).casefold() == word.casefold():
        pass
    return question[:start] + edited + question[match.end() :]


def _edited(word: str, drawn: random.Random) -> str:
    kind, place, letter = drawn.randrange(4), drawn.randrange(len(word)), drawn.choice(_LETTERS)
    before, here, after = word[:place], word[place], word[place + 1 :]
    if kind == 0:
        return before + after
    if kind == 1:
        return before + letter + here + after
    if kind == 2:
        return before + letter + after
    return before + after[:1] + here + after[1:]


def rarity_in(searcher: Searcher) -> Callable[[str], int]:
    """How many passages hold a word, in the language in which most do."""

    def of(word: str) -> int:
        terms = {term for language in searcher.languages for term in analyse(word, language)}
        return max((sum(part.doc_freq(term) for part in searcher.parts) for term in terms), default=0)

    return of


def of_gold(embedder: Embedder) -> list[Cost]:
    with (
        tempfile.TemporaryDirectory(prefix="citewell-eval-") as folder,
        closing(Library(Path(folder), embedder, create=True)) as library,
    ):
        add(library, sorted(bundled_articles().glob("*.md")))
        asked = tuple(question for question in read_gold(bundled_gold()) if question.evidence)
        rarity = rarity_in(library.searcher())
        changed = tuple(replace(q, question=misspelt(q.question, q.id, rarity)) for q in asked)
        first, second = (judge_gold(library, some, "bundled gold", SYSTEMS) for some in (asked, changed))
    halves = {half: {question.id for question in asked if question.split == half} for half in ("dev", "test")}
    return [cost for half, ids in halves.items() for cost in costs(first, second, ids, half)]


def of_beir(folder: Path, embedder: Embedder, limit: int | None = None) -> list[Cost]:
    beir = read_beir(folder, embedder.count_tokens, limit, bounds_for(embedder))
    with kept_vectors() as cache:
        searcher = searcher_of(beir.documents, embedder, cache)
    rarity = rarity_in(searcher)
    changed = {name: misspelt(text, name, rarity) for name, text in beir.questions.items()}
    first = judge_beir(beir, searcher, SYSTEMS)
    second = judge_beir(replace(beir, questions=changed), searcher, SYSTEMS)
    return costs(first, second, set(beir.questions), None)


def costs(first: Judged, second: Judged, ids: set[str], half: str | None) -> list[Cost]:
    texts = [{each.id: each.text for each in judged.asked} for judged in (first, second)]
    changed = sum(texts[0][name] != texts[1][name] for name in ids)
    made = []
    for system in SYSTEMS:
        for measure in MEASURES:
            before, after = (_values(judged, system, measure, ids) for judged in (first, second))
            p = float(randomisation_p(after - before)) if (after != before).any() else 1.0
            made.append(
                Cost(
                    first.name, half, len(ids), changed, system, measure,
                    round(float(before.mean()), 4), round(float(after.mean()), 4), round(p, 4),
                )
            )  # fmt: skip
    return made


def _values(judged: Judged, system: str, measure: str, ids: set[str]) -> Values:
    of = judged.results[system]
    return np.array([of[name].values[measure] for name in sorted(ids & of.keys())])


def table(made: Sequence[Cost]) -> str:
    head = (
        "| set | questions | misspelt | system | measure | as asked | one word misspelt | p |\n"
        "|---|---|---|---|---|---|---|---|"
    )
    rows = (
        f"| {each.set}{f', {each.half} half' if each.half else ''} | {each.questions} | {each.changed} | {each.system} | "
        f"{each.measure} | {each.as_asked:.4f} | {each.misspelt:.4f} | {each.p:.4f} |"
        for each in made
    )
    return "\n".join([head, *rows])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("beir", nargs="?", type=Path, help="A folder in BEIR layout.")
    parser.add_argument("--limit", type=int, help="Only the first questions of it.")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    embedder = OnnxEmbedder(default_model())
    made = of_beir(given.beir, embedder, given.limit) if given.beir else of_gold(embedder)
    print(json.dumps([asdict(each) for each in made]) if given.json else table(made))


if __name__ == "__main__":
    main()
