"""Work done a few items ahead of who takes it."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from typing import TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")


def ahead(
    workers: Executor, work: Callable[[Given], Made], items: Iterable[Given], most: int
) -> Iterator[Made]:
    """What becomes of each item, in order; at most so many are worked on or wait to be taken."""
    waiting: deque[Future[Made]] = deque()
    for item in items:
        waiting.append(workers.submit(work, item))
        if len(waiting) >= most:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
