"""A filter as a cluster takes it: groups of facts, of each of which one must hold, and days. Never a text of a user's."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Self

from citewell.index.filter import Filter
from citewell.index.passage_rows import ANY_FACT, NO_LANGUAGE, days_of, fact


@dataclass(frozen=True, slots=True)
class Where:
    """Lets through all that passes the filter, and perhaps a little more: what is found is looked at by the filter itself."""

    groups: tuple[tuple[str, ...], ...] = ()
    from_day: int | None = None  # the last day that it can have been published on is this one or later
    to_day: int | None = None

    @classmethod
    def of(cls, given: Filter) -> Self:
        places = [source.rstrip("/") for source in given.sources if source]
        groups = [
            *([[fact("a", name) for name in given.articles]] if given.articles else []),
            *([[fact("s", place) for place in places]] if given.sources else []),
            *([[fact("l", code) for code in given.languages]] if given.languages else []),
            *([fact("m", key, value)] for key, value in given.metadata),
        ]
        first, last = given.published_from, given.published_to
        return cls(
            tuple((*group, ANY_FACT) for group in groups),
            days_of(first)[0] if first else None,
            days_of(last)[1] if last else None,
        )

    def within(self, languages: Collection[str | None]) -> Self:
        """Only in these languages; None is no language."""
        facts = [fact("l", code) if code is not None else NO_LANGUAGE for code in languages]
        return type(self)((*self.groups, (*facts, ANY_FACT)), self.from_day, self.to_day)


EVERYWHERE = Where()
