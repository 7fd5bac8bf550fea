"""Nearest vectors by FAISS: one by one over the mapped array itself, or, where there are many, in clusters of them.

Clusters (an inverted file, Jegou et al. 2011) hold the vectors as signed bytes. How many of the clusters nearest to a
question are looked through is chosen by measuring recall against the search one by one.
"""

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import faiss
import numpy as np
from numpy.typing import NDArray

from citewell.index.codes import encode

ONE_BY_ONE = 1 << 16  # vectors that are compared in 2 ms
SPARE = 100  # found by codes beyond those asked for: the nearest among them are told by the vectors
Vectors16 = NDArray[np.float16]

_K = 10
_RECALL = 0.995  # asked of the sample; questions differ from it
_SAMPLE = 256
_SAME = 1e-5  # of two inner products: vectors that are there twice are both right
_TRAINED_ON = 64  # vectors for each cluster
_ROUNDS = 8
_CHUNK = 65_536  # the library takes vectors in single precision: not all at once


def one_by_one(vectors: Vectors16) -> Any:
    """An exact FAISS index over the array itself, shape (n, dim), which has to outlive it; nothing is copied."""
    assert vectors.dtype == np.float16
    assert vectors.flags.c_contiguous  # a copy would be gone when it is read
    index = faiss.IndexScalarQuantizer(
        vectors.shape[1], faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
    )
    if len(vectors):
        codes = vectors.reshape(-1).view(np.uint8)
        nobody = faiss.MaybeOwnedVectorUInt8().owner  # numpy frees the array
        index.codes = faiss.MaybeOwnedVectorUInt8.create_view(faiss.swig_ptr(codes), codes.size, nobody)
        index.ntotal = len(vectors)
    return index


@dataclass(frozen=True, eq=False)
class Clusters:
    """`recall` is the share of the 10 nearest that a look into `probes` clusters finds, measured when it was made."""

    index: Any
    probes: int
    recall: float

    @classmethod
    def of(cls, vectors: Vectors16, asked: NDArray[np.float32]) -> Self:
        """Clusters of vectors, shape (n, dim), as many as the root of n; `asked`, shape (a, dim), is what recall is of."""
        with _all_cores():
            index = _trained(vectors)
            for first in range(0, len(vectors), _CHUNK):
                index.add(encode(vectors[first : first + _CHUNK]).astype(np.float32))
            edges = one_by_one(vectors).search(asked, _K)[0][:, -1]
            probes = 1
            while True:
                made = cls(index, probes, 0.0)
                recall = float(
                    np.mean([made._share(vectors, row, edge) for row, edge in zip(asked, edges, strict=True)])
                )
                if recall >= _RECALL or probes >= index.nlist:
                    return cls(index, probes, round(recall, 4))
                probes = min(2 * probes, index.nlist)

    @classmethod
    def open(cls, file: Path, probes: int, recall: float) -> Self:
        """Map what was saved."""
        return cls(faiss.read_index(str(file), faiss.IO_FLAG_MMAP_IFC), probes, recall)

    def save(self, file: Path) -> None:
        faiss.write_index(self.index, str(file))

    def nearest(
        self,
        question: NDArray[np.float32],
        k: int,
        bitmap: NDArray[np.uint8] | None = None,
        share: float = 1.0,
    ) -> NDArray[np.int64]:
        """Numbers of at most k vectors, the nearest codes first.

        Of those in the bitmap, which are a `share` of all, more clusters are needed: as many more, and then twice as many
        until the nearer half stays the same, since what is allowed may lie far from the question.
        """
        probes = min(math.ceil(self.probes / share), self.index.nlist)
        found = self._look_into(probes, question, k, bitmap)
        while bitmap is not None and probes < self.index.nlist:
            probes = min(2 * probes, self.index.nlist)
            former, found = found, self._look_into(probes, question, k, bitmap)
            if np.array_equal(former[: k // 2], found[: k // 2]):
                break
        return found

    def _look_into(
        self, probes: int, question: NDArray[np.float32], k: int, bitmap: NDArray[np.uint8] | None
    ) -> NDArray[np.int64]:
        asked = encode(question[np.newaxis]).astype(np.float32)  # the library compares codes with codes
        params = faiss.SearchParametersIVF(nprobe=probes, **selected(bitmap))
        _, found = self.index.search(asked, k, params=params)
        numbers: NDArray[np.int64] = found[0][found[0] >= 0]
        return numbers

    def _share(self, vectors: Vectors16, asked: NDArray[np.float32], edge: float) -> float:
        """Of the 10 nearest, the last of which has the inner product `edge`."""
        scores = vectors[self.nearest(asked, _K + SPARE)].astype(np.float32) @ asked
        return min(_K, int((scores >= edge - _SAME).sum())) / _K


def selected(bitmap: NDArray[np.uint8] | None) -> dict[str, Any]:
    """What FAISS takes to search only numbers whose bit is set; nothing for all."""
    return {} if bitmap is None else {"sel": faiss.IDSelectorBitmap(bitmap)}


def sample(rows: int) -> NDArray[np.int64]:
    """Rows spread evenly, to measure recall with."""
    return np.linspace(0, rows - 1, min(rows, _SAMPLE), dtype=np.int64)


def _trained(vectors: Vectors16) -> Any:
    count = int(len(vectors) ** 0.5)
    index = faiss.IndexIVFScalarQuantizer(
        faiss.IndexFlatIP(vectors.shape[1]),
        vectors.shape[1],
        count,
        faiss.ScalarQuantizer.QT_8bit_direct_signed,
        faiss.METRIC_INNER_PRODUCT,
        False,
    )
    index.cp.niter, index.cp.max_points_per_centroid, index.cp.spherical = _ROUNDS, _TRAINED_ON, True
    rows = np.linspace(0, len(vectors) - 1, min(len(vectors), _TRAINED_ON * count), dtype=np.int64)
    index.train(encode(vectors[rows]).astype(np.float32))
    return index


@contextmanager
def _all_cores() -> Iterator[None]:
    """Commands leave FAISS one thread, which suits a question; clustering is long."""
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(os.cpu_count() or 1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)
