"""Pages of the web into a library, each asked only whether it changed if the library holds what it gave before."""

import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from importlib.metadata import version

from citewell.corpus.address import address_of
from citewell.corpus.article import Article
from citewell.corpus.fetching import Fetcher
from citewell.corpus.finding import Refused
from citewell.corpus.listing import FeedEntry
from citewell.corpus.reading import Item, id_of_source
from citewell.corpus.records import Mapped
from citewell.corpus.store import Store
from citewell.corpus.text import escaped
from citewell.corpus.visit import NO_VALIDATORS
from citewell.corpus.webpage import Page
from citewell.index.embedding import Progress
from citewell.index.library import Library
from citewell.index.mirror import Held, Known
from citewell.index.visits import BY_HAND, VISITS, Visit, Visits
from citewell.index.writing import Outcome, Written
from citewell.index.writing import add as add_items


def add(
    library: Library,
    files: Sequence[Item],
    addresses: Sequence[str],
    fetcher: Fetcher,
    progress: Progress = lambda *_: None,
    mapped: Mapped | None = None,
    keep_revisions: int | None = None,
) -> list[Outcome]:
    """Add files and pages, as `writing.add` does; what is no address is reported."""
    with closing(Visits(library.folder / VISITS)) as visits:
        pages = _pages(addresses, library.store, visits, fetcher)

        def published(batch: Sequence[Written]) -> None:
            note(library, visits, BY_HAND, batch, lambda _: "")

        return add_items(library, [*files, *pages], progress, mapped, keep_revisions, published)


def _pages(addresses: Sequence[str], store: Store, visits: Visits, fetcher: Fetcher) -> list[Page | Refused]:
    """Each once, however it is written."""
    found: dict[str, Page | Refused] = {}
    for given in addresses:
        try:
            address = address_of(given)
        except ValueError as error:
            found[given] = Refused(escaped(given), str(error))
            continue
        visit = visits.get(BY_HAND, address)
        former = visit.former(held_of(store, [address]), read_as(store)) if visit else None
        found[address] = Page(address, fetcher, former)
    return list(found.values())


def read_as(store: Store | None) -> str:
    """What must be the same for a page that did not change to give the same article."""
    return json.dumps([store.epoch() if store else "", version("citewell")])


def held_of(store: Store, names: Iterable[str]) -> dict[str, Held]:
    """Live articles by id, of those pages that have one."""
    by_id = {id_of_source(name): name for name in names}
    return {
        each.article_id: Held(each.revision, each.source)
        for each in store.live(by_id)
        if each.source == by_id[each.article_id]
    }


def note(
    library: Library, visits: Visits, source: str, batch: Sequence[Written], stamp: Callable[[str], str]
) -> None:
    """Write down what the pages of a published batch answered; `stamp` is that of an address."""
    read = {
        each.outcome.article_id: each.file
        for each in batch
        if each.outcome.article_id is not None and isinstance(each.file, Page | FeedEntry)
    }
    as_read = read_as(library.store)
    visits.put(
        source,
        {
            article.source: _visit(read[article.article_id], stamp(article.source), as_read, article)
            for article in library.store.live(read)
        },
    )


def _visit(item: Page | FeedEntry, stamp: str, as_read: str, article: Article) -> Visit:
    validators = item.validators if isinstance(item, Page) else NO_VALIDATORS
    return Visit(Known(stamp, item.sha, as_read, {article.article_id: article.revision}), validators)
