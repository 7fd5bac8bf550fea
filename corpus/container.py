"""The element of a page that holds most words in paragraphs of its own: for pages that trafilatura makes less of."""

from collections import Counter
from copy import deepcopy

import regex
from lxml import etree

from citewell.corpus.markup import name_of, raw_text, text_of

_PARAGRAPHS = {"p", "pre", "blockquote"}
_ASIDE = {"aside", "footer", "nav", "form"}
_MOST_LINKED = 0.5  # share of the characters, beyond which a list or paragraph is for finding one's way
_LEAST_KEPT = 0.97  # of the container's words; with fewer, some of the article is lacking
_LEAST_ALIKE = 0.6  # of the words of one that are in the other; with fewer, they are not the same article
_WORD = regex.compile(r"[\p{L}\p{N}]+")


def better_of(found: str, page: etree._Element) -> str:
    """The text that was found in a page, or that of its container if it is the same article and less of it was lost."""
    element = max(page.iter(), key=_own_words, default=None)
    if element is None or not _own_words(element):
        return found
    other = text_of(_pruned(element))
    theirs, ours = Counter(_WORD.findall(found)), Counter(_WORD.findall(other))
    common = (theirs & ours).total()
    if common < _LEAST_ALIKE * max(theirs.total(), ours.total()):
        return found
    lost = common < _LEAST_KEPT * ours.total() or 2 * found.count("\n\n") < other.count("\n\n")
    return other if lost else found


def _own_words(element: etree._Element) -> int:
    """Characters in paragraphs that are its children; 0 for what is no element."""
    if not isinstance(element.tag, str):
        return 0
    paragraphs = (child for child in element if isinstance(child.tag, str) and name_of(child) in _PARAGRAPHS)
    return sum(len(raw_text(child)) for child in paragraphs if not _is_linked(child))


def _pruned(element: etree._Element) -> etree._Element:
    kept = deepcopy(element)
    kept.tail = None
    for child in list(kept):
        if isinstance(child.tag, str) and (name_of(child) in _ASIDE or _is_linked(child)):
            kept.remove(child)
    return kept


def _is_linked(element: etree._Element) -> bool:
    linked = sum(len(raw_text(link)) for link in element.iter("a"))
    return linked > _MOST_LINKED * len(raw_text(element))
