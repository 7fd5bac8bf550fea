"""The part of the contract that only reads: lists, filters and counts are those of the same library on this machine."""

import numpy as np

from citewell.eval.conformance_articles import misspelt, questions
from citewell.eval.conformance_subject import Failed, K, Subject, ask_for_bm25, check_same, ids_of, ranked
from citewell.index.filter import Filter
from citewell.index.verify import verify

RECALL = 0.95
_QUESTIONS = 20
_MISSPELT = 10
_EVERY = 100_000  # more passages than there are


def bm25_lists(subject: Subject) -> str:
    """The ten best by BM25 are ours, with our scores; of equal scores any."""
    ask_for_bm25(subject)
    for question in questions(_QUESTIONS):
        check_same(*(ranked(library, question, "lexical") for library in (subject.standing, subject.exact)))
    return f"{_QUESTIONS} questions, k {K}"


def dense_recall(subject: Subject) -> str:
    """Of the ten nearest at least 95 in 100 are found."""
    shares = []
    for question in questions(_QUESTIONS):
        found, exact = (ranked(library, question, "dense") for library in (subject.standing, subject.exact))
        shares.append(len(ids_of(found) & ids_of(exact)) / len(exact))
    recall = float(np.mean(shares))
    if recall < RECALL:
        raise Failed(f"recall@10 is {recall:.3f}; {RECALL} is asked")
    return f"recall@10 {recall:.3f}"


def whole_rankings(subject: Subject) -> str:
    """What is ranked by everything together is the same, also for words that are read as others."""
    ask_for_bm25(subject)
    asked = [*questions(_QUESTIONS), *misspelt(_MISSPELT)]
    for question in asked:
        check_same(*(ranked(library, question, "hybrid") for library in (subject.standing, subject.exact)))
    return f"{len(asked)} questions, k {K}"


FILTERS = (
    Filter(articles=("a1", "a2", "unknown")),
    Filter(languages=("nl",)),
    Filter(languages=("en", "nl")),
    Filter(sources=("https://example.org/3",)),
    Filter(sources=("https://example.org/3/", "https://example.org/4/a9")),
    Filter(published_from="2026"),
    Filter(published_to="2025-06"),
    Filter(published_from="2025-03", published_to="2026-03-20"),
    Filter(metadata=(("shelf", "2"),)),
    Filter(languages=("nl",), published_from="2025-07", metadata=(("shelf", "1"),)),
)


def filters(subject: Subject) -> str:
    """What passes is found, nothing else is, and it is counted. Lists by vectors alone are near enough, as without a filter."""
    shares = []
    for given in FILTERS:
        for question in questions(5):
            found, exact = (
                ranked(library, question, subject.ranking, given)
                for library in (subject.standing, subject.exact)
            )
            if subject.ranking == "hybrid":
                check_same(found, exact)
                continue
            passing = ids_of(ranked(subject.exact, question, subject.ranking, given, _EVERY))
            if stray := ids_of(found) - passing:
                raise Failed(f"{min(stray)} does not pass {given}")
            shares.append(len(ids_of(found) & ids_of(exact)) / len(exact) if exact else 1.0)
        counts = {
            library.askable().about("ba", given)[0].count(given)
            for library in (subject.standing, subject.exact)
        }
        if len(counts) > 1:
            raise Failed(f"{given} lets through {sorted(counts)} passages")
    if shares and (recall := float(np.mean(shares))) < RECALL:
        raise Failed(f"recall@{K} is {recall:.3f}; {RECALL} is asked")
    return f"{len(FILTERS)} filters"


HOSTILE = (
    'a"1',
    "a\\",
    "'",
    '"] or revision != "',
    'a1") or (id != "',
    "%",
    "_",
    "a1\n",
    "\x00",
    "ä\u202e",
    "x" * 3000,
)


def injection(subject: Subject) -> str:
    """No value of a filter changes what it asks."""
    question = questions(1)[0]
    for value in HOSTILE:
        for given in (
            Filter(articles=(value,)),
            Filter(sources=(value,)),
            Filter(metadata=((value, value),)),
        ):
            if hits := ranked(subject.standing, question, subject.ranking, given):
                raise Failed(f"{given} lets {hits[0].passage_id} through")
    given = Filter(metadata=(('quoted "key"', "a\\b'c\"%_"),))
    check_same(
        *(ranked(library, question, subject.ranking, given) for library in (subject.standing, subject.exact))
    )
    return f"{len(HOSTILE)} values"


def counts(subject: Subject) -> str:
    """Every passage is there once, and the statistics are those of what is there."""
    faults = [fault for check in verify(subject.standing) for fault in check.faults]
    if faults:
        raise Failed("; ".join(faults[:3]))
    passages = {library.askable().about("ba")[0].passages for library in (subject.standing, subject.exact)}
    if len(passages) > 1:
        raise Failed(f"there are {sorted(passages)} passages")
    return f"{passages.pop()} passages"
