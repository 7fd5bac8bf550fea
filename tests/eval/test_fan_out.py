"""The simulation of many shards, against what probability says of the slowest of them."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citewell.eval.fan_out import SHARDS, FanOut, fan_out

TIMES = st.lists(st.floats(0.1, 1_000), min_size=1, max_size=50)


def test_one_time_is_the_time_of_any_number_of_shards() -> None:
    assert fan_out([4.0], [1, 1_000]) == (FanOut(1, *[4.0] * 6), FanOut(1_000, *[4.0] * 6))


@pytest.mark.parametrize("shards", [1, 10, 100])
def test_the_slowest_of_many_is_as_slow_as_probability_says(shards: int) -> None:
    """Of n independent draws that are uniform on 0..1 the slowest has the quantile q ** (1 / n)."""
    (found,) = fan_out(np.linspace(0, 1, 10_001).tolist(), [shards])
    expected = [share ** (1 / shards) for share in (0.5, 0.95, 0.99)]
    assert [found.p50_ms, found.p95_ms, found.p99_ms] == pytest.approx(expected, abs=0.02)


def test_one_slow_answer_in_a_hundred_is_what_most_questions_to_a_hundred_shards_wait_for() -> None:
    one, hundred = fan_out([*[1.0] * 99, 50.0], [1, 100])
    assert (one.p95_ms, hundred.p50_ms) == (1.0, 50.0)
    assert hundred.hedged_p50_ms == 2.0  # the p95 of a shard, then another replica


@given(TIMES)
@settings(max_examples=20)
def test_more_shards_are_never_faster_and_a_second_chance_never_slower(times: list[float]) -> None:
    rows = fan_out(times, SHARDS[:4], questions=2_000)
    for name in ("p50_ms", "p95_ms", "p99_ms"):
        figures = [getattr(row, name) for row in rows]
        assert all(after >= before - 0.2 * max(times) for before, after in pairwise(figures))
        assert all(getattr(row, f"hedged_{name}") <= getattr(row, name) for row in rows)
        assert figures[-1] <= round(max(times), 3)
