"""What a row is in Milvus: its columns, how it is sent and received, and how rows are asked for."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from pymilvus import CollectionSchema, DataType, MilvusClient
from pymilvus.milvus_client import IndexParams

from citewell.index.passage_rows import MOST_FACTS, PassageRow
from citewell.index.where import Where

FORMAT = 1  # of the rows; part of a collection's name
FIELDS = ["id", "revision", "facts", "first", "last", "terms", "more", "sentences", "vector"]
_TEXT = 65_535  # bytes that a field may have


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


def named(revisions: Sequence[str]) -> str:
    return f"revision in {_quoted(revisions)}"


def sent(row: PassageRow) -> dict[str, Any]:
    return {
        "id": row.id, "revision": row.revision, "facts": list(row.facts), "first": row.first, "last": row.last,
        "terms": row.terms, "more": list(row.more), "sentences": list(row.sentences),
        "vector": row.vector.astype(np.float32).tolist(),
    }  # fmt: skip


def received(found: Mapping[str, Any]) -> PassageRow:
    return PassageRow(
        found["id"], found["revision"], tuple(found["facts"]), found["first"], found["last"], found["terms"],
        tuple(found["more"]), tuple(found["sentences"]), np.array(found["vector"], dtype=np.float16),
    )  # fmt: skip
