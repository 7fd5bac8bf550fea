"""Citations held against a library whose articles went on."""

from collections.abc import Iterator
from dataclasses import astuple, replace
from pathlib import Path
from time import process_time
from typing import Any

import pytest

from citewell.corpus.article import Draft, Span
from citewell.corpus.errors import CorruptLibrary
from citewell.corpus.passages import CUT_RECIPE, whole
from citewell.corpus.store import Store
from citewell.corpus.text import text_sha
from citewell.index.checking import Checked, check
from citewell.index.claims import Claim, claim_of

OLD = "Bees fly. Bees make honey. \U0001f41c Ants dig in caf\u00e9s.\n"
NEW = "All bees fly. Bees make wax. \U0001f41c Ants dig in caf\u00e9s. Bees make honey.\n"
OTHER = "Wasps build nests of paper.\n"


def put(store: Store, name: str, words: str) -> None:
    store.put(name, f"/{name}", Draft(words, name, "test", ""), "en", whole(words, "en"), CUT_RECIPE)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Bees in two revisions, wasps in one, flies removed."""
    made = Store(tmp_path / "store.db", create=True)
    for name, words in (("bees", OLD), ("bees", NEW), ("wasps", OTHER), ("flies", OTHER)):
        put(made, name, words)
    made.remove("flies")
    yield made
    made.close()


def cited(quote: str, text: str = OLD, article: str = "bees") -> Claim:
    start = text.index(quote)
    return Claim(article, text_sha(text), Span(start, start + len(quote)), quote)


def checked(store: Store, claim: Claim) -> Checked:
    (one,) = check(store, [claim]).citations
    return one


def verdict(store: Store, claim: Claim) -> tuple[bool, str | None, Any, Any]:
    one = checked(store, claim)
    return one.valid, one.reason, one.now and one.now.state, one.now and one.now.text


def test_an_old_citation_is_valid_and_says_where_its_quote_stands_now(store: Store) -> None:
    one = checked(store, cited("Bees make honey."))
    assert (one.number, one.article, one.valid, one.reason) == (1, "bees", True, None)
    assert one.now is not None
    start = NEW.index("Bees make honey.")
    assert astuple(one.now) == ("moved", text_sha(NEW), start, start + 16, "Bees make honey.", 1.0)


@pytest.mark.parametrize(
    ("claim", "state", "text"),
    [
        (cited("Bees fly. Bees make honey."), "changed", "bees fly. Bees make wax."),
        (cited("\U0001f41c Ants dig"), "moved", "\U0001f41c Ants dig"),
        (cited("caf\u00e9s"), "moved", "caf\u00e9s"),
        (cited("Bees make wax.", NEW), "exact", "Bees make wax."),
        (cited("nests of", OTHER, "wasps"), "exact", "nests of"),
        (cited("nests of", OTHER, "flies"), "gone", None),
    ],
)
def test_a_true_citation_stays_true(store: Store, claim: Claim, state: str, text: str | None) -> None:
    assert verdict(store, claim) == (True, None, state, text)


UNKNOWN = "unknown version: the article never had that text here, or does not keep it any more"
OTHER_WORDS = "other words stand there"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"quote": "Bees make money."}, (False, OTHER_WORDS, "changed", "Bees make wax."), id="forged"),
        pytest.param({"quote": "Bees make"}, (False, OTHER_WORDS, "moved", "Bees make"), id="truncated"),
        pytest.param({"quote": "Bees make honey. "}, (False, OTHER_WORDS, "moved", "Bees make honey."), id="overlong"),
        pytest.param({"span": Span(11, 27)}, (False, OTHER_WORDS, "moved", "Bees make honey."), id="shifted"),
        pytest.param({"quote": "bees make honey."}, (False, OTHER_WORDS, "changed", "Bees make honey."), id="case"),
        pytest.param(
            {"quote": "Ants dig in caf\u00c3\u00a9s."}, (False, OTHER_WORDS, "changed", "Ants dig in caf\u00e9s."), id="mojibake"
        ),
        pytest.param(
            {"quote": "Ants dig in cafe\u0301s."}, (False, OTHER_WORDS, "moved", "Ants dig in caf\u00e9s."), id="not NFC"
        ),
        pytest.param({"quote": "\ud83d\udc1c"}, (False, OTHER_WORDS, "gone", None), id="surrogates"),
        pytest.param({"quote": "\ufeff"}, (False, OTHER_WORDS, "gone", None), id="nothing but a byte order mark"),
        pytest.param(
            {"span": Span(40, 900)},
            (False, "the span is not in the text, which has 48 characters", "moved", "Bees make honey."),
            id="outside",
        ),
        pytest.param(
            {"span": Span(10**300, 10**301)},
            (False, "the span is not in the text, which has 48 characters", "moved", "Bees make honey."),
            id="huge",
        ),
        pytest.param({"version": text_sha(OTHER)}, (False, UNKNOWN, "moved", "Bees make honey."), id="another's text"),
        pytest.param({"version": text_sha(OLD)[:12]}, (False, UNKNOWN, "moved", "Bees make honey."), id="short version"),
        pytest.param({"version": "\ufffd"}, (False, UNKNOWN, "moved", "Bees make honey."), id="no version"),
        pytest.param(
            {"article_id": "hornets"},
            (False, "no article of that id: never added here, or purged", "gone", None),
            id="unknown article",
        ),
        pytest.param(
            {"article_id": "wasps"}, (False, UNKNOWN, "gone", None), id="another article"
        ),
        pytest.param(
            {"quote": "x" * 1_000_000}, (False, OTHER_WORDS, "gone", None), id="a million characters"
        ),
        pytest.param(
            {"quote": "bees make " * 100_000}, (False, OTHER_WORDS, "gone", None), id="a million characters of words"
        ),
    ],
)  # fmt: skip
def test_a_false_citation_is_told_why_and_its_words_are_looked_for(
    store: Store, changes: dict[str, Any], expected: tuple[bool, str, str, str | None]
) -> None:
    assert verdict(store, replace(cited("Bees make honey."), **changes)) == expected


def test_a_citation_of_a_purged_article_is_not_valid_any_more(store: Store) -> None:
    store.purge("bees")
    one = checked(store, cited("Bees make honey."))
    assert (one.valid, one.reason) == (False, "no article of that id: never added here, or purged")
    assert one.now is not None
    assert astuple(one.now) == ("gone", None, None, None, None, None)


def test_a_citation_that_does_not_say_all_is_not_valid(store: Store) -> None:
    quote = {"start": 10, "end": True, "text": "Bees make honey."}
    valid, reason, state, text = verdict(
        store, claim_of({"article": {"id": "bees", "version": "x"}, "quote": quote})
    )
    assert (valid, state, text) == (False, "moved", "Bees make honey.")
    assert reason is not None
    assert reason.startswith("quote.start and quote.end are no span")
    assert verdict(store, claim_of({"article": {"id": "bees"}}))[2:] == (None, None)
    assert checked(store, claim_of("bees")) == Checked(
        1, None, False, "article.id is missing, empty or no text", None
    )


def test_many_are_checked_in_the_order_in_which_they_were_given(store: Store) -> None:
    claims = [
        cited("Bees fly."),
        cited("nests", OTHER, "wasps"),
        cited("Bees fly.", NEW.replace("bees", "Bees")),
    ]
    steps: list[tuple[int, int]] = []
    found = check(store, claims * 2, lambda done, total: steps.append((done, total)))
    assert [each.number for each in found.citations] == [1, 2, 3, 4, 5, 6]
    assert [each.valid for each in found.citations] == [True, True, False] * 2
    assert found.valid is False
    assert check(store, claims[:2]).valid is True
    assert steps == [(done, 6) for done in range(1, 7)]


def test_none_at_all_are_valid(store: Store) -> None:
    assert (check(store, []).valid, check(store, []).citations) == (True, ())


def test_ten_thousand_citations_are_checked_in_seconds(store: Store) -> None:
    began = process_time()
    found = check(store, [cited("Bees make honey."), cited("nests", OTHER, "wasps")] * 5_000)
    assert found.valid
    assert process_time() - began < 5


def test_a_text_that_was_altered_gives_an_error_and_no_verdict(store: Store) -> None:
    with store.database.transaction() as db:
        db.execute("UPDATE texts SET text = replace(text, 'honey', 'money')")
    with pytest.raises(CorruptLibrary, match="missing or altered"):
        check(store, [cited("Bees make honey.")])
