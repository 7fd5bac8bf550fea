"""Random histories of a small library, and a clock that tells them what day it is."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import strategies as st

from citewell.corpus.article import Draft
from citewell.corpus.passages import CUT_RECIPE, Bounds, cut
from citewell.corpus.repeated import Repeated, recipe_with
from citewell.index import cutting
from citewell.index.filter import Filter
from citewell.index.library import Library

WORDS = ("sun", "moon", "star", "comet")
NAMES = ("a", "b", "c", "d", "e", "f")
TINY = Bounds(least_words=2, target_words=5, most_words=9, most_tokens=30)

sentence = st.lists(st.sampled_from([*WORDS, "rises", "sets", "late"]), min_size=2, max_size=6).map(
    lambda words: " ".join(words).capitalize() + "."
)
MENU = "Our whole menu."
RULE = [Repeated("/", MENU, 5, 6)]  # whatever stands in the articles
text = st.tuples(
    st.sampled_from(("", f"{MENU}\n\n")), st.lists(sentence, min_size=1, max_size=5).map(" ".join)
).map("".join)
FILTERS = (Filter(languages=("en",)), Filter(articles=("a", "e", "f")), Filter(sources=("/b.txt", "/e.txt")))
LANGUAGES = {"e": "nl", "f": None}  # the others are in English
_put = st.tuples(st.just("put"), st.sampled_from(NAMES), text)
_remove = st.tuples(st.just("remove"), st.sampled_from(NAMES), st.just(""))
_clean = st.tuples(st.just("clean"), st.sampled_from(("", MENU)), st.just(""))
step = _put | _remove | _put | _clean
history = st.lists(st.lists(step, min_size=1, max_size=3), min_size=1, max_size=10)  # batches of steps


def put(library: Library, name: str, words: str) -> None:
    """As writing does, in tiny passages."""
    draft = Draft(words, name.upper(), "test", "")
    language = LANGUAGES.get(name, "en")
    lines = library.store.lines_of_sites().get("/", frozenset())
    pieces = cut(words, language, library.embedder.count_tokens, TINY, of_site=lines)
    library.store.put(name, f"/{name}.txt", draft, language, pieces, recipe_with(CUT_RECIPE, lines))


@contextmanager
def tiny_passages() -> Iterator[None]:
    """What is cut again is cut as it was put."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(cutting, "bounds_for", lambda _: TINY)
        yield


class Days:
    """A clock that stands still at noon, each time on the next day."""

    def __init__(self) -> None:
        self.now = datetime(2025, 12, 31, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def next(self) -> str:
        self.now += timedelta(days=1)
        return self.now.date().isoformat()


def take(library: Library, kind: str, name: str, words: str) -> None:
    """One step, into the store; what is not there is not removed."""
    if kind == "put":
        put(library, name, words)
    elif kind == "clean":
        library.store.leave_out(RULE if name else ())
    elif any(library.store.live([name])):
        library.store.remove(name)


def rests(batches: list[list[tuple[str, str, str]]]) -> Callable[[], bool]:
    """Whether a writer is at rest after a batch, at times: always the same for one history."""
    chance = random.Random(repr(batches))
    return lambda: chance.random() < 0.3  # so that segments get to be as many as are joined anyway


def play(library: Library, batches: list[list[tuple[str, str, str]]]) -> None:
    at_rest = rests(batches)
    for batch in batches:
        with library.writing():
            for step_ in batch:
                take(library, *step_)
            library.catch_up()
            library.compact(at_rest())
