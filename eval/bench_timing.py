"""Times as percentiles, and the machine that they were taken on."""

import os
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np

_LIBRARIES = (
    "citewell", "faiss-cpu", "numpy", "onnxruntime", "rank-bm25", "sentence-transformers", "tokenizers", "torch",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds."""

    n: int
    p50_ms: float
    p95_ms: float

    @classmethod
    def of(cls, milliseconds: Sequence[float]) -> "Timing":
        p50, p95 = (round(float(np.percentile(milliseconds, share)), 3) for share in (50, 95))
        return cls(len(milliseconds), p50, p95)


@dataclass(frozen=True, slots=True)
class Machine:
    cpu: str
    cores: int
    memory_gb: float
    system: str
    python: str
    versions: dict[str, str]
    date: str


def ratio(more: float, less: float) -> float | None:
    """How many times more."""
    return round(more / less, 2) if less else None


def milliseconds(work: Callable[..., object], *arguments: object) -> float:
    """How long one call took."""
    began = time.perf_counter()
    work(*arguments)
    return 1000 * (time.perf_counter() - began)


def machine() -> Machine:
    return Machine(
        cpu=_cpu(),
        cores=os.cpu_count() or 1,
        memory_gb=round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        system=platform.platform(),
        python=platform.python_version(),
        versions={library: version(library) for library in _LIBRARIES},
        date=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _cpu() -> str:
    file = Path("/proc/cpuinfo")
    lines = file.read_text("utf-8").splitlines() if file.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
