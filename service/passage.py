"""A passage by its id, as HTTP and agents get it."""

from citewell.corpus.article import parse_passage_id
from citewell.corpus.errors import UnknownPassage
from citewell.index.checking import known_article, now_of
from citewell.index.citation import cited, cited_passage, links_of
from citewell.index.library import Library
from citewell.service.schemas import PassageText


def find_passage(library: Library, passage_id: str) -> PassageText:
    """Resolve a passage id without the index. Raises UnknownPassage."""
    article_id, sha12, span = parse_passage_id(passage_id)
    article = library.store.article_with_text(article_id, sha12)
    text = library.store.text(article.text_sha) if article else ""
    if article is None or span.end > len(text):
        raise UnknownPassage(passage_id)
    stored = library.store.passage(article.text_sha, span)
    heading = stored.heading if stored else None
    passage = cited_passage(passage_id, span, heading, text, library.store.pages(article))
    known = known_article(library.store, article_id)
    now = now_of(passage.text, span, text, known)
    links = links_of(article, passage_id)
    return PassageText(cited(article), passage, known.live == article.text_sha, links, now)
