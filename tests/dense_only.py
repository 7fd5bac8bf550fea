"""Passages in a Milvus that has no BM25: it proposes by vectors alone, and says so of words."""

from collections.abc import Sequence
from typing import NoReturn

from citewell.index.milvus import Milvus
from citewell.index.milvus_rows import columns
from citewell.index.passage_store import Unsupported
from citewell.index.where import Where

SHARDS = 2  # the product has one, for the sake of BM25's statistics


class DenseOnly(Milvus):
    def create(self, collection: str, dim: int, k1: float, b: float) -> None:
        self._create(collection, *columns(dim), shards=SHARDS)

    def matching(self, collection: str, tokens: Sequence[str], k: int, where: Where) -> NoReturn:
        raise Unsupported("This Milvus has no BM25.")

    def dim(self, collection: str) -> int:
        found = self._read(lambda client, timeout: client.describe_collection(collection, timeout=timeout))
        (vector,) = (field for field in found["fields"] if field["name"] == "vector")
        return int(vector["params"]["dim"])
