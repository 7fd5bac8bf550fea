"""The process that Ray is in: does what it is told over a pipe, and says what became of it (see ray_workers.py).

The parent's end of the pipe is its life: when that is closed, also by a kill, the actors go and it ends.
"""

import os
import sys
import time
from concurrent.futures import Future
from multiprocessing.connection import Connection
from queue import SimpleQueue
from threading import Thread
from typing import Any

from citewell.index.embedding_worker import EmbeddingWorker
from citewell.index.spreading import PROBES, Done, Event, Lost, Ready

_ENDING = 10.0  # seconds; Ray waits longer for a cluster that is gone


def main(parent: "Connection[Any, Any]") -> None:
    commands: SimpleQueue[tuple[Any, ...] | None] = SimpleQueue()
    Thread(target=_listen, args=(parent, commands), daemon=True).start()
    connection = commands.get()
    if connection is None:
        return
    import ray

    address, opening = connection
    try:
        ray.init(address=address, log_to_driver=False, logging_level="critical")
        most = int(ray.cluster_resources().get("CPU", 0))
    except Exception as error:  # of many kinds: no node here, another version, another Python
        parent.send(_reason(error))
        return
    parent.send(most or "none of its nodes has a core for workers")
    _work(parent, commands, opening)
    ray.shutdown()


def _listen(parent: "Connection[Any, Any]", commands: "SimpleQueue[tuple[Any, ...] | None]") -> None:
    """Always, so that the parent never waits to be heard, and its end is seen also while Ray connects."""
    try:
        while True:
            commands.put(parent.recv())
    except (EOFError, OSError):
        commands.put(None)
    time.sleep(_ENDING)
    os._exit(1)


def _work(
    parent: "Connection[Any, Any]", commands: "SimpleQueue[tuple[Any, ...] | None]", opening: bytes
) -> None:
    import ray

    events: SimpleQueue[Event] = SimpleQueue()
    Thread(target=_tell, args=(parent, events), daemon=True).start()
    made = ray.remote(num_cpus=1, max_restarts=0, max_task_retries=0, scheduling_strategy="SPREAD")(
        EmbeddingWorker
    )
    actors: dict[int, Any] = {}

    def told(number: int, of: "Future[Any]", ready: bool) -> None:
        if error := of.exception():
            events.put(Lost(number, _reason(error)))
        else:
            events.put(Ready(number, *of.result()) if ready else Done(number, of.result()))

    while (command := commands.get()) is not None:
        verb, number, *texts = command
        if verb == "start":
            actors[number] = made.remote(opening)
            asked = actors[number].ready.remote(PROBES).future()
            asked.add_done_callback(lambda of, number=number: told(number, of, ready=True))
        elif verb == "give":
            asked = actors[number].embed.remote(*texts).future()
            asked.add_done_callback(lambda of, number=number: told(number, of, ready=False))
        else:
            ray.kill(actors.pop(number))


def _tell(parent: "Connection[Any, Any]", events: "SimpleQueue[Event]") -> None:
    while True:
        parent.send(events.get())


def _reason(error: BaseException) -> str:
    """The first line of what an error says; of one that a worker raised, of that."""
    cause = getattr(error, "cause", None) or error
    lines = [line.strip() for line in str(cause).splitlines() if line.strip()]
    return lines[0] if lines else type(cause).__name__


if __name__ == "__main__":
    main(Connection(int(sys.argv[1])))
