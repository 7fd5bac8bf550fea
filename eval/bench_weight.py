"""How much memory a process takes."""

from pathlib import Path


def weight(process: int | None = None) -> tuple[float, float, float]:
    """Private, mapped and peak MB of a process, or of this one."""
    of = Path("/proc") / ("self" if process is None else str(process))
    return sizes((of / "smaps_rollup").read_text("utf-8"), (of / "status").read_text("utf-8"))


def sizes(rollup: str, status: str) -> tuple[float, float, float]:
    """Private, mapped and peak MB from the content of smaps_rollup and status, which count in KiB."""
    kib = {line.split(":")[0]: int(line.split()[1]) for line in rollup.splitlines() if line.endswith(" kB")}
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))
    mb = (round(1024 * size / 1e6, 1) for size in (kib["Anonymous"], kib["Rss"] - kib["Anonymous"], peak))
    private_mb, mapped_mb, peak_mb = mb
    return private_mb, mapped_mb, peak_mb
