"""Answers as of an earlier moment: what the library knew then, whatever became of it, and never in other answers."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citewell.corpus.errors import BadInput, CorruptLibrary, LibraryBusy
from citewell.index.answer import ask, search
from citewell.index.backup import backup, restore
from citewell.index.checking import check
from citewell.index.citation import Citation
from citewell.index.claims import read_claims
from citewell.index.clean import leave_out
from citewell.index.layout import Layout
from citewell.index.library import Library
from citewell.index.part import Part
from citewell.index.purge import purge
from citewell.index.response import Answer, FoundPassage
from citewell.index.segment import Segment
from citewell.index.snapshot import read
from citewell.index.verify import verify
from citewell.index.why_not import Outcome
from tests.fakes import WordEmbedder
from tests.index.histories import FILTERS, WORDS, Days, put, step, take, tiny_passages

# What happened on which day, at noon; in the library below each is a batch of its own.
STEPS = (
    ("put", "a", "The sun is hot."),  # 2026-01-01
    ("put", "b", "The moon is cold."),
    ("put", "a", "The sun is warm."),
    ("remove", "b", ""),
    ("put", "a", "The sun is hot."),  # as on the first day
    ("put", "b", "The moon is round."),  # 2026-01-06
)
KNOWN = {  # by day, the articles with their revisions and texts
    "2025-12-31": {},
    "2026-01-01": {"a": (1, "The sun is hot.")},
    "2026-01-02": {"a": (1, "The sun is hot."), "b": (1, "The moon is cold.")},
    "2026-01-03": {"a": (2, "The sun is warm."), "b": (1, "The moon is cold.")},
    "2026-01-04": {"a": (2, "The sun is warm.")},
    "2026-01-05": {"a": (3, "The sun is hot.")},
    "2026-01-06": {"a": (3, "The sun is hot."), "b": (2, "The moon is round.")},
}
Step = tuple[str, str, str]


def opened(folder: Path, days: Days | None = None) -> Library:
    folder.mkdir(exist_ok=True)
    library = Library(folder, WordEmbedder(*WORDS), create=True)
    if days:
        library.store.clock = days
    return library


def play(library: Library, batches: list[list[Step]], days: Days) -> list[str]:
    """Each step on a day of its own; gives the days."""
    played = []
    for batch in batches:
        with library.writing():
            for one in batch:
                played.append(days.next())
                take(library, *one)
            library.catch_up()
            library.compact()
    return played


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    days = Days()
    library = opened(tmp_path / "library", days)
    play(library, [[one] for one in STEPS], days)
    yield library
    library.close()


def known(library: Library, as_of: str | None) -> dict[str, tuple[int, str]]:
    """What is cited when everything is asked for."""
    searcher = library.searcher(as_of)
    found = ask(searcher, library.store, "sun moon", 100).citations
    assert sum(len(c.also_in) for c in found) == 0
    return {c.article.id: (c.article.revision, c.passage.text) for c in found}


def asked(library: Library, question: str, as_of: str | None) -> Answer:
    return replace(ask(library.searcher(as_of), library.store, question, 20), took_ms=0.0)


# -- what was known ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("day", KNOWN)
def test_a_day_is_answered_from_what_was_known_at_its_end(library: Library, day: str) -> None:
    assert known(library, day) == KNOWN[day]


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2026-01-01T11:59:59.999Z", "2025-12-31"),
        ("2026-01-01T12:00:00.000Z", "2026-01-01"),  # the moment itself is in
        ("2026-01-01T12:00:00Z", "2026-01-01"),
        ("2026-01-01T12:00", "2026-01-01"),
        ("2026-01-01 13:00:00+01:00", "2026-01-01"),
        ("2026-01-01T12:59:59.999999+01:00", "2025-12-31"),
        ("2026-01-04T11:59:59.999Z", "2026-01-03"),
        ("2026-01-04T12:00:00Z", "2026-01-04"),
        ("2026-01-05T23:59:59Z", "2026-01-05"),
    ],
)
def test_what_was_recorded_at_a_moment_or_before_was_known(library: Library, moment: str, day: str) -> None:
    assert known(library, moment) == KNOWN[day]


def test_the_present_and_the_future_are_what_is_known_now_and_said_to_be(library: Library) -> None:
    now = asked(library, "sun moon", None)
    for moment in ("2026-01-06", "2026-01-06T12:00:00Z", "2099-12-31", "9999-12-31T23:59:59Z"):
        later = asked(library, "sun moon", moment)
        assert later.as_of
        assert (later.as_of.asked, later.as_of.current) == (moment, True)
        assert later.fingerprint == now.fingerprint
        assert [c.quote for c in later.citations] == [c.quote for c in now.citations]


@pytest.mark.parametrize("moment", ["2025-12-31", "2026-01-01T11:59:59Z", "0001-01-01"])
def test_before_the_first_article_nothing_was_known_and_the_reason_says_since_when(
    library: Library, moment: str
) -> None:
    answer = asked(library, "sun", moment)
    assert answer.as_of
    assert (answer.verdict, answer.citations) == ("insufficient", ())
    assert answer.reason == (
        f"The library knew nothing at {answer.as_of.moment}: its first article was added at 2026-01-01T12:00:00.000Z."
    )
    assert search(library.searcher(moment), library.store, "sun").hits == ()


def test_when_everything_was_removed_there_was_nothing_to_search(tmp_path: Path) -> None:
    days = Days()
    library = opened(tmp_path / "library", days)
    play(library, [[STEPS[0]], [("remove", "a", "")], [STEPS[1]]], days)
    answer = asked(library, "sun", "2026-01-02")
    assert answer.reason == "At 2026-01-02T23:59:59.999Z the library had no passage to search."


def test_a_library_without_articles_knew_nothing_ever(tmp_path: Path) -> None:
    library = opened(tmp_path / "library")
    library.rebuild()
    assert asked(library, "sun", "2026-01-01").reason == "Nothing was ever added to the library."


def test_what_is_no_moment_is_refused(library: Library) -> None:
    with pytest.raises(BadInput, match="write a day, as 2026-11-01, or a time"):
        library.searcher("yesterday")


def test_a_clock_that_was_set_back_records_nothing_earlier(tmp_path: Path) -> None:
    days = Days()
    library = opened(tmp_path / "library", days)
    play(library, [[STEPS[0]]], days)
    days.now -= timedelta(days=100)
    with library.writing():
        put(library, "b", "The moon is cold.")
        library.catch_up()
    assert library.store.article("b").recorded_at == library.store.article("a").recorded_at
    assert set(known(library, "2026-01-01T12:00:00Z")) == {"a", "b"}
    assert known(library, "2025-12-31") == {}


# -- citations and fingerprints --------------------------------------------------------------------------------------


def test_citations_name_the_revision_of_then_and_can_be_verified(library: Library) -> None:
    answer = asked(library, "sun moon", "2026-01-03")
    assert {(c.article.id, c.article.revision) for c in answer.citations} == {("a", 2), ("b", 1)}
    for citation in answer.citations:
        revision = library.store.article(citation.article.id, citation.article.revision)
        assert citation.article.version == revision.text_sha
        assert citation.links.article == f"/v1/articles/{citation.article.id}?revision={revision.revision}"
    found = check(library.store, read_claims(json.dumps(asdict(answer)).encode()))
    assert [(each.valid, each.now.state if each.now else None) for each in found.citations] in (
        [(True, "changed"), (True, "gone")],
        [(True, "gone"), (True, "changed")],
        [(True, "changed"), (True, "changed")],
    )


def test_equal_questions_have_equal_answers_and_other_moments_other_fingerprints(library: Library) -> None:
    answers = {day: asked(library, "sun moon", day) for day in KNOWN}
    again = opened(library.folder)
    assert {day: asked(again, "sun moon", day) for day in KNOWN} == answers
    again.close()
    assert len({answer.fingerprint.snapshot for answer in answers.values()}) == len(KNOWN)
    noon, night = (asked(library, "sun", f"2026-01-03T{time}") for time in ("12:00:00Z", "23:59:59Z"))
    assert noon.fingerprint == night.fingerprint


def test_what_was_opened_once_is_used_again(library: Library) -> None:
    first, second = library.searcher("2026-01-03"), library.searcher("2026-01-03T20:00:00Z")
    assert all(one is other for one, other in zip(first.parts, second.parts, strict=True))
    library.store.remove("a")
    with library.writing():
        library.catch_up()
    assert known(library, "2026-01-03") == KNOWN["2026-01-03"]


def test_while_a_library_is_being_restored_an_earlier_moment_waits(library: Library) -> None:
    """Change numbers of the store and of the index cannot be compared."""
    library.searcher()
    library.store.start_epoch("")
    with pytest.raises(LibraryBusy):
        library.searcher("2026-01-03")


@pytest.mark.parametrize(
    ("name", "as_of", "outcome", "detail"),
    [
        ("b", "2026-01-01", Outcome.NOT_YET, "Revision 1, the first that is kept of it, was recorded later: at 2026-01-02T12:00:00.000Z."),
        ("b", "2026-01-04", Outcome.REMOVED, "The article had been removed by then."),
        ("a", "2026-01-03", Outcome.CITED, "It is citation 1."),
        ("nobody", "2026-01-03", Outcome.UNKNOWN, "The library has no article and no passage of this id."),
        ("a 2", "2026-01-03", Outcome.CITED, "It is citation 1."),
        ("a 2", "2026-01-01", Outcome.NOT_YET, "It stands in revision 2; the text of revision 1 is searched."),
        ("a 1", "2026-01-03", Outcome.SUPERSEDED, "It stands in revision 1; the text of revision 2 is searched."),
        ("a 1", "2026-01-05", Outcome.CITED, "It is citation 1."),  # the same text came back
        ("b 2", "2026-01-03", Outcome.NOT_YET, "It stands in revision 2; the text of revision 1 is searched."),
    ],
)  # fmt: skip
def test_why_not_is_told_of_then(
    library: Library, name: str, as_of: str, outcome: Outcome, detail: str
) -> None:
    """A name and a number are the passage of that revision."""
    article_id, _, number = name.partition(" ")
    if number:
        article = library.store.article(article_id, int(number))
        name = f"{article_id}.{article.text_sha[:12]}.0-{len(library.store.text(article.text_sha))}"
    (said,) = ask(library.searcher(as_of), library.store, "sun", 1, absent=[name]).why_not
    assert (said.outcome, said.detail) == (outcome, detail)


# -- whatever was done to the index ----------------------------------------------------------------------------------


def compacted(library: Library) -> None:
    library.compact()


def merged(library: Library) -> None:
    """As when everything is worth joining."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("citewell.index.merge.FEW", 1)
        library.compact()


def forgotten(library: Library) -> None:
    library.forget()


def rebuilt(library: Library) -> None:
    library.rebuild()


def of_another_model(library: Library) -> None:
    """And back again."""
    for embedder in (WordEmbedder(*WORDS[::-1]), library.embedder):
        other = Library(library.folder, embedder)
        with other.writing():
            other.catch_up()
        other.close()


def restored(library: Library) -> None:
    backup(library, library.folder.parent / "backup.zip")
    with library.writing():
        put(library, "a", "The sun has set.")
        take(library, "remove", "b", "")
        library.catch_up()
    restore(library, library.folder.parent / "backup.zip")


CARE = (compacted, merged, forgotten, rebuilt, of_another_model, restored)


@pytest.mark.parametrize("care", CARE)
def test_what_was_known_does_not_depend_on_what_was_done_to_the_index(
    library: Library, care: Callable[[Library], None]
) -> None:
    for _ in range(2):
        care(library)
        assert {day: known(library, day) for day in KNOWN} == KNOWN
        assert [fault for each in verify(library) for fault in each.faults] == []


@pytest.mark.parametrize("care", CARE)
def test_what_is_dropped_beside_what_is_live_goes_to_the_history(
    tmp_path: Path, care: Callable[[Library], None]
) -> None:
    """Articles that were added together and of which one is updated; the index is cared for after each batch."""
    days = Days()
    library = opened(tmp_path / "library", days)
    for batch in (STEPS[:2], STEPS[2:3], STEPS[3:4], STEPS[4:]):
        play(library, [list(batch)], days)
        care(library)
    assert {day: known(library, day) for day in KNOWN} == KNOWN
    assert [fault for each in verify(library) for fault in each.faults] == []
    library.close()


@pytest.mark.parametrize("care", [merged, forgotten])
def test_nothing_is_embedded_when_segments_are_joined(
    library: Library, care: Callable[[Library], None]
) -> None:
    embedder = library.embedder
    assert isinstance(embedder, WordEmbedder)
    embedder.embedded.clear()
    care(library)
    assert embedder.embedded == []


def test_what_was_superseded_before_it_was_indexed_is_known_too(tmp_path: Path) -> None:
    """Several changes of an article in one batch."""
    days = Days()
    library = opened(tmp_path / "library", days)
    play(library, [list(STEPS)], days)
    assert {day: known(library, day) for day in KNOWN} == KNOWN
    assert [fault for each in verify(library) for fault in each.faults] == []


def test_a_store_that_is_ahead_of_the_index_is_asked_about_what_both_know(library: Library) -> None:
    days = library.store.clock
    assert isinstance(days, Days)
    days.next()
    put(library, "a", "The sun has set.")  # not indexed yet
    assert {day: known(library, day) for day in KNOWN} == KNOWN
    assert known(library, "2026-01-07") == KNOWN["2026-01-06"]


def normalised(hits: tuple[FoundPassage, ...]) -> list[FoundPassage]:
    """But for links, which name the revision in an answer as of a moment."""
    return [replace(hit, links=replace(hit.links, article="")) for hit in hits]


def cited(citations: tuple[Citation, ...]) -> list[Citation]:
    return [replace(c, links=replace(c.links, article="")) for c in citations]


def check_against_fresh(folder: Path, batches: list[list[Step]], care: Callable[[Library], None]) -> None:
    """Each day is answered as by a library that was given the same up to then, and by no other revision now."""
    days = Days()
    library = opened(folder / "library", days)
    dates = play(library, batches, days)
    care(library)
    steps = [one for batch in batches for one in batch]
    questions = ("sun", "moon star", "comet rises late", "wat is dat", "coemt riss")
    try:
        assert [fault for each in verify(library) for fault in each.faults] == []
        current = {(a.article_id, a.revision) for a in library.store.articles()}
        for question in questions:
            hits = search(library.searcher(), library.store, question, 100).hits
            assert {(hit.article.id, hit.article.revision) for hit in hits} <= current
        for number in sorted({0, len(dates) // 3, len(dates) // 2, len(dates) - 2} & set(range(len(dates)))):
            fresh = opened(folder / f"fresh {number}")
            play(fresh, [steps[: number + 1]], Days())
            leave_out(fresh, library.store.repeated())  # how an earlier moment is cut follows the present
            then, alone = library.searcher(dates[number]), fresh.searcher()
            assert then.passages == alone.passages
            for question in questions:
                for only in (FILTERS[0], FILTERS[1], replace(FILTERS[0], languages=())):
                    found = search(then, library.store, question, 100, only)
                    expected = search(alone, fresh.store, question, 100, only)
                    assert normalised(found.hits) == normalised(expected.hits)
                    assert found.retrievers == expected.retrievers
                answers = ask(then, library.store, question, 20), ask(alone, fresh.store, question, 20)
                assert cited(answers[0].citations) == cited(answers[1].citations)
            fresh.close()
    finally:
        library.close()


@given(st.lists(st.lists(step, min_size=1, max_size=3), min_size=1, max_size=8), st.sampled_from(CARE[:4]))
@settings(max_examples=10, deadline=None)
def test_every_day_is_answered_as_by_a_library_of_that_day(
    batches: list[list[Step]], care: Callable[[Library], None]
) -> None:
    with TemporaryDirectory() as folder, tiny_passages():
        check_against_fresh(Path(folder), batches, care)


@pytest.mark.slow
@given(st.lists(st.lists(step, min_size=1, max_size=4), min_size=4, max_size=25), st.sampled_from(CARE))
@settings(max_examples=150, deadline=None)
def test_every_day_of_a_long_history_is_answered_as_by_a_library_of_that_day(
    batches: list[list[Step]], care: Callable[[Library], None]
) -> None:
    with TemporaryDirectory() as folder, tiny_passages():
        check_against_fresh(Path(folder), batches, care)


def revisions(layout: Layout, which: str) -> list[tuple[str, int]]:
    """Live or past ones, wherever they stand."""
    return sorted(
        article.key
        for part in getattr(layout, which)
        for number, article in enumerate(part.segment.articles)
        if number not in part.dead
    )


def test_what_has_nothing_live_left_is_history_as_it_is(library: Library) -> None:
    """No file is written for it."""
    snapshot = read(library.index)
    assert snapshot
    before = {ref.id for ref in snapshot.segments}
    with library.writing():
        library.store.remove("a")
        library.catch_up()
    after = read(library.index)
    assert after
    assert {ref.id for ref in after.history} - {ref.id for ref in snapshot.history} <= before
    assert len(after.names) == len(snapshot.names)


def test_segments_of_the_history_stay_few(tmp_path: Path) -> None:
    days = Days()
    library = opened(tmp_path / "library", days)
    play(library, [[("put", "a", f"The sun of day {day}.")] for day in range(60)], days)
    snapshot = read(library.index)
    assert snapshot
    assert len(snapshot.segments) == 1
    assert len(snapshot.history) < 10
    parts = [Part(Segment.open(library.index / ref.id), ref.dead) for ref in snapshot.history]
    assert revisions(Layout(past=tuple(parts)), "past") == [("a", number) for number in range(1, 60)]
    assert known(library, "2026-01-31") == {"a": (31, "The sun of day 30.")}


# -- erasing ---------------------------------------------------------------------------------------------------------


def test_what_was_purged_was_never_known(library: Library) -> None:
    held = known(library, "2026-01-03")
    purge(library, ["b"])
    for day, then in KNOWN.items():
        assert known(library, day) == {name: said for name, said in then.items() if name != "b"}
    answer = asked(library, "sun", "2026-01-03")
    assert answer.as_of
    assert (set(held), answer.as_of.missing) == ({"a", "b"}, 1)
    assert [fault for each in verify(library) for fault in each.faults] == []


def test_an_article_that_comes_back_after_a_purge_has_none_of_its_former_numbers(library: Library) -> None:
    """Even when the purge was killed before it was through with the index."""
    library.store.purge("a")
    days = library.store.clock
    assert isinstance(days, Days)
    day = days.next()
    with library.writing():
        put(library, "a", "The sun is back.")
        library.catch_up()
        merged(library)
    assert known(library, day)["a"] == (4, "The sun is back.")
    assert "a" not in known(library, "2026-01-05")
    assert [fault for each in verify(library) for fault in each.faults] == []


@pytest.mark.parametrize("keep", [1, 2, 3])
@pytest.mark.parametrize("from_the_start", [True, False])
def test_only_so_many_revisions_are_kept(tmp_path: Path, keep: int, from_the_start: bool) -> None:
    days = Days()
    library = opened(tmp_path / "library", days)
    if from_the_start:
        library.store.keep_revisions(keep)
    play(library, [[one] for one in STEPS], days)
    if not from_the_start:
        with library.writing():
            library.store.keep_revisions(keep)
            library.catch_up()
            library.compact()
    left = {
        "a": [number for number in (1, 2, 3) if number > 3 - keep],
        "b": [number for number in (1, 2) if number > 2 - keep],
    }
    assert {name: [a.revision for a in library.store.revisions(name)] for name in left} == left
    for day, then in KNOWN.items():
        kept = {name: said for name, said in then.items() if said[0] in left[name]}
        assert known(library, day) == kept
        as_of = library.searcher(day).as_of
        assert as_of
        assert as_of.missing == len(then) - len(kept)
    assert [fault for each in verify(library) for fault in each.faults] == []
    library.rebuild()
    assert known(library, "2026-01-06") == KNOWN["2026-01-06"]


def test_a_reason_tells_of_what_is_not_kept(library: Library) -> None:
    with library.writing():
        library.store.keep_revisions(1)
        library.catch_up()
    answer = asked(library, "sun", "2026-01-03")
    assert answer.reason == (
        "At 2026-01-03T23:59:59.999Z the library had no passage to search; of 2 articles that it had, it keeps other "
        "revisions or none."
    )


def test_a_damaged_segment_of_the_history_is_named_and_disturbs_nobody_else(library: Library) -> None:
    snapshot = read(library.index)
    assert snapshot
    folder = library.index / snapshot.history[0].id
    file = folder / "passage_vectors.bin"
    file.write_bytes(file.read_bytes()[:-2])
    again = opened(library.folder)
    assert known(again, None) == KNOWN["2026-01-06"]
    with pytest.raises(CorruptLibrary, match=rf"{file} is missing or damaged.*citewell rebuild"):
        again.searcher("2026-01-03")
    faults = {each.name: each.faults for each in verify(again)}
    assert faults["index files"][0].startswith(f"{file} is missing or damaged")
    with again.writing():
        again.rebuild()
    assert {day: known(again, day) for day in KNOWN} == KNOWN
    again.close()


def test_moments_are_told_in_utc_to_the_millisecond(library: Library) -> None:
    as_of = library.searcher("2026-01-03 05:00+09:00").as_of
    assert as_of
    assert asdict(as_of) == {
        "asked": "2026-01-03 05:00+09:00",
        "moment": "2026-01-02T20:00:00.000Z",
        "since": "2026-01-01T12:00:00.000Z",
        "current": False,
        "missing": 0,
    }
    assert datetime.fromisoformat(as_of.moment) == datetime(2026, 1, 2, 20, tzinfo=UTC)
