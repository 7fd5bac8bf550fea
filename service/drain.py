"""Adding what jobs hold: a thread in every worker, of which one at a time works, in batches. It also follows a shared truth.

The writer's lock is held for a batch, so that others write between two. A batch that was killed is done again; what had
been stored of it is then unchanged.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from citewell.corpus.errors import BadInput, LibraryError
from citewell.index.writing import Given
from citewell.service.jobs import Item, Jobs
from citewell.service.requests import ArticleRequest
from citewell.service.writer import Writer, given_of

log = logging.getLogger("citewell")
_ARTICLES, _CHARACTERS = 32, 100_000  # of a batch: a second or two
_LOOK = 1.0  # seconds between two looks for what other workers accepted
_RETRY = 5.0  # seconds after the library could not be written


class Drainer:
    """Call `wake` when a job was accepted, `stop` to end after the batch that has begun."""

    def __init__(self, jobs: Jobs, writer: Writer) -> None:
        self._jobs, self._writer = jobs, writer
        self._woken, self._stopping = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="citewell-jobs", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        self._woken.set()

    def stop(self) -> None:
        self._stopping.set()
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            pause = _LOOK
            try:
                with self._alone() as alone:
                    if alone:
                        self.all()
                self._writer.follow()
            except LibraryError as error:  # it may be in order later, and the job is not lost
                log.error("jobs or other writers' articles wait: %s", error)  # noqa: TRY400 - it says all
                pause = _RETRY
            except Exception:
                log.exception("unexpected error in a job")
                pause = _RETRY
            self._woken.wait(pause)
            if not self._stopping.is_set():
                self._woken.clear()

    def all(self) -> None:
        """Add what waits, unless it is to stop."""
        some = False
        while not self._stopping.is_set() and self.batch():
            some = True
        if some:
            self._writer.rest()

    def batch(self) -> bool:
        """Add the next articles; false if none wait."""
        items = self._jobs.take(_ARTICLES, _CHARACTERS)
        if not items:
            return False
        try:
            self._jobs.record(self._added(items))
        except LibraryError:
            raise
        except Exception:
            self._jobs.fail(items[0].job, "An unexpected error; the service's log has it.")
            raise
        return True

    def _added(self, items: list[Item]) -> list[tuple[Item, str, str | None]]:
        given: dict[Item, Given] = {}
        results: list[tuple[Item, str, str | None]] = []
        for item in items:
            try:
                request = ArticleRequest.model_validate_json(item.article)
                given[item] = given_of(item.article_id, request, self._writer.limits)
            except BadInput as refused:
                results.append((item, "refused", str(refused)))
        outcomes = self._writer.put(list(given.values())) if given else []
        results += [(item, done.result, done.reason) for item, done in zip(given, outcomes, strict=True)]
        return results

    @contextmanager
    def _alone(self) -> Iterator[bool]:
        """Whether no other worker is at it; a killed one lets go."""
        if not self._jobs.any():
            yield False
            return
        with self._jobs.alone() as alone:
            yield alone
