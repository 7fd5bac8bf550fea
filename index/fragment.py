"""Links to a quote on a web page, as text fragments (https://wicg.github.io/scroll-to-text-fragment/)."""

from itertools import islice
from urllib.parse import quote as percent_encoded

import regex

from citewell.index.words import divides_word, folded, places

_MOST_WHOLE = 300  # characters; of a longer quote the first and the last words are given
_LEAST_WORDS = 4  # of these: a page has more words than its article
_MARKUP = regex.compile(r"[*_`|\[\]<>\\]")  # of Markdown: the page shows something else
_WORD = regex.compile(r"\S+")


def quote_link(page: str | None, quote: str, text: str) -> str | None:
    """The address of the page with a fragment that takes a browser to the quote.

    None without an address, and where a browser would find nothing or something else: when the quote stands more than
    once in the article's text, in capitals or not, or holds marks that a page does not show.
    """
    if page is None or _MARKUP.search(quote):
        return None
    sought = _sought(quote.strip(), folded(text))
    if sought is None:
        return None
    address = page.partition(":~:")[0].removesuffix("#")
    return f"{address}{'' if '#' in address else '#'}:~:text={','.join(map(_encoded, sought))}"


def _sought(quote: str, text: str) -> tuple[str, ...] | None:
    """What a browser is to look for: the quote, or as few of its first and last words as lead to its start and end.

    It looks for each in one block of the page: in what is one line here.
    """
    if not _stands_once(quote, text):
        return None
    if len(quote) > _MOST_WHOLE or "\n" in quote:
        words = list(_WORD.finditer(quote))
        heads = [quote[: word.end()] for word in words[_LEAST_WORDS - 1 :]]
        tails = [quote[word.start() :] for word in reversed(words[: 1 - _LEAST_WORDS])]
        head = next((head for head in heads if "\n" not in head and _stands_once(head, text)), quote)
        rest = folded(quote[len(head) :])
        if tail := next((tail for tail in tails if "\n" not in tail and _stands_once(tail, rest)), None):
            return head, tail
    return None if "\n" in quote else (quote,)


def _stands_once(words: str, text: str) -> bool:
    """Whether the words, as whole ones, are once in a text without capitals."""
    sought = folded(words)
    ends = ((at, at + len(sought)) for at in places(sought, text))
    whole = (at for at, end in ends if not divides_word(text, at) and not divides_word(text, end))
    return len(list(islice(whole, 2))) == 1


def _encoded(words: str) -> str:
    """With blanks between words as a page has them, and without what is syntax in a fragment."""
    return percent_encoded(" ".join(words.split()), safe="").replace("-", "%2D")
