"""A filter as options of a command or parameters of a query."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from citewell.corpus.errors import BadInput
from citewell.corpus.text import as_source

if TYPE_CHECKING:
    from citewell.index.filter import Filter


def source_of(given: str) -> str:
    """A source as articles name it: of a file or folder, there or not, the absolute path; a URL as it is."""
    return given if not given or "://" in given else as_source(os.path.realpath(given))


ArticleIds = Annotated[
    list[str] | None, typer.Option("--article", help="Only this article, by id; repeatable.")
]
Sources = Annotated[
    list[str] | None,
    typer.Option(
        "--source",
        parser=source_of,
        help="Only this file or URL, or what lies under it; repeatable.",
    ),
]
Languages = Annotated[
    list[str] | None, typer.Option("--language", help="Only articles in this language, as en; repeatable.")
]
PublishedFrom = Annotated[
    str | None, typer.Option("--from", help="Only published then or later: 2026, 2026-03 or 2026-03-20.")
]
PublishedTo = Annotated[str | None, typer.Option("--to", help="Only published then or earlier.")]
Where = Annotated[
    list[str] | None, typer.Option("--where", help="Only articles whose metadata say KEY=VALUE; repeatable.")
]

AsOf = Annotated[
    str | None,
    typer.Option(
        "--as-of", help="Answer from what the library knew on that day, as 2026-11-01, or at that time (UTC)."
    ),
]


def filter_of(
    articles: Sequence[str] | None,
    sources: Sequence[str] | None,
    languages: Sequence[str] | None,
    published_from: str | None,
    published_to: str | None,
    where: Sequence[str] | None,
) -> "Filter":
    """Raises BadInput for what is no date and no KEY=VALUE."""
    from citewell.index.filter import Filter

    pairs = []
    for said in where or ():
        key, equals, value = said.partition("=")
        if not key or not equals:
            raise BadInput(f"{said!r} is no metadata to filter by; write KEY=VALUE, as topic=tides.")
        pairs.append((key, value))
    return Filter(
        tuple(articles or ()),
        tuple(sources or ()),
        tuple(languages or ()),
        published_from,
        published_to,
        tuple(pairs),
    )
