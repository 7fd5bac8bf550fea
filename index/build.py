"""From cut texts to a segment: context, analysis, vectors."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from citewell.corpus.article import LONGEST_LINE, Article, Cut, Passage, Span, passage_id
from citewell.corpus.passages import CUT_RECIPE
from citewell.index.analysis import ANALYSIS_RECIPE, analyse
from citewell.index.articles import Articles, IndexedArticle
from citewell.index.codes import encode
from citewell.index.embedding import Embedder, Progress, embed_cached
from citewell.index.postings import Postings
from citewell.index.segment import Segment
from citewell.index.signatures import SIGNATURE_RECIPE, Keys, Signatures, keys_of, said
from citewell.index.vector_cache import Role, VectorCache

BUILD_RECIPE = f"{CUT_RECIPE} {ANALYSIS_RECIPE} {SIGNATURE_RECIPE} context-2"


def with_context(title: str, passage: Passage, text: str) -> str:
    """What is indexed for a passage: the title, heading and table header that it stands under, then its words."""
    words = passage.span.of(text).strip()
    header = passage.table_header.of(text) if passage.table_header else ""
    context = [line[:LONGEST_LINE] for line in (title, passage.heading or "", header)]
    return "\n".join(
        [*(line for line in dict.fromkeys(context) if line and not words.startswith(line)), words]
    )


def sentence_with_header(sentence: Span, passage: Passage, text: str) -> str:
    """A table row says little without the names of its columns: they are embedded with it."""
    words = sentence.of(text)
    if not words.startswith("|"):
        return words
    header = header_of(sentence, passage, text)
    return f"{header.of(text)[:LONGEST_LINE]}\n{words}" if header else words


def header_of(row: Span, passage: Passage, text: str) -> Span | None:
    """The header of the table that a row is in; None for the header itself."""
    return passage.table_header or _header_before(row, passage, text)


def _header_before(sentence: Span, passage: Passage, text: str) -> Span | None:
    """The first line of the run of table lines that the sentence is in."""
    lines_end = sentence.start - 1
    header: Span | None = None
    while lines_end > passage.span.start:
        start = text.rfind("\n", 0, lines_end) + 1
        if "|" not in text[start:lines_end]:
            break
        header = Span(max(start, passage.span.start), lines_end)
        lines_end = start - 1
    return header


@dataclass(frozen=True, slots=True)
class _Row:
    """A passage on its way into the arrays."""

    passage_id: str
    article: int
    span: Span
    words: str
    sentences: list[str]


def build(
    cut_articles: Iterable[tuple[Article, str, Cut]],
    embedder: Embedder,
    cache: VectorCache | None,
    progress: Progress = lambda *_: None,
) -> Segment:
    """Index articles given as (article, text, cut). The result does not depend on their order."""
    articles: list[IndexedArticle] = []
    keys: list[Keys] = []
    rows: list[_Row] = []
    for article, text, cut in sorted(
        cut_articles, key=lambda given: (given[0].article_id, given[0].revision)
    ):
        for passage in cut.passages:
            rows.append(
                _Row(
                    passage_id(article.article_id, article.text_sha, passage.span),
                    len(articles),
                    passage.span,
                    with_context(article.title, passage, text),
                    [sentence_with_header(sentence, passage, text) for sentence in passage.sentences],
                )
            )
        articles.append(IndexedArticle.of(article))
        keys.append(keys_of(said(text, cut)))
    rows.sort(key=lambda row: row.passage_id)  # of revisions with the same text in their order
    return Segment(
        articles=Articles.of(articles),
        signatures=Signatures.of(keys),
        article_of=np.array([row.article for row in rows], dtype=np.int32),
        spans=np.array([(row.span.start, row.span.end) for row in rows], dtype=np.int32).reshape(-1, 2),
        postings=Postings.of(analyse(row.words, articles[row.article].language) for row in rows),
        passage_vectors=embed_cached(embedder, cache, Role.PASSAGE, [row.words for row in rows], progress),
        sentence_offsets=np.cumsum([0, *(len(row.sentences) for row in rows)], dtype=np.int64),
        sentence_codes=encode(
            embed_cached(embedder, cache, Role.SENTENCE, [s for row in rows for s in row.sentences], progress)
        ),
        model=embedder.fingerprint,
        recipe=BUILD_RECIPE,
    )
