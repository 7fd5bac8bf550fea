"""Calls to Milvus that end in time: tried again while nobody answers, their errors as ours."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import grpc
import pymilvus
from pymilvus import MilvusClient, MilvusException

from citewell.corpus.errors import ClusterAway, ClusterError, ClusterRefused
from citewell.index.address import Address
from citewell.index.passage_store import CollectionGone, Unsupported

_READING, _WRITING = 5.0, 30.0  # seconds that a call may take, tries again included
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 2.0  # seconds between two tries
_GONE = (100, 1600)  # codes for a collection, an alias that is not there
_NOT_LOADED = 101
_TRIED_AGAIN = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
_REFUSED = (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED)


class NotLoaded(ClusterError):
    """The collection is there, but is not held ready for questions."""


class MilvusCalls:
    """A client that connects when it is first asked for something. Serves all threads."""

    def __init__(self, address: Address) -> None:
        logging.getLogger("pymilvus").setLevel(logging.CRITICAL)  # errors are ours to report
        self._address = address
        self._turn, self._local = threading.Lock(), threading.local()
        self._connected: MilvusClient | None = None

    def close(self) -> None:
        with self._turn:
            if self._connected is not None:
                self._connected.close()
                self._connected = None

    @contextmanager
    def writing(self) -> Iterator[None]:
        self._local.writing = True
        try:
            yield
        finally:
            self._local.writing = False

    def _read(self, call: Callable[[MilvusClient, float], Any]) -> Any:
        return self._call(call, _WRITING if getattr(self._local, "writing", False) else _READING)

    def _loaded(self, collection: str, call: Callable[[MilvusClient, float], Any]) -> Any:
        """A call that reads a collection; one that the server does not hold ready, as after a crash, is loaded."""
        try:
            return self._read(call)
        except NotLoaded:
            self._read(lambda client, timeout: client.load_collection(collection, timeout=timeout))
            return self._read(call)

    def _write(self, call: Callable[[MilvusClient, float], Any]) -> Any:
        return self._call(call, _WRITING)

    def _call(self, call: Callable[[MilvusClient, float], Any], patience: float) -> Any:
        """Tries again while nobody answers, after longer and longer pauses, until the time is over."""
        deadline, pause = time.monotonic() + patience, _FIRST_PAUSE
        while True:
            left = max(_FIRST_PAUSE, deadline - time.monotonic())
            try:
                return call(self._client(left), left)
            except (
                MilvusException,
                grpc.RpcError,
                ValueError,
            ) as error:  # the last for a channel that was closed
                named = self._named(error)
                if not isinstance(named, ClusterAway) or time.monotonic() + pause > deadline:
                    raise named from error
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _client(self, patience: float) -> MilvusClient:
        with self._turn:
            if self._connected is None:
                self._connected = MilvusClient(
                    uri=self._address.uri, token=self._address.token, timeout=patience
                )
            return self._connected

    def _named(self, error: Exception) -> ClusterError:
        """The error as ours."""
        code, reason = _code(error), _code(error.__cause__)  # a reason: while it connects
        said, place = str(getattr(error, "message", None) or error).strip(), self._address.place
        short = said.splitlines()[0][:300] if said else type(error).__name__
        if isinstance(code, grpc.StatusCode):
            short = code.name.lower().replace("_", " ")
        if code in _REFUSED or reason in _REFUSED or ("auth" in said and "check failure" in said):
            return ClusterRefused(place)
        if code is grpc.StatusCode.UNIMPLEMENTED or "UNIMPLEMENTED" in said or "is not supported" in said:
            return Unsupported(
                f"The server at {place} cannot do this; Milvus 2.5 or later is needed: {short}"
            )
        if code in _TRIED_AGAIN or isinstance(error, pymilvus.exceptions.ConnectError) or _is_away(said):
            return ClusterAway(place, short)
        if code in _GONE or ("not found" in said and "collection" in said):
            return CollectionGone(f"{short} at {place}. Build it again: citewell rebuild")
        if code == _NOT_LOADED or "call load()" in said or "not loaded" in said:
            return NotLoaded(f"{short} at {place}")
        return ClusterError(f"The cluster at {place} says: {short}. If it persists: citewell rebuild")


def _code(error: BaseException | None) -> object:
    code: object = getattr(error, "code", None)
    return code() if callable(code) else code


def _is_away(said: str) -> bool:
    return any(
        mark in said
        for mark in (
            "Fail connecting",
            "UNAVAILABLE",
            "Retry timeout",
            "server unavailable",
            "closed channel",
        )
    )
