"""Rows of passages in Milvus 2.5 or later, through pymilvus; both its second and its third major version."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pymilvus import CollectionSchema, DataType, Function, FunctionType, MilvusClient
from pymilvus.milvus_client import IndexParams

from citewell.corpus.errors import ClusterMismatch
from citewell.index.milvus_calls import MilvusCalls
from citewell.index.milvus_rows import FIELDS, FORMAT, columns, compiled, named, received, sent
from citewell.index.passage_rows import PassageRow
from citewell.index.passage_store import CollectionGone, Unsupported
from citewell.index.where import EVERYWHERE, Where

_PUT = 500  # rows sent at once: some megabytes
_NAMED = 200  # revisions named in one expression
_MOST_FOUND = 16_384  # rows that Milvus gives at once


class Milvus(MilvusCalls):
    """The protocol of `passage_store.py`, by the calls of one client. Serves all threads."""

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
            put_some([sent(row) for row in rows[first : first + _PUT]])

    def delete(self, collection: str, revisions: Sequence[str]) -> None:
        def delete_some(which: str) -> None:
            self._write(lambda client, timeout: client.delete(collection, filter=which, timeout=timeout))

        for first in range(0, len(revisions), _NAMED):
            delete_some(named(revisions[first : first + _NAMED]))

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
                search_params={"metric_type": metric}, output_fields=FIELDS, timeout=timeout,
            )
        )  # fmt: skip
        return [received(hit["entity"]) for hit in found[0]]

    def rows(self, collection: str, revisions: Sequence[str]) -> list[PassageRow]:
        return [received(row) for row in self._query(collection, revisions, FIELDS)]

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
                collection, filter=named(revisions), output_fields=list(fields), limit=_MOST_FOUND,
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
                collection, filter=named(revisions), output_fields=list(fields), batch_size=1_000, timeout=timeout
            )
        )  # fmt: skip
        return [row for batch in iter(rows.next, []) for row in batch]

    def count(self, collection: str, where: Where = EVERYWHERE, without: Sequence[str] = ()) -> int:
        less = (without[first : first + _NAMED] for first in range(0, len(without), _NAMED))
        return self._count(collection, compiled(where)) - sum(
            self._count(collection, " and ".join(filter(None, [compiled(where), named(part)])))
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
        if not {*FIELDS, "matched"} <= set(fields):
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
