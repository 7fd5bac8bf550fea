"""The benchmark is not timed here; `citewell bench` runs it."""

import inspect

from citewell.eval.bench import Latency, http_latency


def test_the_benchmark_can_be_called_without_arguments_and_gives_milliseconds() -> None:
    signature = inspect.signature(http_latency)
    signature.bind()
    assert signature.return_annotation is Latency
    assert {name for name in Latency.__dataclass_fields__ if name.endswith("_ms")} == {
        "p50_ms",
        "p95_ms",
        "slowest_ms",
    }
