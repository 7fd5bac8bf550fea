"""What of long work is shown to who watches, on standard error."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from time import perf_counter
from typing import TYPE_CHECKING, Never

from tqdm import tqdm

if TYPE_CHECKING:
    from citewell.eval.bench_library import Say
    from citewell.index.embedding import Progress
    from citewell.index.migrate import Stage


@contextmanager
def bar(what: str) -> Iterator["Progress"]:
    """A bar on standard error with rate and time left; none when nobody watches or little is to be done."""
    shown: list[tqdm[Never]] = []

    def show(done: int, total: int) -> None:
        if not shown or shown[-1].total != total or shown[-1].n > done:
            close()
            shown.append(
                tqdm(total=total, desc=what, leave=False, delay=1.0, disable=not sys.stderr.isatty())
            )
        shown[-1].update(done - shown[-1].n)

    def close() -> None:
        while shown:
            shown.pop().close()

    try:
        yield show
    finally:
        close()


@contextmanager
def bars() -> Iterator["Stage"]:
    """A bar for each part of the work, one at a time."""
    with ExitStack() as shown:

        def begin(what: str) -> "Progress":
            shown.close()
            return shown.enter_context(bar(what))

        yield begin


def steps() -> "Say":
    """Lines on standard error: what is being done, and how many seconds after the beginning."""
    began = perf_counter()

    def say(what: str) -> None:
        print(f"{perf_counter() - began:7.1f} s  {what}", file=sys.stderr, flush=True)

    return say
