"""A passage by its id, as HTTP and agents get it."""

from contextlib import suppress

from citewell.corpus.article import parse_passage_id
from citewell.corpus.errors import UnknownArticle, UnknownPassage
from citewell.index.checking import known_article, now_of
from citewell.index.citation import cited, cited_passage, links_of
from citewell.index.library import Library
from citewell.service.schemas import PassageText


def find_passage(library: Library, passage_id: str) -> PassageText:
    """Resolve a passage id without the index. Raises UnknownPassage."""
    article_id, sha12, span = parse_passage_id(passage_id)
    store = library.store
    while (found := store.article_with_text(article_id, sha12)) is not None:
        known, stored = known_article(store, article_id), store.passage(found.text_sha, span)
        with suppress(UnknownArticle):  # else it was erased meanwhile
            article, text, page_starts = store.revision(article_id, found.revision)
            break
    if found is None or span.end > len(text):
        raise UnknownPassage(passage_id)
    heading = stored.heading if stored else None
    passage = cited_passage(passage_id, span, heading, text, page_starts)
    now = now_of(passage.text, span, text, known)
    links = links_of(article, passage_id)
    return PassageText(cited(article), passage, known.live == article.text_sha, links, now)
