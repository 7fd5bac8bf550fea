"""`citewell serve`: from settings to a service that listens, in one process or in several that share a port."""

import gc
import resource
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from citewell.corpus.errors import CitewellError
from citewell.index.embedding import Embedder, Vectors
from citewell.service.access import check_exposure, limits_of
from citewell.service.keys import keys_of
from citewell.service.limits import Limits
from citewell.service.models import Models, made_in, prepared
from citewell.service.options import opened
from citewell.service.settings import Settings
from citewell.service.workers import supervise

_GRACE = 60  # seconds for what was begun when the service is asked to end


def serve(settings: Settings) -> None:
    """Serve until a signal. Raises CitewellError before anything is served if it cannot be."""
    with keys_of(settings.library, settings.server()) as keys:
        check_exposure(settings.host, keys)
    _allow_files(settings.connections)
    listeners = _listening(settings.host, settings.port, settings.workers)
    limits = limits_of(settings)  # before the workers begin, so that they share them
    said = lambda: _say(settings, listeners[0])  # noqa: E731
    if settings.workers == 1:
        work(settings, limits, listeners[0], said)
        return
    prepared(
        _models(settings), made_in(settings.library, settings)
    )  # a model is compiled once, not by every worker
    supervise(lambda number, ready: work(settings, limits, listeners[number], ready), settings.workers, said)


def work(settings: Settings, limits: Limits, listener: socket.socket, ready: Callable[[], None]) -> None:
    """Answer on a socket in this process until a signal; then finish what was begun."""
    import uvicorn

    from citewell.service import logs
    from citewell.service.app import create_app
    from citewell.service.connections import Connection
    from citewell.service.gate import request_id
    from citewell.service.metrics import Metrics

    metrics = Metrics()
    watched = lambda model: TimedEmbedder(model, metrics.stage)  # noqa: E731
    stateless = bool(settings.truth and settings.passages)  # then nothing is written to this machine
    with opened(
        settings.library,
        watched=watched,
        models=_models(settings),
        given=settings,
        keep_vectors=not stateless,
    ) as library:
        index = library.askable()  # a library that cannot be searched is said so before anything is served
        if settings.model or settings.reranker:  # and so are models; to load them takes seconds
            searcher, query = index.about("citewell")
            searcher.hybrid(query, 1)
        stop_logging = logs.start(settings.log_level, request_id.get)
        Connection.most, Connection.patience = settings.connections, settings.timeout
        app = create_app(library, settings, limits, metrics, lambda: server.should_exit)
        config = uvicorn.Config(
            app, http=Connection, ws="none", log_config=None, access_log=False, server_header=False,
            timeout_keep_alive=75, timeout_graceful_shutdown=_GRACE, backlog=1024, lifespan="on",
        )  # fmt: skip
        server = uvicorn.Server(config)
        # what uvicorn raises again once it has shut down
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        try:
            ready()
            gc.freeze()  # what was loaded stays; looking through it again and again finds nothing
            with suppress(KeyboardInterrupt):
                server.run(sockets=[listener])
        finally:
            stop_logging()


def _models(settings: Settings) -> Models:
    return Models(settings.model, settings.reranker, settings.rerank)


@dataclass(frozen=True, slots=True)
class TimedEmbedder:
    """An embedder that says how long each question took."""

    of: Embedder
    observe: Callable[[str, float], None]

    @property
    def dim(self) -> int:
        return self.of.dim

    @property
    def fingerprint(self) -> str:
        return self.of.fingerprint

    @property
    def cut_recipe(self) -> str:
        return self.of.cut_recipe

    @property
    def most_tokens(self) -> int:
        return self.of.most_tokens

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        from citewell.service.metrics import Timed

        with Timed(self.observe, "embedding"):
            return self.of.embed_queries(texts)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return self.of.embed_passages(texts)

    def count_tokens(self, text: str) -> int:
        return self.of.count_tokens(text)

    def knows_script(self, text: str) -> bool:
        return self.of.knows_script(text)

    def knows_word(self, word: str) -> bool:
        return self.of.knows_word(word)


def _listening(host: str, port: int, count: int) -> list[socket.socket]:
    """As many sockets on one address, among which the system spreads connections. Raises CitewellError if it is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listeners: list[socket.socket] = []
    try:
        with socket.create_server((host, port), family=family) as alone:  # nobody else has it
            port = alone.getsockname()[1]
        for _ in range(count):
            made = socket.create_server((host, port), family=family, backlog=1024, reuse_port=count > 1)
            made.setsockopt(
                socket.IPPROTO_TCP, socket.TCP_NODELAY, 1
            )  # else answers wait for acknowledgements
            listeners.append(made)
    except OSError as error:
        for made in listeners:
            made.close()
        raise CitewellError(
            f"Cannot listen at {host}:{port}: {error.strerror}. Choose another: --port 8001"
        ) from None
    return listeners


def _say(settings: Settings, listener: socket.socket) -> None:
    address = listener.getsockname()
    shown = f"[{address[0]}]" if ":" in address[0] else address[0]
    print(f"citewell serves {settings.library} at http://{shown}:{address[1]} (stop with Ctrl+C)", flush=True)


def _allow_files(connections: int) -> None:
    """Let the process have as many open files as there may be connections, as far as the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + 1_000
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
