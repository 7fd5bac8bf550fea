"""The live articles of a mirrored source, as far as this machine knows which they are."""

from contextlib import closing, suppress

from citewell.corpus.article import is_web
from citewell.corpus.errors import CitewellError
from citewell.corpus.looking import under
from citewell.corpus.repeated import site_of
from citewell.corpus.sources import Source
from citewell.index.library import Library
from citewell.index.seen import SEEN, Seen
from citewell.index.visiting import held_of
from citewell.index.visits import VISITS, Visits


def articles_of(library: Library, source: Source) -> list[str]:
    """Ids, in order. Of an address whose pages were noted nowhere here, those of its host."""
    if is_web(source.place):
        found = _of_address(library, source.place)
        return sorted(_of_host(library, source.place) if found is None else found)
    own = {article.article_id for article in library.store.articles_from(under(source.place))}
    return sorted(own | _of_records(library, source.place))


def _of_address(library: Library, address: str) -> set[str] | None:
    """None if no page of it was noted, as where another machine mirrors it."""
    if (library.folder / VISITS).is_file():
        with suppress(CitewellError), closing(Visits(library.folder / VISITS)) as visits:
            if names := visits.of(address).keys():
                return set(held_of(library.store, names))
    return None


def _of_host(library: Library, address: str) -> set[str]:
    articles = library.store.articles()
    return {each.article_id for each in articles if site_of(each.source) == site_of(address)}


def _of_records(library: Library, folder: str) -> set[str]:
    """Of files in a folder, those whose source is an address of their own."""
    if (library.folder / SEEN).is_file():
        with suppress(CitewellError), closing(Seen(library.folder / SEEN)) as seen:
            ids = {each for known in seen.files(folder).values() for each in known.articles}
            return {each.article_id for each in library.store.live(ids) if is_web(each.source)}
    return set()
