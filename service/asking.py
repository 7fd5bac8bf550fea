"""Questions to a library by many at once: threads, repeated questions, figures. What is given is JSON in bytes."""

import logging
import os
import time
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from pydantic import TypeAdapter

from citewell.corpus.errors import BadInput, BadQuestion, CorruptLibrary, LibraryBusy
from citewell.index.answer import ask, checked_k, checked_question, search
from citewell.index.engine import Askable
from citewell.index.filter import Filter
from citewell.index.library import Library
from citewell.index.response import Answer, SearchResult
from citewell.index.search import Searcher
from citewell.service.cache import Cache, Kept
from citewell.service.metrics import Metrics, Timed
from citewell.service.pool import Pool
from citewell.service.requests import AskRequest
from citewell.service.settings import Settings

log = logging.getLogger("citewell")
_LOOKING = 8  # threads
_ANSWER, _SEARCH_RESULT = TypeAdapter(Answer), TypeAdapter(SearchResult)
Work = Callable[[Askable], tuple[bytes, Kept]]


class Asking:
    """`pool` is for what is as quick as a question, `checking` for what may take seconds, `looking` for what only waits.

    Raises what `ask` and `search` raise, Overloaded and TookTooLong.
    """

    def __init__(self, library: Library, settings: Settings, metrics: Metrics) -> None:
        self._library, self._settings, self._metrics = library, settings, metrics
        self._cache = Cache(int(settings.cache_mb * 1_000_000))
        # no more than its share of the cores: a thread that stays on one finds its data there
        cores = max(1, (os.cpu_count() or 1) // settings.workers)
        threads = settings.concurrency or (cores if library.is_near else cores + 1)
        self.pool = Pool("ask", threads, settings.queue, settings.timeout, metrics)
        self.checking = Pool("check", 1, settings.queue, settings.timeout, metrics)
        self.looking = Pool("look", _LOOKING, settings.queue, settings.timeout, metrics)

    def close(self) -> None:
        self.pool.close()
        self.checking.close()
        self.looking.close()

    async def answer(self, request: AskRequest) -> bytes:
        """One answer."""
        self._check(request.question, request.k)
        key, work = self._key(request), self._ask(request)
        return await self._kept(key, work, await self._version(), request.as_of)

    async def answers(self, requests: Sequence[AskRequest]) -> bytes:
        """Answers one after another, all from one snapshot; a batch takes one thread, so that others are served."""
        for number, request in enumerate(requests):
            try:
                self._check(request.question, request.k)
                request.filter.filter()
            except BadInput as refused:
                raise type(refused)(f"questions.{number}: {refused}") from None
        before = await self._version()
        index = await self.pool.run(self._library.askable)
        same = await self._version() == before
        found = []
        for request in requests:
            key = self._key(request) if same and await self._version() == before else None
            found.append(await self._kept(key, self._ask(request), before, request.as_of, index))
        return b'{"answers":[' + b",".join(found) + b"]}"

    async def search(self, question: str, k: int, given: Filter, as_of: str | None = None) -> bytes:
        self._check(question, k)
        key = None if as_of is not None else ("search", question, k, given)
        return await self._kept(key, self._search(question, k, given), await self._version(), as_of)

    async def _version(self) -> Hashable:
        if self._library.is_near:
            return self._library.version()
        return await self.looking.run(self._library.version)

    def _check(self, question: str, k: int) -> None:
        """Before anything waits for a thread."""
        asked, most = checked_question(question), self._settings.question_length
        if len(asked) > most:
            raise BadQuestion(
                f"The question has {len(asked):,} characters; at most {most:,} are read. Shorten it."
            )
        if checked_k(k) > self._settings.most_k:
            raise BadInput(f"k is {k}; ask for 1 to {self._settings.most_k}.")
        if self._settings.log_questions:
            log.info("question", extra={"question": asked, "k": k})

    def _key(self, request: AskRequest) -> Hashable:
        """None for what also depends on articles that the snapshot does not hold."""
        if request.why_not or request.as_of is not None:
            return None
        return "ask", request.question, request.k, request.filter.filter(), request.explain

    async def _kept(
        self,
        key: Hashable,
        work: Work,
        version: Hashable,
        as_of: str | None = None,
        index: Askable | None = None,
    ) -> bytes:
        """From the cache, or worked out in a thread and kept; the version was read before the index was taken."""
        began = time.perf_counter()
        key = (self._library.embedder.fingerprint, key) if key else None
        if key and self._settings.cache_mb:
            kept = self._cache.get(version, key)
            self._metrics.looked_up(kept is not None)
            if kept is not None:
                self._metrics.answered(kept.verdict, dict(kept.states))
                return kept.document(round(1000 * (time.perf_counter() - began), 3))
        document, worked = await self.pool.run(self._worked, work, as_of, index)
        self._metrics.answered(worked.verdict, dict(worked.states))
        if key and self._settings.cache_mb:
            self._cache.put(version, key, worked)
        return document

    def _worked(self, work: Work, as_of: str | None, index: Askable | None) -> tuple[bytes, Kept]:
        """Of a snapshot that was taken before: raises LibraryBusy when articles in it were erased since.

        A cluster has only the present one, so it is asked again.
        """
        if not isinstance(index, Searcher) or as_of is not None:
            return self._library.asking(work, as_of)
        try:
            return work(index)
        except CorruptLibrary:
            self._library.asking(work)  # raises what is wrong, if it is damage
            raise LibraryBusy(self._library.folder) from None

    def _ask(self, request: AskRequest) -> Work:
        def work(index: Askable) -> tuple[bytes, Kept]:
            with Timed(self._metrics.stage, "answering"):
                answer = ask(
                    index, self._library.store, request.question, request.k, request.filter.filter(),
                    request.explain, request.why_not,
                )  # fmt: skip
            return self._written(_ANSWER, answer, answer.verdict)

        return work

    def _search(self, question: str, k: int, given: Filter) -> Work:
        def work(index: Askable) -> tuple[bytes, Kept]:
            with Timed(self._metrics.stage, "searching"):
                found = search(index, self._library.store, question, k, given)
            return self._written(_SEARCH_RESULT, found, "searched")

        return work

    def _written(
        self, adapter: TypeAdapter[Any], given: Answer | SearchResult, verdict: str
    ) -> tuple[bytes, Kept]:
        with Timed(self._metrics.stage, "writing"):
            document = adapter.dump_json(given)
        states = tuple((name, str(state.state.value)) for name, state in given.retrievers.items())
        return document, Kept.of(document, verdict, states)
