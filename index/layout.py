"""Which segments hold what is live, and which the history: every revision that the store has stands in one of them.

What was superseded or removed stays in its segment, dead, until that is joined with others or has nothing live left;
then it belongs to the history, which only questions about an earlier moment read. Rows are copied, never made again.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from citewell.index.merge import merge, worth_merging, worth_merging_at_rest
from citewell.index.part import Part
from citewell.index.segment import Segment

Key = tuple[str, int]  # an article's id and the number of a revision
Has = Callable[[str, int], bool]  # whether the store has it


@dataclass(frozen=True, eq=False)
class Layout:
    """Dead in the live parts is what is not live, in the past ones what is not in the store any more."""

    live: tuple[Part, ...] = ()
    past: tuple[Part, ...] = ()

    @classmethod
    def of(cls, live: Sequence[Segment], past: Sequence[Segment]) -> "Layout":
        return cls(tuple(map(Part, live)), tuple(map(Part, past)))

    @property
    def segments(self) -> list[Segment]:
        return [part.segment for part in (*self.live, *self.past)]

    def beside(self, other: "Layout") -> "Layout":
        return Layout((*self.live, *other.live), (*self.past, *other.past))

    def after(
        self, touched: Collection[str], live: Collection[Key], erased: Collection[str], has: Has
    ) -> "Layout":
        """When of the articles that were changed those revisions are live; of some the store has erased others."""
        parts = [
            _without(part, touched, lambda name, revision: (name, revision) in live) for part in self.live
        ]
        moved = [_superseded(part, has) for part in parts if not part.passages]
        past = [_without(part, erased, has) for part in self.past]
        return Layout(_held(parts), _held([*moved, *past]))

    def compacted(self, has: Has, at_rest: bool) -> "Layout":
        """Small segments joined, those that are half dead written anew; the same if nothing is worth it."""
        joined = worth_merging_at_rest(self.live) if at_rest else worth_merging(self.live)
        past = [*self.past, *_merged([_superseded(part, has) for part in joined])]
        joined_past = worth_merging(past)
        if not joined and not joined_past:
            return self
        return Layout(
            (*(part for part in self.live if part not in joined), *_merged(joined)),
            (*(part for part in past if part not in joined_past), *_merged(joined_past)),
        )

    def cleaned(self, has: Has) -> "Layout":
        """Segments without anything that is dead."""
        dead = [part for part in self.live if part.dead]
        past = [*(_superseded(part, has) for part in dead), *(part for part in self.past if part.dead)]
        return Layout(
            (
                *(part for part in self.live if not part.dead),
                *(new for part in dead for new in _merged([part])),
            ),
            (*(part for part in self.past if not part.dead), *_merged(past)),
        )


EMPTY = Layout()


def _without(part: Part, touched: Collection[str], stays: Has) -> Part:
    """Of the articles that were changed only the revisions that stay."""
    articles = part.segment.articles
    dead = {number for number in articles.numbers_of(touched) if not stays(*articles[number].key)}
    return Part(part.segment, part.dead | dead) if dead - part.dead else part


def _superseded(part: Part, has: Has) -> Part:
    """What is dead in a live part and still in the store, alone."""
    articles = part.segment.articles
    stays = {number for number in part.dead if has(*articles[number].key)}
    return Part(part.segment, [number for number in range(len(articles)) if number not in stays])


def _held(parts: Iterable[Part]) -> tuple[Part, ...]:
    return tuple(part for part in parts if part.passages)


def _merged(parts: Sequence[Part]) -> list[Part]:
    """As one part; none if they hold nothing."""
    held = _held(parts)
    return [Part(merge(held))] if held else []
