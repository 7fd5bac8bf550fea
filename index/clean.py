"""Leaving out what repeats across the articles of a site, and taking that back. Texts stay; passages are cut again."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from citewell.corpus.article import Article
from citewell.corpus.repeated import Repeated, repeated, site_of
from citewell.corpus.store import Store
from citewell.index.embedding import Progress
from citewell.index.library import Library


def found(store: Store, articles: Iterable[Article] | None = None) -> list[Repeated]:
    """The lines that the live articles of each site repeat, whether they are left out already or not."""
    shas: defaultdict[str, list[str]] = defaultdict(list)
    for article in store.articles() if articles is None else articles:
        shas[site_of(article.source)].append(article.text_sha)
    return list(repeated(shas, store.text))


def leave_out(library: Library, lines: Sequence[Repeated], progress: Progress = lambda *_: None) -> bool:
    """Leave out these lines, and no others; publish. False if it is so already.

    The rule is stored first: what is killed before the index follows is made up for by the next writer.
    """
    with library.writing():
        library.check_followed()
        changed = library.store.repeated() != sorted(
            lines, key=lambda each: (each.site, -each.articles, each.line)
        )
        if changed:
            library.store.leave_out(lines)
        library.catch_up(progress)
    return changed
