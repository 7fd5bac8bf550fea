"""How much of what is returned is evidence, in characters, so that bigger passages cannot win by size.

As in token-wise evaluation of chunking (Smith and Troynikov, 2024), with characters in the place of tokens.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from citewell.corpus.article import Span, parse_passage_id
from citewell.eval.locate import Located
from citewell.eval.trec import Scored

ByArticle = Mapping[str, Sequence[Span]]


@dataclass(frozen=True, slots=True)
class Overlap:
    """Characters, each counted once."""

    returned: int
    evidence: int
    both: int

    @property
    def precision(self) -> float:
        return self.both / self.returned if self.returned else 0.0

    @property
    def recall(self) -> float:
        return self.both / self.evidence if self.evidence else 0.0

    @property
    def iou(self) -> float:
        """Intersection over union."""
        whole = self.returned + self.evidence - self.both
        return self.both / whole if whole else 0.0


def overlap(returned: Sequence[tuple[str, Span]], evidence: Sequence[Located]) -> Overlap:
    """Returned spans, each with its article's id, against evidence; of several places of a piece the one found best."""
    found = _by_article(returned)
    wanted = _by_article((piece.article_id, _best_place(piece, found)) for piece in evidence)
    both = sum(_common(spans, found.get(article, ())) for article, spans in wanted.items())
    return Overlap(_length(found), _length(wanted), both)


def recall_within(ranking: Scored, evidence: Sequence[Located], characters: float) -> float:
    """Span recall of the hits, best first, up to the first that does not fit."""
    taken = []
    for name, _ in ranking:
        article, _, span = parse_passage_id(name)
        characters -= span.end - span.start
        if characters < 0:
            break
        taken.append((article, span))
    return overlap(taken, evidence).recall


def returned(ranking: Scored) -> int:
    """Characters of all its passages, each counted once."""
    parsed = (parse_passage_id(name) for name, _ in ranking)
    return overlap([(article, span) for article, _, span in parsed], ()).returned


def overlaps(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def _best_place(piece: Located, found: ByArticle) -> Span:
    return max(piece.spans, key=lambda span: (_common([span], found.get(piece.article_id, ())), -span.start))


def _by_article(spans: Iterable[tuple[str, Span]]) -> dict[str, list[Span]]:
    """Without overlaps, in order."""
    merged: dict[str, list[Span]] = {}
    for article, span in sorted(spans):
        before = merged.setdefault(article, [])
        if before and span.start <= before[-1].end:
            before[-1] = Span(before[-1].start, max(before[-1].end, span.end))
        else:
            before.append(span)
    return merged


def _length(spans: ByArticle) -> int:
    return sum(span.end - span.start for of_article in spans.values() for span in of_article)


def _common(ones: Sequence[Span], others: Sequence[Span]) -> int:
    return sum(
        max(0, min(one.end, other.end) - max(one.start, other.start)) for one in ones for other in others
    )
