"""An earlier state of the library as a snapshot: the same segments, in which other articles are dead."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from citewell.index.articles import Articles
from citewell.index.snapshot import SegmentRef, Snapshot


@dataclass(frozen=True, slots=True)
class AsOf:
    """Of which moment an answer is: it says what the library knew then."""

    asked: str  # a day or a time
    moment: str  # UTC; of a day its end
    since: str | None  # when the first article was recorded
    current: bool  # nothing was recorded later: the answer is the present one
    missing: int  # articles that were known then, of which that revision is not kept any more

    @property
    def nothing(self) -> str:
        """Why no passage can be searched."""
        if self.since is None:
            return "Nothing was ever added to the library."
        if self.moment < self.since:
            return f"The library knew nothing at {self.moment}: its first article was added at {self.since}."
        lost = (
            f"; of {self.missing} articles that it had, it keeps other revisions or none"
            if self.missing
            else ""
        )
        return f"At {self.moment} the library had no passage to search{lost}."


def snapshot_at(
    snapshot: Snapshot, change: int, live: Mapping[str, int | None], articles: Mapping[str, Articles]
) -> Snapshot:
    """What the snapshot's segments hold of the state after an earlier change.

    `live` says, of each article that was changed later, which revision was live then; `articles` are those of each
    segment, by its id.
    """

    def seen(segment: str) -> tuple[set[int], set[int]]:
        """The numbers of its articles that were changed later, and those of them that were live."""
        found = articles[segment].numbers_of(live)
        keys = {number: articles[segment][number].key for number in found}
        return set(found), {number for number, (name, revision) in keys.items() if live[name] == revision}

    def refs() -> Iterator[SegmentRef]:
        for ref in snapshot.segments:
            changed, visible = seen(ref.id)
            yield SegmentRef(ref.id, tuple(sorted({*ref.dead, *changed} - visible)))
        for ref in snapshot.history:
            _, visible = seen(ref.id)
            yield SegmentRef(ref.id, tuple(n for n in range(len(articles[ref.id])) if n not in visible))

    holding = tuple(ref for ref in refs() if len(ref.dead) < len(articles[ref.id]))
    return Snapshot(snapshot.epoch, change, holding)
