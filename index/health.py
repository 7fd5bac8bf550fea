"""What is worth knowing of a library before it is trusted: what stands in it twice, broken, empty, unknown or unkept."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import numpy as np
import regex

from citewell.corpus.article import Article
from citewell.corpus.errors import CorruptLibrary
from citewell.corpus.sources import Source
from citewell.corpus.text import count_words
from citewell.index.clean import found as found_lines
from citewell.index.findings import SHOWN, Finding, Level, finding
from citewell.index.library import Library
from citewell.index.mirrored import articles_of
from citewell.index.part import Part
from citewell.index.pieces import LOOKED_AT
from citewell.index.signatures import NEAR, Signatures, jaccard, said
from citewell.index.source_health import stale, unreachable
from citewell.index.verify import quick

TINY = 20  # words: an article of fewer
_REPLACED = "\ufffd"
_MISREAD = regex.compile(
    r"Ã[\u0080-\u00bf]|â€[\u0080-\u00bf\u2018-\u203a™œž]|Â[\u00a0-\u00bf]|ï¿½|Ð[\u0080-\u00bf]Ð"
)
_MISREAD_TWICE = 2  # once it may be meant


@dataclass(frozen=True, slots=True)
class Health:
    """All that was found, faults first; languages with how many articles are in each, null where none is known."""

    articles: int
    passages: int
    languages: tuple[tuple[str | None, int], ...]
    left_out: int  # repeated lines that are left out
    sources: tuple[Source, ...]  # that are mirrored, and when each was looked at
    findings: tuple[Finding, ...]

    @property
    def is_well(self) -> bool:
        """Whether there is nothing but notes."""
        return all(finding.level is Level.NOTE for finding in self.findings)


def examine(
    library: Library,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Health:
    """Look at all live articles and at what the index holds of them; nothing is changed.

    Damage that is met is a finding, too. `verify` reads everything, this reads each text once or twice.
    """
    damage = _damage(library)
    if damage.count:
        return Health(0, 0, (), 0, (), (damage,))
    articles, sources = library.store.articles(), library.store.sources()
    parts = library.searcher().parts
    scanned = _Scanned()
    for number, article in enumerate(articles, 1):
        try:
            scanned.look(article, library.store.text(article.text_sha), library.embedder.knows_script)
        except CorruptLibrary as error:
            if _is_live(library, article):
                scanned.damaged.append(str(error))
        if number % 1000 == 0:
            progress(number, len(articles))
    passages = sum(part.passages for part in parts)
    lost = {each: articles_of(library, each) for each in sources if each.fault is not None}
    over = {each for each, left in lost.items() if not left}
    found = [
        finding(
            "damage", Level.FAULT, scanned.damaged, len(articles), "texts", "Look at all: citewell verify"
        ),
        *_of_articles(scanned, len(articles)),
        _steady(library, lambda: _repeated(library)) if not scanned.damaged else None,
        _steady(library, lambda: _duplicates(library)) if not scanned.damaged else None,
        _without_terms(parts, passages),
        unreachable(sources, lost),
        stale(sources, over, articles, clock()),
    ]
    counts = Counter(article.language for article in articles)
    languages = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0] or ""))
    order = list(Level)
    findings = sorted(
        (each for each in found if each and each.count), key=lambda each: order.index(each.level)
    )
    left_out = len(library.store.repeated())
    return Health(len(articles), passages, tuple(languages), left_out, tuple(sources), tuple(findings))


def _is_live(library: Library, article: Article) -> bool:
    """Whether no other process updated, removed or purged it since."""
    return any(each.revision == article.revision for each in library.store.live([article.article_id]))


def _steady(library: Library, look: Callable[[], Finding]) -> Finding:
    """What a look at many texts finds; begun again if it missed one and another process changed something meanwhile."""
    change = library.store.change()
    try:
        return look()
    except CorruptLibrary:
        if library.store.change() == change:
            raise
        return look()


def _damage(library: Library) -> Finding:
    checks = quick(library)
    faults = [fault for check in checks for fault in check.faults]
    looked_at = sum(check.looked_at for check in checks)
    return finding("damage", Level.FAULT, faults, looked_at, "files", "Look at all: citewell verify")


class _Scanned:
    """Ids of articles, by what is found in their texts and in what is said of them."""

    def __init__(self) -> None:
        self.damaged: list[str] = []
        self.tiny: list[str] = []
        self.replaced: list[str] = []
        self.misread: list[str] = []
        self.unknown_script: list[str] = []
        self.undated: list[str] = []
        self.untitled: list[str] = []
        self.no_language: list[str] = []

    def look(self, article: Article, text: str, knows_script: Callable[[str], bool]) -> None:
        said_of = {
            "tiny": len(text) < 20 * TINY and count_words(text) < TINY,
            "replaced": _REPLACED in text,
            "misread": not text.isascii() and len(_MISREAD.findall(text)) >= _MISREAD_TWICE,
            "unknown_script": not knows_script(text[:LOOKED_AT]),
            "undated": article.published is None,
            "untitled": article.title in ("", "untitled", Path(article.source).stem),
            "no_language": article.language is None,
        }
        for name, holds in said_of.items():
            if holds:
                getattr(self, name).append(article.article_id)


def _of_articles(scanned: _Scanned, count: int) -> Iterator[Finding]:
    for name, level, found, advice in (
        ("replaced characters", Level.WARNING, scanned.replaced,
         "They were read in the wrong encoding, or were damaged before: add them again from a sound source."),
        ("misread characters", Level.WARNING, scanned.misread,
         "UTF-8 was read as Latin-1 where they come from: mend that and add them again."),
        ("tiny", Level.WARNING, scanned.tiny, f"They have fewer than {TINY} words: look whether all of them was read."),
        ("unknown script", Level.WARNING, scanned.unknown_script,
         "The model does not know their script: they are found by their words only."),
        ("no language", Level.NOTE, scanned.no_language,
         "Their words are not stemmed. If they are long enough to have a language, let their metadata say it."),
        ("no date", Level.NOTE, scanned.undated, "No question for a time finds them: let their metadata say when."),
        ("no title", Level.NOTE, scanned.untitled, "They are named by their file: let their metadata say what."),
    ):  # fmt: skip
        yield finding(name, level, found, count, "articles", advice)


def _repeated(library: Library) -> Finding:
    """What is not left out yet."""
    known = {(line.site, line.line) for line in library.store.repeated()}
    found = found_lines(library.store)
    new = [
        f"{line.line!r} in {line.articles} of {line.of} of {line.site}"
        for line in found
        if (line.site, line.line) not in known
    ]
    return finding(
        "repeated lines", Level.WARNING, new, len(found), "lines", "Leave them out: citewell clean"
    )


def _duplicates(library: Library) -> Finding:
    """Groups of near-duplicate articles, each with the one first that was added first."""
    parts = library.searcher().parts
    stored = {
        (each.article_id, each.text_sha) for each in library.store.articles()
    }  # the index may be behind
    alive = [
        [
            number
            for number, article in enumerate(part.segment.articles)
            if number not in part.dead and (article.article_id, article.text_sha) in stored
        ]
        for part in parts
    ]
    keys = [part.segment.signatures.keys[:, numbers] for part, numbers in zip(parts, alive, strict=True)]
    signatures = Signatures.of(np.concatenate(keys, axis=1).T if keys else ())
    said_of = (
        part.segment.articles[number]
        for part, numbers in zip(parts, alive, strict=True)
        for number in numbers
    )
    pairs = [(article.article_id, article.text_sha) for article in said_of]
    ids, shas = [article_id for article_id, _ in pairs], [sha for _, sha in pairs]

    @lru_cache(1024)
    def words(sha: str) -> frozenset[tuple[str, ...]]:
        return said(library.store.text(sha), library.store.cut(sha))

    group = list(range(len(ids)))  # of each article one before it in the same group, itself for the first

    def first(number: int) -> int:
        while group[number] != number:
            group[number] = number = group[group[number]]
        return number

    for one, other in signatures.neighbours():
        if first(one) != first(other) and (
            shas[one] == shas[other] or jaccard(words(shas[one]), words(shas[other])) >= NEAR
        ):
            group[first(other)] = first(one)
    members: defaultdict[int, list[str]] = defaultdict(list)
    for number, article_id in enumerate(ids):
        members[first(number)].append(article_id)
    groups = [names for names in members.values() if len(names) > 1]
    shown = [
        " = ".join(sorted(names, key=lambda name: (library.store.added(name), name)))
        for names in sorted(groups, key=lambda names: (-len(names), min(names)))[:SHOWN]
    ]
    count = sum(len(names) - 1 for names in groups)
    advice = "Nothing to do: what they all say is cited from the first one. Remove the others to save room."
    return Finding("near-duplicates", Level.NOTE, count, len(ids), "articles", tuple(shown), advice)


def _without_terms(parts: Sequence[Part], passages: int) -> Finding:
    found: list[str] = []
    for part in parts:
        none = part.segment.postings.lengths == 0
        if part.live.mask is not None:
            none = none & part.live.mask
        found += [part.segment.passage_id(number) for number in np.flatnonzero(none).tolist()]
    advice = "They hold no word that could be searched for, only marks or function words."
    return finding("nothing to search", Level.NOTE, sorted(found), passages, "passages", advice)
