"""The plan of a sync: what is known and what is found, in; what will happen to each file, out."""

import pytest

from citewell.corpus.looking import Stamp
from citewell.index.mirror import Action, Found, Held, Known, gone, plan

THEN, NOW = Stamp(5, 100, 100, 1), Stamp(5, 200, 200, 1)
READ_AS = "this library, this version"
A = "/notes/a.txt"


def known(**articles: int) -> Known:
    return Known(THEN, "sha", READ_AS, articles)


HELD = {"a": Held(1, A)}


@pytest.mark.parametrize(
    ("before", "found", "held", "action"),
    [
        pytest.param({}, {A: Found(NOW)}, {}, Action.ADD, id="new"),
        pytest.param({A: known(a=1)}, {A: Found(THEN)}, HELD, None, id="as it was"),
        pytest.param({A: known(a=1)}, {A: Found(NOW, "sha")}, HELD, None, id="touched, with the same bytes"),
        pytest.param({A: known(a=1)}, {A: Found(NOW, "other")}, HELD, Action.UPDATE, id="changed"),
        pytest.param(
            {A: known(a=1)}, {A: Found(NOW)}, HELD, Action.UPDATE, id="changed while it was looked at"
        ),
        pytest.param({}, {A: Found(NOW)}, HELD, Action.UPDATE, id="held, but nothing is known of it"),
        pytest.param({A: known(a=1)}, {A: Found(THEN)}, {}, Action.ADD, id="its article was removed"),
        pytest.param(
            {A: known(a=1)},
            {A: Found(THEN)},
            {"a": Held(2, A)},
            Action.UPDATE,
            id="its article was updated by others",
        ),
        pytest.param(
            {A: known(a=1, b=1)},
            {A: Found(THEN)},
            HELD,
            Action.UPDATE,
            id="one of its two articles was removed",
        ),
        pytest.param(
            {A: Known(THEN, "sha", "another", {"a": 1})},
            {A: Found(THEN)},
            HELD,
            Action.UPDATE,
            id="read otherwise",
        ),
        pytest.param(
            {A: Known(THEN, "", READ_AS, {"a": 1})}, {A: Found(THEN)}, HELD, Action.UPDATE, id="not sure"
        ),
        pytest.param({A: known(a=1)}, {}, HELD, Action.REMOVE, id="vanished"),
        pytest.param({}, {}, HELD, Action.REMOVE, id="vanished, and nothing is known of it"),
        pytest.param({A: known(a=1)}, {}, {}, None, id="vanished, as is its article"),
    ],
)
def test_what_happens_to_a_file(
    before: dict[str, Known], found: dict[str, Found], held: dict[str, Held], action: Action | None
) -> None:
    made = plan(before, found, (), held, READ_AS)
    assert dict(made.steps) == ({A: action} if action else {})
    assert made.unchanged == ((A,) if found and action is None else ())


def test_what_vanished_is_kept_if_that_is_asked_for() -> None:
    assert dict(plan({}, {}, (), HELD, READ_AS, Action.KEEP).steps) == {A: Action.KEEP}


@pytest.mark.parametrize("refused", [A, "/notes", "/"])
def test_nothing_vanished_from_where_it_cannot_be_seen(refused: str) -> None:
    assert dict(plan({}, {}, [refused], HELD, READ_AS).steps) == {refused: Action.REFUSE}
    assert gone(HELD, (), [refused]) == []


@pytest.mark.parametrize("refused", ["/notes/b.txt", "/note", "/notes/a", "/notes/a.txt/b"])
def test_what_else_is_refused_keeps_nothing(refused: str) -> None:
    assert gone(HELD, (), [refused]) == ["a"]


def test_steps_are_in_order_of_name() -> None:
    held = {name: Held(1, f"/{name}") for name in "ca"}
    assert list(plan({}, {"/b": Found(NOW), "/d": Found(NOW)}, (), held, READ_AS).steps) == [
        "/a",
        "/b",
        "/c",
        "/d",
    ]


def test_what_another_file_gives_now_is_not_gone() -> None:
    held = {name: Held(1, f"/{name}") for name in "abc"}
    assert gone(held, {"b"}, ()) == ["a", "c"]
