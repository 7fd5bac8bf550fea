"""A segment under a filter and without what is dead: counts, words, and the nearest of what is left."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from citewell.index import part as part_module
from citewell.index import segment as segment_module
from citewell.index.articles import Articles, IndexedArticle
from citewell.index.codes import encode
from citewell.index.filter import EVERYTHING, Filter
from citewell.index.neighbours import SPARE, Clusters
from citewell.index.part import Part
from citewell.index.postings import Postings
from citewell.index.segment import Segment
from citewell.index.signatures import Signatures, keys_of
from tests.index.vectors import DIM, grouped, nearest, unit

SHARES = {"half": 0.5, "twentieth": 0.05, "few": 0.005, "one": 0.0005}
PASSAGES, OF_EACH = 20_000, 10  # in each article
GROUPS = 100
QUESTIONS, GROUP_OF_QUESTION = grouped(50, GROUPS, seed=2)
WHOLE = Filter(metadata=(("every", "yes"),))


def indexed(
    number: int, language: str | None = "en", metadata: tuple[tuple[str, str], ...] = ()
) -> IndexedArticle:
    return IndexedArticle(f"a{number:05}", 1, f"{number:064x}", language, f"/{number}.txt", None, metadata)


def a_segment_of(
    vectors: NDArray[np.float16],
    articles: Sequence[IndexedArticle],
    words: Sequence[Sequence[str]] | None = None,
) -> Segment:
    """Equally many passages of each article, in the order of the vectors, each with one sentence."""
    count = len(vectors)
    noisy = unit(vectors + 0.2 * np.random.default_rng(7).normal(size=vectors.shape))
    return Segment(
        articles=Articles.of(articles),
        signatures=Signatures.of(keys_of(frozenset()) for _ in articles),
        article_of=np.repeat(np.arange(len(articles), dtype=np.int32), count // max(1, len(articles))),
        spans=np.stack([np.arange(count), np.arange(count) + 1], axis=1).astype(np.int32),
        postings=Postings.of(words or [["word"]] * count),
        passage_vectors=vectors,
        sentence_offsets=np.arange(count + 1, dtype=np.int64),
        sentence_codes=encode(noisy),
        model="none",
        recipe="none",
    )


@pytest.fixture(scope="module")
def segment() -> Segment:
    """In clusters; an article is about one thing, and the random shares of the articles say so in their metadata."""
    vectors, group_of = grouped(PASSAGES, GROUPS)
    order = np.argsort(group_of, kind="stable")
    articles = PASSAGES // OF_EACH
    place = np.random.default_rng(3).permutation(articles)
    made = a_segment_of(
        np.ascontiguousarray(vectors[order]),
        [
            indexed(
                number,
                "nl" if number % 5 == 0 else "en",
                (
                    ("every", "yes"),
                    ("side", "left" if group_of[order[OF_EACH * number]] < GROUPS // 2 else "right"),
                    *((name, "yes") for name, share in SHARES.items() if place[number] < share * articles),
                ),
            )
            for number in range(articles)
        ],
    )
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(segment_module, "ONE_BY_ONE", 1000)
        assert made.clusters is not None
    return made


@pytest.fixture
def part(segment: Segment, monkeypatch: pytest.MonkeyPatch) -> Part:
    """Asks the clusters however few passages are allowed."""
    monkeypatch.setattr(part_module, "ONE_BY_ONE", 5)
    return Part(segment)


def within(name: str, value: str = "yes") -> Filter:
    return Filter(metadata=((name, value),))


def allowed_in(segment: Segment, given_: Filter, dead: Sequence[int] = ()) -> NDArray[np.int64]:
    """Numbers of the passages whose articles pass and are not dead, read from the articles one by one."""
    passing = [
        number
        for number, article in enumerate(segment.articles)
        if number not in dead and set(given_.metadata) <= set(article.metadata)
    ]
    return np.flatnonzero(np.isin(segment.article_of, passing))


def chosen(part: Part, question: NDArray[np.float32], k: int, given_: Filter = EVERYTHING) -> list[int]:
    """The k nearest by cosine of those that the part proposes, ties by number."""
    proposed = np.sort(part.nearest(question, k, given_))
    assert len(set(proposed.tolist())) == len(proposed)
    numbers: list[int] = proposed[nearest(part.segment.passage_vectors[proposed], question, k)].tolist()
    return numbers


def recall(part: Part, given_: Filter, questions: NDArray[np.float16]) -> float:
    allowed = allowed_in(part.segment, given_, sorted(part.dead))
    vectors = part.segment.passage_vectors[allowed]
    hits = [
        len(set(chosen(part, q, 10, given_)) & set(allowed[nearest(vectors, q, 10)].tolist()))
        for q in questions.astype(np.float32)
    ]
    return sum(hits) / (min(10, len(allowed)) * len(questions))


# -- what is allowed ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SHARES)
def test_the_passages_of_the_articles_that_pass_are_allowed(segment: Segment, name: str) -> None:
    allowed = Part(segment).allowed(within(name))
    assert allowed.mask is not None
    assert np.flatnonzero(allowed.mask).tolist() == allowed_in(segment, within(name)).tolist()
    assert allowed.count == SHARES[name] * PASSAGES


def test_where_all_are_allowed_there_is_no_mask(segment: Segment) -> None:
    part = Part(segment)
    for given_ in (EVERYTHING, WHOLE, Filter(languages=("en", "nl"))):
        assert (part.allowed(given_).mask, part.allowed(given_).count) == (None, PASSAGES)
        assert part.allowed(given_).bitmap is None


def test_what_is_dead_is_not_allowed(segment: Segment) -> None:
    part = Part(segment, range(0, 2000, 2))
    assert (part.passages, part.allowed(EVERYTHING).count, part.allowed(WHOLE).count) == (10_000,) * 3
    half = part.allowed(within("half"))
    assert half.mask is not None
    assert (
        np.flatnonzero(half.mask).tolist() == allowed_in(segment, within("half"), range(0, 2000, 2)).tolist()
    )


def test_the_allowed_are_counted_in_each_language(segment: Segment) -> None:
    def counts(part: Part, given_: Filter) -> dict[str | None, int]:
        return {language: allowed.count for language, allowed in part.by_language(given_).items()}

    half = {number // OF_EACH for number in allowed_in(segment, within("half")).tolist()}
    dutch = OF_EACH * sum(number % 5 == 0 for number in half)
    assert counts(Part(segment), EVERYTHING) == {"en": 16_000, "nl": 4000}
    assert counts(Part(segment), Filter(languages=("nl",))) == {"en": 0, "nl": 4000}
    assert counts(Part(segment), within("half")) == {"en": 10_000 - dutch, "nl": dutch}
    assert counts(Part(segment, range(0, 2000, 5)), EVERYTHING) == {"en": 16_000, "nl": 0}


def test_a_language_alone_is_all_of_them() -> None:
    part = Part(a_segment_of(np.eye(2, dtype=np.float16), [indexed(0, None), indexed(1, None)]), [1])
    assert list(part.by_language(EVERYTHING)) == [None]
    assert part.by_language(EVERYTHING)[None] is part.live


def test_an_empty_segment_allows_nothing() -> None:
    part = Part(a_segment_of(np.empty((0, 2), dtype=np.float16), [], []))
    for given_ in (EVERYTHING, WHOLE):
        assert (part.allowed(given_).count, part.by_language(given_)) == (0, {})
        assert part.nearest(np.ones(2, dtype=np.float32), 3, given_).tolist() == []


# -- words ----------------------------------------------------------------------------------------------------


@pytest.fixture
def words() -> Segment:
    """Four articles of two passages each."""
    articles = [
        indexed(number, language, (("number", str(number)),))
        for number, language in enumerate(["en", "nl", "en", None])
    ]
    held = [["sun"], ["sun", "moon"], ["moon"], ["star"], ["star"], [], ["moon"], ["comet"]]
    return a_segment_of(np.tile(np.eye(2, dtype=np.float16), (4, 1)), articles, held)


@pytest.mark.parametrize(
    ("term", "language", "number", "dead", "expected"),
    [
        ("sun", "en", None, [], True),
        ("sun", "nl", None, [], False),
        ("sun", "en", "0", [], True),
        ("sun", "en", "2", [], False),
        ("sun", "en", None, [0], False),
        ("sun", "en", "0", [0], False),
        ("moon", "nl", "1", [], True),
        ("moon", None, None, [0, 1], True),
        ("star", "nl", None, [2], True),
        ("star", "en", None, [2], False),
        ("comet", None, "3", [], True),
        ("comet", None, None, [3], False),
        ("unknown", "en", None, [], False),
    ],
)
def test_a_word_is_held_by_a_live_passage_in_the_language_that_passes(
    words: Segment, term: str, language: str | None, number: str | None, dead: list[int], expected: bool
) -> None:
    given_ = EVERYTHING if number is None else within("number", number)
    assert Part(words, dead).holds(term, language, given_) is expected


@pytest.mark.parametrize(
    ("dead", "expected"),
    [([], [2, 3, 2, 1, 0]), ([0], [0, 2, 2, 1, 0]), ([0, 3], [0, 1, 2, 0, 0]), ([0, 1, 2, 3], [0] * 5)],
)
def test_words_are_counted_in_live_passages_whatever_the_filter(
    words: Segment, dead: list[int], expected: list[int]
) -> None:
    part = Part(words, dead)
    part.allowed(within("number", "1"))
    assert [part.doc_freq(term) for term in ("sun", "moon", "star", "comet", "unknown")] == expected


# -- the nearest ----------------------------------------------------------------------------------------------


class Unasked(Clusters):
    def nearest(self, *_: object, **__: object) -> NDArray[np.int64]:
        raise AssertionError("the clusters were asked")


@dataclass(frozen=True, eq=False)
class Finding(Clusters):
    """Clusters in which every search ends at the same numbers."""

    found: tuple[int, ...] = ()

    def nearest(self, *_: object, **__: object) -> NDArray[np.int64]:
        return np.array(self.found, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Listening(Clusters):
    """Clusters that keep what they are told of what is allowed, and find nothing."""

    heard: list[tuple[list[int] | None, float]] = field(default_factory=list)

    def nearest(
        self,
        question: NDArray[np.float32],
        k: int,
        bitmap: NDArray[np.uint8] | None = None,
        share: float = 1.0,
    ) -> NDArray[np.int64]:
        numbers = (
            None if bitmap is None else np.flatnonzero(np.unpackbits(bitmap, bitorder="little")).tolist()
        )
        self.heard.append((numbers, share))
        return np.empty(0, dtype=np.int64)


def with_clusters(segment: Segment, clusters: Clusters) -> Segment:
    made = replace(segment)
    made.__dict__["clusters"] = clusters
    return made


@pytest.mark.parametrize("name", SHARES)
def test_in_clusters_the_nearest_ten_are_found(part: Part, name: str) -> None:
    assert recall(part, within(name), QUESTIONS) >= 0.98


def test_in_clusters_the_nearest_ten_of_all_are_found(part: Part) -> None:
    assert recall(part, EVERYTHING, QUESTIONS) >= 0.98
    assert recall(Part(part.segment, range(0, 2000, 3)), EVERYTHING, QUESTIONS) >= 0.98


def test_in_clusters_a_question_about_what_is_allowed_finds_the_nearest_ten(part: Part) -> None:
    """Half of the groups pass, and nothing of the others."""
    about = QUESTIONS[GROUP_OF_QUESTION < GROUPS // 2]
    assert recall(part, within("side", "left"), about) >= 0.98


def test_more_than_are_compared_one_by_one_are_asked_of_the_clusters(
    segment: Segment, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = tuple(range(500, 500 + 10 + SPARE))
    part = Part(with_clusters(segment, Finding(None, 1, 1.0, found)))
    question = QUESTIONS[0].astype(np.float32)
    monkeypatch.setattr(part_module, "ONE_BY_ONE", 999)
    assert part.nearest(question, 10, within("twentieth")).tolist() == list(found)
    monkeypatch.setattr(part_module, "ONE_BY_ONE", 1000)
    assert part.nearest(question, 10, within("twentieth")).tolist() != list(found)


def test_the_clusters_are_told_which_are_allowed_and_what_share_they_are(part: Part) -> None:
    listening = Listening(None, 1, 1.0)
    listener = Part(with_clusters(part.segment, listening), range(0, 2000, 2))
    for given_ in (EVERYTHING, within("twentieth")):
        listener.nearest(QUESTIONS[0].astype(np.float32), 10, given_)
        allowed = allowed_in(part.segment, given_, range(0, 2000, 2)).tolist()
        assert listening.heard.pop() == (allowed, len(allowed) / PASSAGES)
    Part(listener.segment).nearest(QUESTIONS[0].astype(np.float32), 10)
    assert listening.heard == [(None, 1.0)]


@pytest.mark.parametrize("name", ["twentieth", "few", "one"])
def test_no_more_than_that_are_compared_one_by_one(
    segment: Segment, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Without an error."""
    monkeypatch.setattr(part_module, "ONE_BY_ONE", 1000)
    part = Part(with_clusters(segment, Unasked(None, 1, 1.0)))
    assert recall(part, within(name), QUESTIONS) == 1.0


@pytest.mark.parametrize("found", [(), tuple(range(9 + SPARE))])
def test_where_clusters_find_too_few_all_are_compared(part: Part, found: tuple[int, ...]) -> None:
    fewer = Part(with_clusters(part.segment, Finding(None, 1, 1.0, found)))
    assert recall(fewer, within("half"), QUESTIONS) == 1.0


@pytest.mark.parametrize("given_", [EVERYTHING, within("half"), within("twentieth")])
def test_what_is_dead_is_never_near(part: Part, given_: Filter) -> None:
    """Nor what does not pass; even when it is what the question says word for word."""
    dead = range(0, 2000, 2)
    allowed = set(allowed_in(part.segment, given_, dead).tolist())
    some = Part(part.segment, dead)
    for number in range(0, PASSAGES, 501):
        asked = part.segment.passage_vectors[number].astype(np.float32)
        assert set(some.nearest(asked, 10, given_).tolist()) <= allowed


@pytest.mark.parametrize("k", [1, 4000, PASSAGES, 2 * PASSAGES])
def test_as_many_as_are_asked_for_are_proposed_and_some_more(part: Part, k: int) -> None:
    question = np.eye(1, DIM, dtype=np.float32)[0]
    assert len(part.nearest(question, k)) == min(k + SPARE, PASSAGES)
    assert len(part.nearest(question, k, within("few"))) == min(k + SPARE, 100)
    assert len(part.nearest(question, k, within("nothing"))) == 0


whole = st.integers(-1, 1)  # so that many are equally near
flags = st.lists(st.booleans(), min_size=12, max_size=12)


@given(st.lists(st.tuples(whole, whole), min_size=12, max_size=12), st.tuples(whole, whole), st.integers(1, 14), flags, flags)  # fmt: skip
@settings(deadline=None)
def test_of_equal_ones_at_the_edge_the_first_are_found(
    rows: list[tuple[int, int]], question: tuple[int, int], k: int, dead: list[bool], passing: list[bool]
) -> None:
    """However few are found beyond those asked for."""
    articles = [indexed(number, metadata=(("pass", str(passes)),)) for number, passes in enumerate(passing)]
    segment = a_segment_of(np.array(rows, dtype=np.float16), articles)
    part = Part(segment, np.flatnonzero(dead).tolist())
    live = [number for number in range(12) if not dead[number]]
    asked = np.array(question, dtype=np.float32)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(part_module, "SPARE", 2)
        for given_, numbers in [
            (EVERYTHING, live),
            (within("pass", "True"), [number for number in live if passing[number]]),
        ]:
            exact = sorted(numbers, key=lambda i: (-rows[i][0] * question[0] - rows[i][1] * question[1], i))
            assert chosen(part, asked, k, given_) == exact[:k]


def test_of_very_many_equal_ones_the_first_are_found() -> None:
    vectors = np.zeros((3000, 2), dtype=np.float16)
    vectors[:, 0], vectors[7::10] = 1, (0, 1)
    articles = [indexed(number, metadata=(("odd", "yes"),) * (number % 2)) for number in range(3000)]
    part = Part(a_segment_of(vectors, articles), range(1000))
    near = [number for number in range(1000, 3000) if number % 10 == 7]
    far = [number for number in range(1000, 3000) if number % 10 != 7]
    asked = np.array([0, 1], dtype=np.float32)
    assert chosen(part, asked, 500) == near + far[:300]
    assert chosen(part, asked, 500, within("odd")) == near + [number for number in far if number % 2][:300]


def test_a_filter_is_worked_out_once(segment: Segment) -> None:
    part = Part(segment)
    assert part.allowed(within("half")) is part.allowed(within("half"))
    assert part.by_language(within("half")) is part.by_language(within("half"))
