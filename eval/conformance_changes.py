"""The part of the contract that writes, or is refused: updates, deletes, rebuilds, a cut connection, credentials."""

import threading
import time
from dataclasses import replace
from uuid import uuid4

from citewell.corpus.errors import ClusterAway, ClusterRefused
from citewell.eval.conformance_articles import article, articles, questions
from citewell.eval.conformance_subject import Failed, K, Skipped, Subject, check_same, ranked
from citewell.eval.proxy import Proxy
from citewell.index.answer import search
from citewell.index.passage_store import Unsupported
from citewell.index.purge import purge
from citewell.index.verify import verify
from citewell.index.writing import put, remove

_CUT_FOR = 20.0  # seconds in which a question has to end when no answer comes


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
