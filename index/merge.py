"""Several segments, or the live part of one, as one segment: arrays are joined, nothing is embedded or analysed again."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from citewell.corpus.article import Span, passage_id
from citewell.index.articles import Articles
from citewell.index.codes import Codes
from citewell.index.part import Part
from citewell.index.postings import Postings
from citewell.index.segment import Segment
from citewell.index.signatures import Signatures
from citewell.index.strings import Strings

FEW = 4
_SMALL = 1 << 14  # passages that are joined within a second
_AT_ONCE = 1 << 14  # rows that are copied together


def merge(parts: Sequence[Part]) -> Segment:
    """The segment that a build of the live articles would give, byte for byte."""
    assert len({(part.segment.model, part.segment.recipe) for part in parts}) == 1
    kept = [
        (article, part, number)
        for part in parts
        for number, article in enumerate(part.segment.articles)
        if number not in part.dead
    ]
    kept.sort(key=lambda found: found[0].key)
    place = {(id(part), number): new for new, (_, part, number) in enumerate(kept)}
    article_of = np.concatenate([_renumbered(part, place) for part in parts])
    spans = np.concatenate([part.segment.spans[_live(part)] for part in parts])
    ids = [
        passage_id(kept[article][0].article_id, kept[article][0].text_sha, Span(start, end))
        for article, (start, end) in zip(article_of.tolist(), spans.tolist(), strict=True)
    ]
    owner = article_of.tolist()
    order = np.array(sorted(range(len(ids)), key=lambda i: (ids[i], owner[i])), dtype=np.int64)
    sizes = np.concatenate([np.diff(part.segment.sentence_offsets)[_live(part)] for part in parts])[order]
    first = parts[0].segment
    return Segment(
        articles=Articles.of(article for article, _, _ in kept),
        signatures=Signatures.of(part.segment.signatures.of_article(number) for _, part, number in kept),
        article_of=article_of[order],
        spans=spans[order],
        postings=_merged_postings(parts, order),
        passage_vectors=np.concatenate([part.segment.passage_vectors[_live(part)] for part in parts])[order],
        sentence_offsets=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        sentence_codes=_taken([part.segment.sentence_codes for part in parts], _sentence_rows(parts, order)),
        model=first.model,
        recipe=first.recipe,
    )


def worth_merging(parts: Sequence[Part]) -> list[Part]:
    """The parts to join now: the small ones, as long as the next larger is less than twice as large as they together.

    So sizes stay geometric, their number logarithmic, and a passage is copied a logarithmic number of times. A part
    that is half dead is written anew. Nothing is worth merging while there are few parts.
    """
    wasted = [part for part in parts if 2 * part.passages < len(part.segment)]
    by_size = sorted(parts, key=lambda part: (part.passages, part.segment.id))
    joined: list[Part] = []
    for part in by_size:
        if joined and part.passages > 2 * sum(other.passages for other in joined):
            break
        joined.append(part)
    if len(joined) < FEW and not wasted:
        return []
    return [part for part in parts if part in wasted or (len(joined) >= FEW and part in joined)]


def worth_merging_at_rest(parts: Sequence[Part]) -> list[Part]:
    """All parts of a small library, since every part costs each question its share; else as above."""
    if len(parts) > 1 and sum(part.passages for part in parts) <= _SMALL:
        return list(parts)
    return worth_merging(parts)


def _live(part: Part) -> NDArray[np.int64]:
    """Numbers of the live passages."""
    return np.arange(len(part.segment)) if part.live.mask is None else np.flatnonzero(part.live.mask)


def _renumbered(part: Part, place: Mapping[tuple[int, int], int]) -> NDArray[np.int32]:
    """For each live passage of a part the index of its article among those that are kept."""
    numbers = range(len(part.segment.articles))
    index = np.array([place.get((id(part), number), -1) for number in numbers], dtype=np.int32)
    return index[part.segment.article_of[_live(part)]]


def _sentence_rows(parts: Sequence[Part], order: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rows of the joined sentence codes, in the order of the new passages."""
    bases = np.cumsum([0, *(len(part.segment.sentence_codes) for part in parts)])
    starts = np.concatenate(
        [
            base + part.segment.sentence_offsets[:-1][_live(part)]
            for base, part in zip(bases, parts, strict=False)
        ]
    )[order]
    sizes = np.concatenate([np.diff(part.segment.sentence_offsets)[_live(part)] for part in parts])[order]
    return np.repeat(starts - np.cumsum(sizes) + sizes, sizes) + np.arange(sizes.sum())


def _taken(arrays: Sequence[Codes], rows: NDArray[np.int64]) -> Codes:
    """Rows of the arrays as if end to end; they are the largest of a segment, and no copy of all is made."""
    taken = np.empty((len(rows), arrays[0].shape[1]), dtype=arrays[0].dtype)
    base = 0
    for array in arrays:
        mine = np.flatnonzero((rows >= base) & (rows < base + len(array)))
        for first in range(0, len(mine), _AT_ONCE):
            some = mine[first : first + _AT_ONCE]
            taken[some] = array[rows[some] - base]
        base += len(array)
    return taken


def _merged_postings(parts: Sequence[Part], order: NDArray[np.int64]) -> Postings:
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))  # new number of the passage that is i-th of the live ones
    terms = sorted({term for part in parts for term in part.segment.postings.terms})
    row_of = {term: row for row, term in enumerate(terms)}
    rows, passages, counts, base = [], [], [], 0
    for part in parts:
        postings, live = part.segment.postings, _live(part)
        new_number = np.full(len(part.segment), -1, dtype=np.int32)
        new_number[live] = place[base : base + len(live)]
        base += len(live)
        new_row = np.array([row_of[term] for term in postings.terms], dtype=np.int32)
        row = np.repeat(new_row, np.diff(postings.offsets))
        number = new_number[postings.passages]
        alive = number >= 0
        rows.append(row[alive])
        passages.append(number[alive])
        counts.append(postings.counts()[alive])
    row, passage = np.concatenate(rows), np.concatenate(passages)
    sorting = np.lexsort((passage, row))
    doc_freqs = np.bincount(row, minlength=len(terms))
    left = np.flatnonzero(doc_freqs)  # terms that only dead passages held are gone
    return Postings.joined(
        terms=Strings.of(terms[row] for row in left.tolist()),
        offsets=np.concatenate([[0], np.cumsum(doc_freqs[left])]).astype(np.int64),
        passages=passage[sorting],
        counts=np.concatenate(counts)[sorting],
        lengths=np.concatenate([part.segment.postings.lengths[_live(part)] for part in parts])[order],
    )
