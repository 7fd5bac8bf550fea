"""A filter as options of a command or parameters of a query."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from citewell.corpus.errors import BadInput

if TYPE_CHECKING:
    from citewell.index.filter import Filter

ArticleIds = Annotated[
    list[str] | None, typer.Option("--article", help="Only this article, by id; repeatable.")
]
Sources = Annotated[
    list[str] | None,
    typer.Option(
        "--source",
        parser=lambda given: str(Path(given).resolve()) if Path(given).exists() else given,
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
            raise BadInput(f"{said!r} is no metadata to filter by; write KEY=VALUE, as author=Smith.")
        pairs.append((key, value))
    return Filter(
        tuple(articles or ()),
        tuple(sources or ()),
        tuple(languages or ()),
        published_from,
        published_to,
        tuple(pairs),
    )
