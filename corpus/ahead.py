"""Work done a few items ahead of who takes it."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from functools import partial
from typing import TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")


def ahead(
    workers: Executor,
    work: Callable[[Given], Made],
    items: Iterable[Given],
    most: int,
    waits: Callable[[Given], bool],
) -> Iterator[Made]:
    """What becomes of each item, in order. Of the next so many, those whose work is waiting are begun.

    The others are worked on when they are taken: a thread would only quarrel with the taker about Python's one lock.
    """
    begun: deque[Callable[[], Made]] = deque()
    for item in items:
        begun.append(workers.submit(work, item).result if waits(item) else partial(work, item))
        if len(begun) >= most:
            yield begun.popleft()()
    while begun:
        yield begun.popleft()()
