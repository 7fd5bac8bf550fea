"""Reading ahead: what is waited for is begun early, everything else is done by who takes it."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citewell.corpus.ahead import ahead


@given(st.lists(st.tuples(st.integers(), st.booleans())), st.integers(1, 5))
def test_each_comes_in_its_place(items: list[tuple[int, bool]], most: int) -> None:
    with ThreadPoolExecutor(2) as workers:
        made = ahead(workers, lambda item: item[0], items, most, lambda item: item[1])
        assert list(made) == [number for number, _ in items]


def test_what_is_waited_for_is_begun_before_what_stands_before_it_is_done() -> None:
    begun = threading.Event()

    def work(item: str) -> bool:
        if item == "waited for":
            begun.set()
        return begun.wait(60)

    with ThreadPoolExecutor(1) as workers:
        made = ahead(workers, work, ["here", "waited for"], 2, lambda item: item == "waited for")
        assert next(made)


def test_what_is_not_waited_for_is_done_by_who_takes_it() -> None:
    with ThreadPoolExecutor(1) as workers:
        made = ahead(workers, lambda _: threading.get_ident(), ["here", "waited for"], 2, "waited for".__eq__)
        here, elsewhere = made
    assert here == threading.get_ident() != elsewhere


def test_no_more_are_begun_than_asked_for() -> None:
    items = iter(range(10))
    with ThreadPoolExecutor(1) as workers:
        made = ahead(workers, str, items, 3, lambda _: True)
        assert next(made) == "0"
        assert list(items) == list(range(3, 10))


def test_an_error_is_raised_where_its_item_would_come() -> None:
    def work(item: int) -> int:
        return 1 // item

    with ThreadPoolExecutor(1) as workers:
        made = ahead(workers, work, [1, 0], 2, bool)
        assert next(made) == 1
        with pytest.raises(ZeroDivisionError):
            next(made)
