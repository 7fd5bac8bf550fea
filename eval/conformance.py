"""Whether a store of passages does what citewell asks of one: the contract, as checks that anyone can run on a cluster.

Each works in collections of its own, under a random name, which are dropped. The same library on this machine says what
is right.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import numpy as np

from citewell.corpus.errors import ClusterAway, ClusterError, ClusterRefused
from citewell.eval.conformance_articles import article, articles, misspelt, questions
from citewell.eval.conformance_subject import (
    Failed,
    K,
    Skipped,
    Subject,
    ask_for_bm25,
    check_same,
    ids_of,
    ranked,
)
from citewell.eval.proxy import Proxy
from citewell.index.address import Address
from citewell.index.answer import search
from citewell.index.filter import Filter
from citewell.index.passage_store import Unsupported
from citewell.index.purge import purge
from citewell.index.verify import verify
from citewell.index.writing import put, remove

RECALL = 0.95
_QUESTIONS = 20
_MISSPELT = 10
_EVERY = 100_000  # more passages than there are
_CUT_FOR = 20.0  # seconds in which a question has to end when no answer comes


class Outcome(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Checked:
    name: str
    outcome: Outcome
    detail: str
    took_s: float


Check = Callable[[Subject], str]


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


def updates(subject: Subject) -> str:
    """After an update only the new text is found, at once, and scores are those of a library made anew."""
    library, fresh = subject.new("updates"), subject.new_exact("updated")
    put(library, articles(30))
    changed = [article(f"a{number}", 5_000 + number, marked="Zzyzx") for number in range(0, 30, 3)]
    put(library, changed)
    put(fresh, [*articles(30)])
    put(fresh, changed)
    for question in ["zzyzx", *questions(8)]:
        check_same(ranked(library, question, subject.ranking), ranked(fresh, question, subject.ranking))
        found = search(library.askable(), library.store, question, K).hits
        for hit in found:
            if hit.article.revision != library.store.article(hit.article.id).revision:
                raise Failed(f"{question!r} finds {hit.passage.id}, which was superseded")
    return f"{len(changed)} of 30 articles"


def deletes(subject: Subject) -> str:
    """What was removed or purged is not found, and its rows go."""
    library, fresh = subject.new("deletes"), subject.new_exact("deleted")
    put(library, articles(30))
    remove(library, [f"a{number}" for number in range(0, 30, 5)])
    purge(library, ["a1", "a2"])
    put(fresh, [given for number, given in enumerate(articles(30)) if number % 5 and number not in (1, 2)])
    for question in questions(8):
        check_same(ranked(library, question, subject.ranking), ranked(fresh, question, subject.ranking))
    if faults := [fault for check in verify(library) for fault in check.faults]:
        raise Failed("; ".join(faults[:3]))
    name, looked_at, _ = library.engine.faults()
    if library.cluster is not None and looked_at != fresh.askable().about("ba")[0].passages:
        raise Failed(f"{name}: {looked_at} are there after a purge")
    return "8 of 30 articles"


def two_clients(subject: Subject) -> str:
    """What one client adds another finds at once."""
    library = subject.new("clients")
    put(library, articles(5))
    other = subject.again(library)
    ranked(other, "ba", subject.ranking)
    for number in range(5):
        given = article("new", 9_000 + number, marked=f"Qwxyz{number}")
        put(library, [given])
        hits = search(other.askable(), other.store, given.draft.text[:1_000], 1).hits
        if not hits or hits[0].article.id != "new" or hits[0].article.revision != number + 1:
            raise Failed(f"revision {number + 1} is not found by another client")
    return "5 updates"


def alias_swap(subject: Subject) -> str:
    """While everything is built anew no question fails or finds nothing."""
    library = subject.new("swap")
    put(library, articles(20))
    right = [hit.passage_id for hit in ranked(library, "ba ce di", subject.ranking)]
    wrong: list[str] = []
    ended = threading.Event()
    asked = [0]

    def ask() -> None:
        while not ended.is_set():
            try:
                if [hit.passage_id for hit in ranked(library, "ba ce di", subject.ranking)] != right:
                    wrong.append("another ranking")
            except Exception as error:
                wrong.append(str(error))
            asked[0] += 1

    reader = threading.Thread(target=ask)
    reader.start()
    try:
        for _ in range(2):
            with library.writing():
                library.rebuild()
    except Unsupported as error:
        raise Skipped(str(error)) from None
    finally:
        ended.set()
        reader.join()
    if wrong:
        raise Failed(f"{len(wrong)} of {asked[0]} questions went wrong: {wrong[0]}")
    return f"{asked[0]} questions beside 2 rebuilds"


def cut_connection(subject: Subject) -> str:
    """A question ends in time when no answer comes, with an error that says so; later ones are answered."""
    if subject.address is None or subject.standing.cluster is None:
        raise Skipped("there is no connection")
    if subject.address.uri.startswith("https"):
        raise Skipped("a certificate is not that of a proxy")
    with Proxy(subject.address.place) as proxy:
        through = replace(subject.standing.cluster, uri=f"http://{proxy.place}")
        library = subject.again(subject.standing, through)
        ranked(library, "ba", subject.ranking)
        proxy.cut()
        began = time.monotonic()
        try:
            ranked(library, "ce", subject.ranking)
        except ClusterAway:
            pass
        else:
            raise Failed("a question was answered over a connection that was cut")
        took = time.monotonic() - began
        if took > _CUT_FOR:
            raise Failed(f"a question took {took:.1f} s to fail")
        proxy.mend()
        deadline = time.monotonic() + _CUT_FOR
        while True:
            try:
                ranked(library, "ce", subject.ranking)
                break
            except ClusterAway:
                if time.monotonic() > deadline:
                    raise Failed("the client does not come back to a connection that works again") from None
    return f"failed after {took:.1f} s"


def credentials(subject: Subject) -> str:
    """Wrong ones are refused by name."""
    if subject.address is None or not subject.address.token:
        raise Skipped("no token was given")
    assert subject.standing.cluster is not None
    wrong = subject.again(subject.standing, replace(subject.standing.cluster, token=uuid4().hex))
    try:
        ranked(wrong, "ba", subject.ranking)
    except ClusterRefused:
        return "refused"
    raise Failed("a wrong token is taken")


CHECKS: tuple[Check, ...] = (
    counts, bm25_lists, dense_recall, whole_rankings, filters, injection, updates, deletes, two_clients, alias_swap,
    cut_connection, credentials,
)  # fmt: skip


def run(address: Address | None) -> Iterator[Checked]:
    """Each check as it is done. Raises ClusterError when nothing can be reached at all."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="citewell-conformance-")))
        subject = stack.enter_context(closing(Subject(folder, address)))
        _ = subject.standing
        for check in CHECKS:
            yield checked(check, subject)


def checked(check: Check, subject: Subject) -> Checked:
    began = time.monotonic()
    try:
        outcome, detail = Outcome.PASSED, check(subject)
    except Skipped as reason:
        outcome, detail = Outcome.SKIPPED, str(reason)
    except (Failed, ClusterError) as error:
        outcome, detail = Outcome.FAILED, str(error)
    return Checked(check.__name__, outcome, detail, round(time.monotonic() - began, 2))
