"""How well disagreements are found: `python -m citewell.eval.disagreements [--json]`, on frozen pairs of sentences."""

import json
import math
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from scipy.stats import binomtest

from citewell.corpus.article import Span
from citewell.corpus.errors import BadInput
from citewell.eval.gold import bundled_gold
from citewell.eval.spans import overlaps
from citewell.index.analysis import analyse
from citewell.index.assertions import Statement, above, read, scan
from citewell.index.disagreement import difference

SPLITS = ("dev", "test")
_ALL = "all"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two statements; `expected` are the figures in which they disagree, None if they do not."""

    id: str
    kind: str
    split: str
    a: Statement
    b: Statement
    expected: tuple[Span, Span] | None


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole with its 95 % interval (Clopper and Pearson, 1934); of nothing there is none."""

    part: int
    whole: int
    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Row:
    """The pairs of one kind in one half. What is found in other figures than expected is missed, and a false alarm."""

    split: str
    kind: str
    pairs: int
    disagree: int
    found: int  # right ones
    false_alarms: int
    precision: Share
    recall: Share


def bundled_pairs() -> Path:
    return bundled_gold().with_name("disagreements.jsonl")


def read_pairs(file: Path) -> tuple[Pair, ...]:
    """Raises BadInput, naming file and line, for a line that is no pair."""
    pairs = []
    for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
        try:
            row = json.loads(line)
            a, b = (Statement(**{"article": f"{row['id']}-{side}", **row[side]}) for side in "ab")
            expected = tuple(
                _span(of, said) for of, said in zip((a, b), row.get("expected", ()), strict=False)
            )
            if len(expected) != 2 * row["disagree"] or row["split"] not in SPLITS:
                raise ValueError(row["id"])
        except (ValueError, KeyError, TypeError):
            raise BadInput(f"{file}:{number}: needs id, kind, split, a, b, disagree and expected") from None
        pairs.append(
            Pair(row["id"], row["kind"], row["split"], a, b, (expected[0], expected[1]) if expected else None)
        )
    return tuple(pairs)


def _span(statement: Statement, said: str) -> Span:
    start = statement.text.index(said)
    return Span(start, start + len(said))


def evaluate(pairs: Sequence[Pair]) -> tuple[Row, ...]:
    """A row for each kind of each half, and one for the whole half."""
    idf = idf_over([statement for pair in pairs for statement in (pair.a, pair.b)])
    outcomes = [(pair, *_outcome(pair, idf)) for pair in pairs]
    return tuple(_rows(outcomes))


def idf_over(statements: Sequence[Statement]) -> Callable[[str], float]:
    """As the index has it, each statement being a passage: ln(1 + (N - df + 0.5) / (df + 0.5))."""
    df = Counter(term for s in statements for term in set(analyse(f"{above(s)} {s.text}", s.language)))
    return lambda term: math.log(1 + (len(statements) - df[term] + 0.5) / (df[term] + 0.5))


def _outcome(pair: Pair, idf: Callable[[str], float]) -> tuple[bool, bool]:
    """Whether the expected disagreement was found; whether another one was."""
    found = difference(read(scan(pair.a)), read(scan(pair.b)), idf)
    if found is None:
        return False, False
    expected = pair.expected
    is_right = (
        expected is not None and overlaps(found.a.span, expected[0]) and overlaps(found.b.span, expected[1])
    )
    return is_right, not is_right


def _rows(outcomes: Sequence[tuple[Pair, bool, bool]]) -> Iterator[Row]:
    for split in SPLITS:
        mine = [outcome for outcome in outcomes if outcome[0].split == split]
        for kind in [*dict.fromkeys(pair.kind for pair, _, _ in mine), *([_ALL] if mine else [])]:
            of_kind = [outcome for outcome in mine if kind in (outcome[0].kind, _ALL)]
            disagree = sum(pair.expected is not None for pair, _, _ in of_kind)
            right, wrong = sum(o[1] for o in of_kind), sum(o[2] for o in of_kind)
            yield Row(
                split,
                kind,
                len(of_kind),
                disagree,
                right,
                wrong,
                share(right, right + wrong),
                share(right, disagree),
            )


def share(part: int, whole: int) -> Share:
    if not whole:
        return Share(part, whole, None, None, None)
    interval = binomtest(part, whole).proportion_ci(0.95, method="exact")
    return Share(part, whole, round(part / whole, 4), round(interval.low, 4), round(interval.high, 4))


def table(rows: Sequence[Row]) -> str:
    """Markdown: counts by kind, then precision and recall of each half."""
    lines = ["| half | kind | pairs | disagree | found | false alarms |", "|---|---|---:|---:|---:|---:|"]
    lines += [
        f"| {row.split} | {row.kind} | {row.pairs} | {row.disagree} | {row.found} | {row.false_alarms} |"
        for row in rows
    ]
    for row in rows:
        if row.kind == _ALL:
            lines += ["", f"{row.split}: precision {_said(row.precision)}, recall {_said(row.recall)}"]
    return "\n".join(lines)


def _said(share: Share) -> str:
    if share.value is None:
        return "of nothing"
    return f"{share.value:.3f} [{share.low:.3f}, {share.high:.3f}] ({share.part} of {share.whole})"


def main(arguments: Sequence[str]) -> None:
    rows = evaluate(read_pairs(bundled_pairs()))
    print(json.dumps([asdict(row) for row in rows]) if "--json" in arguments else table(rows))


if __name__ == "__main__":
    main(sys.argv[1:])
