"""Rows of passages in Milvus 2.5 or later, through pymilvus; both its second and its third major version."""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import grpc
import numpy as np
import pymilvus
from numpy.typing import NDArray
from pymilvus import CollectionSchema, DataType, Function, FunctionType, MilvusClient, MilvusException
from pymilvus.milvus_client import IndexParams

from citewell.corpus.errors import ClusterAway, ClusterError, ClusterMismatch, ClusterRefused
from citewell.index.address import Address
from citewell.index.passage_rows import MOST_FACTS, PassageRow
from citewell.index.passage_store import CollectionGone, Unsupported
from citewell.index.where import EVERYWHERE, Where

FORMAT = 1  # of the rows; part of a collection's name
_READING, _WRITING = 5.0, 30.0  # seconds that a call may take, tries again included
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 2.0  # seconds between two tries
_PUT = 500  # rows sent at once: some megabytes
_NAMED = 200  # revisions named in one expression
_MOST_FOUND = 16_384  # rows that Milvus gives at once
_TEXT = 65_535  # bytes that a field may have
_FIELDS = ["id", "revision", "facts", "first", "last", "terms", "more", "sentences", "vector"]
_GONE = (100, 1600)  # codes for a collection, an alias that is not there
_NOT_LOADED = 101
_TRIED_AGAIN = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
_REFUSED = (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED)


class NotLoaded(ClusterError):
    """The collection is there, but is not held ready for questions."""


class Milvus:
    """Connects when it is first asked for something. Serves all threads."""

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

    def create(self, collection: str, dim: int, k1: float, b: float) -> None:
        schema, indexes = columns(dim)
        schema.add_field("matched", DataType.SPARSE_FLOAT_VECTOR)
        schema.add_function(
            Function(
                name="bm25", function_type=FunctionType.BM25, input_field_names=["terms"],
                output_field_names=["matched"],
            )
        )  # fmt: skip
        indexes.add_index(
            "matched", index_type="SPARSE_INVERTED_INDEX", metric_type="BM25", params={"bm25_k1": k1, "bm25_b": b}
        )  # fmt: skip
        self._create(collection, schema, indexes)

    def _create(
        self, collection: str, schema: CollectionSchema, indexes: IndexParams, shards: int = 1
    ) -> None:
        self._write(
            lambda client, timeout: client.create_collection(
                collection, schema=schema, index_params=indexes, consistency_level="Bounded", num_shards=shards,
                timeout=timeout,
            )
        )  # fmt: skip

    def put(self, collection: str, rows: Sequence[PassageRow]) -> None:
        def put_some(some: list[dict[str, Any]]) -> None:
            self._write(lambda client, timeout: client.upsert(collection, some, timeout=timeout))

        for first in range(0, len(rows), _PUT):
            put_some([_sent(row) for row in rows[first : first + _PUT]])

    def delete(self, collection: str, revisions: Sequence[str]) -> None:
        def delete_some(named: str) -> None:
            self._write(lambda client, timeout: client.delete(collection, filter=named, timeout=timeout))

        for first in range(0, len(revisions), _NAMED):
            delete_some(_named(revisions[first : first + _NAMED]))

    def settle(self, collection: str) -> None:
        with suppress(Unsupported):
            self._write(lambda client, timeout: client.flush(collection, timeout=timeout))

    def matching(self, collection: str, tokens: Sequence[str], k: int, where: Where) -> list[PassageRow]:
        return self._search(collection, " ".join(tokens), "matched", "BM25", k, where)

    def nearest(self, collection: str, vector: NDArray[np.float32], k: int, where: Where) -> list[PassageRow]:
        return self._search(collection, vector.tolist(), "vector", "IP", k, where)

    def _search(
        self, collection: str, asked: object, field: str, metric: str, k: int, where: Where
    ) -> list[PassageRow]:
        found = self._loaded(
            collection,
            lambda client, timeout: client.search(
                collection, data=[asked], anns_field=field, limit=min(k, _MOST_FOUND), filter=compiled(where),
                search_params={"metric_type": metric}, output_fields=_FIELDS, timeout=timeout,
            )
        )  # fmt: skip
        return [_received(hit["entity"]) for hit in found[0]]

    def rows(self, collection: str, revisions: Sequence[str]) -> list[PassageRow]:
        return [_received(row) for row in self._query(collection, revisions, _FIELDS)]

    def ids(self, collection: str, revisions: Sequence[str]) -> list[str]:
        return [str(row["id"]) for row in self._query(collection, revisions, ["id"])]

    def _query(
        self, collection: str, revisions: Sequence[str], fields: Sequence[str]
    ) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = []
        for first in range(0, len(revisions), _NAMED):
            found += self._query_once(collection, revisions[first : first + _NAMED], fields)
        return found

    def _query_once(
        self, collection: str, revisions: Sequence[str], fields: Sequence[str]
    ) -> list[Mapping[str, Any]]:
        """What has too many rows for one answer is asked for in halves, and one such revision bit by bit."""
        found: list[Mapping[str, Any]] = self._loaded(
            collection,
            lambda client, timeout: client.query(
                collection, filter=_named(revisions), output_fields=list(fields), limit=_MOST_FOUND,
                consistency_level="Strong", timeout=timeout,
            )
        )  # fmt: skip
        if len(found) < _MOST_FOUND:
            return found
        if len(revisions) > 1:
            middle = len(revisions) // 2
            parts = (revisions[:middle], revisions[middle:])
            return [row for part in parts for row in self._query_once(collection, part, fields)]
        rows = self._loaded(
            collection,
            lambda client, timeout: client.query_iterator(
                collection, filter=_named(revisions), output_fields=list(fields), batch_size=1_000, timeout=timeout
            )
        )  # fmt: skip
        return [row for batch in iter(rows.next, []) for row in batch]

    def count(self, collection: str, where: Where = EVERYWHERE, without: Sequence[str] = ()) -> int:
        less = (without[first : first + _NAMED] for first in range(0, len(without), _NAMED))
        return self._count(collection, compiled(where)) - sum(
            self._count(collection, " and ".join(filter(None, [compiled(where), _named(part)])))
            for part in less
        )

    def _count(self, collection: str, expression: str) -> int:
        found = self._loaded(
            collection,
            lambda client, timeout: client.query(
                collection, filter=expression, output_fields=["count(*)"], consistency_level="Strong", timeout=timeout
            )
        )  # fmt: skip
        return int(found[0]["count(*)"])

    def target(self, alias: str) -> str | None:
        """On a server without aliases the collection of that name itself."""
        try:
            found = self._read(lambda client, timeout: client.describe_alias(alias, timeout=timeout))
        except CollectionGone:
            return None
        except Unsupported:
            there = self._read(lambda client, timeout: client.has_collection(alias, timeout=timeout))
            return alias if there else None
        return str(found["collection_name"])

    def dim(self, collection: str) -> int:
        """Of its vectors. Raises ClusterMismatch if another version of citewell, or something else, made it."""
        found = self._read(lambda client, timeout: client.describe_collection(collection, timeout=timeout))
        fields = {field["name"]: field for field in found["fields"]}
        if not {*_FIELDS, "matched"} <= set(fields):
            raise ClusterMismatch(
                f"The collection {collection!r} at {self._address.place} was made by another version of citewell, or by "
                "something else. Choose another name (passages), or take its alias over: citewell rebuild"
            )
        return int(fields["vector"]["params"]["dim"])

    def point(self, alias: str, collection: str) -> None:
        if alias == collection:
            return
        there = self.target(alias)

        def swap(client: MilvusClient, timeout: float) -> None:
            change = client.create_alias if there is None else client.alter_alias
            change(collection_name=collection, alias=alias, timeout=timeout)

        self._write(swap)

    def drop(self, collection: str) -> None:
        """With the aliases that point at it, which a server may ask for."""

        def drop_aliases(client: MilvusClient, timeout: float) -> None:
            for alias in client.list_aliases(collection_name=collection, timeout=timeout)["aliases"]:
                client.drop_alias(alias, timeout=timeout)

        with suppress(CollectionGone, Unsupported):
            self._write(drop_aliases)
        with suppress(CollectionGone):
            self._write(lambda client, timeout: client.drop_collection(collection, timeout=timeout))

    def new_name(self, alias: str, token: str) -> str:
        """On a server without aliases the alias itself, once."""
        try:
            self._read(lambda client, timeout: client.list_aliases(timeout=timeout))
        except Unsupported:
            if self.target(alias):
                raise
            return alias
        return f"{alias}_v{FORMAT}_{token}"

    def collections(self) -> list[str]:
        found = self._read(lambda client, timeout: client.list_collections(timeout=timeout))
        return sorted(found)

    # -- calls ------------------------------------------------------------------------------------------------------

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


def columns(dim: int) -> tuple[CollectionSchema, IndexParams]:
    """Of rows, without what the cluster's own BM25 needs; with the index of vectors."""
    schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
    texts: dict[str, Any] = {"datatype": DataType.ARRAY, "element_type": DataType.VARCHAR}
    schema.add_field("id", DataType.VARCHAR, is_primary=True, max_length=128)
    schema.add_field("revision", DataType.VARCHAR, max_length=64)
    schema.add_field("facts", **texts, max_capacity=MOST_FACTS, max_length=32)
    schema.add_field("first", DataType.INT64)
    schema.add_field("last", DataType.INT64)
    schema.add_field(
        "terms", DataType.VARCHAR, max_length=_TEXT, enable_analyzer=True, analyzer_params={"type": "standard"}
    )  # fmt: skip
    schema.add_field("more", **texts, max_capacity=4096, max_length=_TEXT)
    schema.add_field("sentences", **texts, max_capacity=4096, max_length=dim // 3 * 4 + 4)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=dim)
    indexes = MilvusClient.prepare_index_params()
    indexes.add_index("vector", index_type="AUTOINDEX", metric_type="IP")
    return schema, indexes


def compiled(where: Where) -> str:
    """As an expression. All in it are digests, numbers and our own names."""
    parts = [f"array_contains_any(facts, {_quoted(group)})" for group in where.groups]
    if where.from_day is not None:
        parts.append(f"last >= {where.from_day:d}")
    if where.to_day is not None:
        parts.append(f"first <= {where.to_day:d}")
    return " and ".join(parts)


def _quoted(names: Iterable[str]) -> str:
    """A list of names. Raises ValueError for what is not made of letters, digits and points."""
    given = list(names)
    if not all(name.isascii() and name.replace(".", "").isalnum() for name in given):
        raise ValueError("only digests stand in expressions")
    return json.dumps(given)


def _named(revisions: Sequence[str]) -> str:
    return f"revision in {_quoted(revisions)}"


def _sent(row: PassageRow) -> dict[str, Any]:
    return {
        "id": row.id, "revision": row.revision, "facts": list(row.facts), "first": row.first, "last": row.last,
        "terms": row.terms, "more": list(row.more), "sentences": list(row.sentences),
        "vector": row.vector.astype(np.float32).tolist(),
    }  # fmt: skip


def _received(found: Mapping[str, Any]) -> PassageRow:
    return PassageRow(
        found["id"], found["revision"], tuple(found["facts"]), found["first"], found["last"], found["terms"],
        tuple(found["more"]), tuple(found["sentences"]), np.array(found["vector"], dtype=np.float16),
    )  # fmt: skip
