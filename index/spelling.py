"""Words of a question that no passage holds, read as the commonest indexed term one edit away.

An edit is a letter too few, too many or another, or two neighbours swapped (Damerau 1964). Statistics are those of all
passages that can be found, so a reading depends neither on a filter nor on how passages lie in segments.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from citewell.index.analysis import analyse

SPELLING_RECIPE = "spelling-2"

Terms = Mapping[str | None, tuple[str, ...]]  # of a question in each language, as they occur
DocFreq = Callable[[str], int]
KnowsWord = Callable[[str], bool]  # of an embedding model
Spelled = Callable[[str, bool], str]  # what a term, of a word that the model knows or not, is read as

_LEAST = 5  # letters of the longer of the two: of shorter words too many are alike
_LONGEST = 24  # letters of a term that is looked up
_MOST = 8  # terms of a question that are looked up; of so many letters they have 30,000 spellings at most
_ALPHABETS = tuple(
    frozenset(c for c in map(chr, range(ord(first), ord(last) + 1)) if unicodedata.category(c)[0] in "LM")
    for first, last in ("az", "αω", "аџ", "աֆ", "את", "ءي", "अ्", "அ்")
)  # of the scripts that words are stemmed in
_MARKED: defaultdict[str, list[str]] = defaultdict(list)  # of a letter, the same with a mark
_UNMARKED: dict[str, str] = {}  # the other way round
for _letter in map(chr, range(ord("à"), ord("ώ") + 1)):
    if _letter.islower() and len(_parts := unicodedata.normalize("NFD", _letter)) == 2:
        _MARKED[_parts[0]].append(_letter)
        _UNMARKED[_letter] = _parts[0]


@dataclass(frozen=True, slots=True)
class ReadAs:
    """A word of the question that is not in the library, and the one that was searched in its place."""

    asked: str
    read: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A question's terms as they were asked and as they are searched: in each language as many, in the same order."""

    asked: Terms
    terms: Terms
    read_as: tuple[ReadAs, ...] = ()


def spellings(term: str, known: bool = False) -> set[str]:
    """All strings one edit away, over the alphabet of the term's script; none if the term is read as it stands.

    Of a known word only those with a mark more or less: many vocabularies and keyboards do without.
    """
    if not _LEAST - 1 <= len(term) <= _LONGEST or any(c.isnumeric() for c in term):
        return set()
    if known:
        return {
            term[:i] + c + term[i + 1 :]
            for i, letter in enumerate(term if len(term) >= _LEAST else "")
            for c in (*_MARKED.get(letter, ()), _UNMARKED.get(letter, letter))
        } - {term}
    letters = next((some for some in _ALPHABETS if not some.isdisjoint(term)), frozenset[str]())
    cuts = [(term[:i], term[i:]) for i in range(len(term) + 1)]
    found = {a + c + b for a, b in cuts for c in letters}
    if len(term) >= _LEAST:
        found |= {a + b[1:] for a, b in cuts[:-1]}
        found |= {a + c + b[1:] for a, b in cuts[:-1] for c in (*letters, *_MARKED.get(b[0], ()))}
        found |= {a + b[1] + b[0] + b[2:] for a, b in cuts[:-2]}
    return found - {term}


_terms = lru_cache(maxsize=1 << 14)(analyse)  # of a word


def commonest(term: str, known: bool, held: Callable[[set[str]], Iterable[str]], doc_freq: DocFreq) -> str:
    """The spelling that most passages hold, ties by term; the term itself if they hold none.

    `held` picks from many terms at least those that some passage holds.
    """
    found = [(-count, spelling) for spelling in held(spellings(term, known)) if (count := doc_freq(spelling))]
    return min(found)[1] if found else term


def unread(question: str, asked: Terms, doc_freq: DocFreq) -> dict[str, dict[str | None, str]]:
    """Its first words that no passage holds in any of the languages, each with its term in every language.

    A function word of one of them, which is no term there, is known.
    """
    found: dict[str, dict[str | None, str]] = {}
    if any(
        all(map(doc_freq, some)) for some in asked.values()
    ):  # each word is known there, or a function word
        return found
    looked_up: set[str] = set()
    for word in dict.fromkeys(analyse(question, None)):
        terms = {
            language: term
            for language, some in asked.items()
            for term in _terms(word, language)[:1]
            if term in some
        }
        if len(terms) < len(asked) or any(map(doc_freq, terms.values())):
            continue
        looked_up |= set(terms.values())
        if len(looked_up) > _MOST:
            break
        found[word] = terms
    return found


def readable(words: Mapping[str, Mapping[str | None, str]], knows_word: KnowsWord) -> set[str]:
    """All that unread words can be read as."""
    return {
        spelling
        for word, terms in words.items()
        for term in set(terms.values())
        for spelling in spellings(term, knows_word(word))
    }


def read(question: str, asked: Terms, doc_freq: DocFreq, knows_word: KnowsWord, spelled: Spelled) -> Reading:
    """The question with what each word that the library lacks is read as."""
    words = unread(question, asked, doc_freq)
    if not words:
        return Reading(asked, asked)
    instead: dict[str | None, dict[str, str]] = {language: {} for language in asked}
    said: dict[ReadAs, None] = {}
    for word, terms in words.items():
        known = knows_word(word)  # then it is no misspelling
        for language, term in terms.items():
            if (spelling := spelled(term, known)) != term:
                instead[language][term] = spelling
                said[ReadAs(word, _as_word(word, term, spelling, language))] = None
    searched = {
        language: tuple(instead[language].get(term, term) for term in some)
        for language, some in asked.items()
    }
    return Reading(asked, searched, tuple(said))


def _as_word(word: str, term: str, spelling: str, language: str | None) -> str:
    """With the ending that stemming took from the word, if that is a word of the spelling."""
    whole = spelling + word.removeprefix(term)
    return whole if word.startswith(term) and analyse(whole, language) == [spelling] else spelling
