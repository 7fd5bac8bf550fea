"""Lines that repeat across the articles of one site: menus, prompts and notices, told by how often they stand there.

What might answer a question is kept however often it repeats: a line with a figure, a name in a sentence, a value for a
label, a byline. Counting is of whole lines; where one is left out in a text, `cleaning.py` decides by what is around it.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import PurePath
from urllib.parse import urlsplit

import regex

from citewell.corpus.text import count_words

LEAST_ARTICLES = 5  # that hold a line
LEAST_SHARE = 0.3  # of the site's articles
_MOST_WORDS, _MOST_CHARACTERS = 16, 200
_LESS = " less "
_SAMPLE = 400  # articles of a site that tell which of its lines are worth counting

_LETTER = regex.compile(r"\p{L}")
_FIGURE = regex.compile(r"\p{N}")
_RIGHTS = regex.compile(r"(?i)©|\bcopyright\b|\brights reserved\b")
_BYLINE = regex.compile(r"(?i)(?:by|door|von|par|por|di|av)\s")
_LABELLED = regex.compile(r"[^:：]{1,60}[:：]\s*\S")
_ENDS_AS_SENTENCE = regex.compile(r"[.!?。！？][\"'”’)\]]*$")
_NAME = regex.compile(r"(?<=\p{Ll}[\p{L},]*\s)\p{Lu}")


@dataclass(frozen=True, slots=True)
class Repeated:
    """A line of a site, and how many of its articles hold it."""

    site: str
    line: str
    articles: int
    of: int


def site_of(source: str) -> str:
    """What an article's source lies in: the host of a URL, the folder of a file."""
    parts = urlsplit(source) if "://" in source else None
    if parts is not None and parts.hostname:
        return parts.hostname
    return PurePath(source).parent.as_posix()


def may_be_left_out(line: str) -> bool:
    """Whether a stripped line says nothing that could answer a question, if it stands in article after article."""
    if len(line) > _MOST_CHARACTERS or not _LETTER.search(line) or count_words(line) > _MOST_WORDS:
        return False
    if _RIGHTS.search(line):
        return True
    bare = line.strip("#*_->• \t")
    if _FIGURE.search(bare) or _BYLINE.match(bare) or _LABELLED.match(bare) or "|" in bare[:1]:
        return False
    return not (_ENDS_AS_SENTENCE.search(bare) and _NAME.search(bare))


def repeated(shas_by_site: Mapping[str, Sequence[str]], text: Callable[[str], str]) -> Iterator[Repeated]:
    """The lines of each site that stand in enough of its articles, in order; of these the texts' SHA-256 are given."""
    for site, shas in sorted(shas_by_site.items()):
        if len(shas) < LEAST_ARTICLES:
            continue
        least = max(LEAST_ARTICLES, LEAST_SHARE * len(shas))
        sample = sorted(set(shas))[:_SAMPLE]
        seen = _count(map(text, sample), None)
        likely = {
            line
            for line, count in seen.items()
            if count >= min(LEAST_ARTICLES, len(sample)) and 2 * count >= LEAST_SHARE * len(sample)
        }
        likely = {line for line in likely if may_be_left_out(line)}
        if likely:
            counts = _count(map(text, shas), likely)
            found = (
                Repeated(site, line, count, len(shas)) for line, count in counts.items() if count >= least
            )
            yield from sorted(found, key=lambda each: (-each.articles, each.line))


def _count(texts: Iterable[str], among: Collection[str] | None) -> Counter[str]:
    """How many of the texts hold each line."""
    counts: Counter[str] = Counter()
    for text in texts:
        lines = {line.strip() for line in text.split("\n") if len(line) <= 2 * _MOST_CHARACTERS}
        counts.update(lines if among is None else lines.intersection(among))
    return counts


def recipe_with(recipe: str, lines: Collection[str]) -> str:
    """The name of a way to cut that also leaves out these lines."""
    if not lines:
        return recipe
    return f"{recipe}{_LESS}{sha256(repr(sorted(lines)).encode()).hexdigest()[:16]}"


def recipe_of(said: str) -> str:
    """The same without the lines."""
    return said.partition(_LESS)[0]
