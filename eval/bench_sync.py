"""python -m citewell.eval.bench_sync [--files N]: what it takes to mirror a folder in which nothing, or little, changed.

Generated files of about 40 words, embedding excluded where something is read. The command is a whole process, from start
to end, on a library that is up to date; its seconds are the median of five, its processor time that of the same run.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter, process_time

from citewell.corpus.looking import look
from citewell.eval.bench_change import NoModel
from citewell.eval.bench_words import name_of
from citewell.index.library import Library
from citewell.index.model import default_model
from citewell.index.onnx_embedder import OnnxEmbedder
from citewell.index.sync import sync

FILES, RUNS, CHANGED = 10_000, 5, 100
_COMMAND = (sys.executable, "-m", "citewell.service.cli", "sync")
_DAY = 86_400  # seconds after 1970; what was written just now is read again to be sure


@dataclass(frozen=True, slots=True)
class Mirrored:
    """Seconds and processor seconds of one sync; `load` is the machine's before it, of all its programs."""

    what: str
    files: int
    seconds: float
    cpu_s: float
    load: float


def write(folder: Path, number: int, day: int) -> None:
    file = folder / f"{number % 100:02}" / f"{number:06}.txt"
    file.parent.mkdir(parents=True, exist_ok=True)
    names = " ".join(name_of(number * 31 + each) for each in range(30))
    file.write_text(f"Note {number} of day {day}.\n\nIt is about {names}, and about nothing else.\n")
    os.utime(file, (day * _DAY, day * _DAY))


def in_process(what: str, count: int, library: Library, folder: Path) -> Mirrored:
    load, began, used = os.getloadavg()[0], perf_counter(), process_time()
    done = sync(library, look(folder, library.folder))
    spent, used = perf_counter() - began, process_time() - used
    if wrong := [each for each in done.files if each.result not in ("added", "updated")]:
        raise SystemExit(f"not mirrored: {wrong[0]}")
    if len(done.files) != count:
        raise SystemExit(f"{len(done.files)} instead of {count} files were read")
    return Mirrored(what, count + done.unchanged, round(spent, 2), round(used, 2), round(load, 1))


def by_command(count: int, library: Path, folder: Path) -> Mirrored:
    """Nothing changed."""

    def run() -> tuple[float, float, float]:
        load, began, before = os.getloadavg()[0], perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(
            [*_COMMAND, str(folder), "--library", str(library), "--json"], capture_output=True, check=True
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        said = json.loads(done.stdout)
        if said["files"] or said["unchanged"] != count:
            raise SystemExit(f"something was changed: {said['files'][:1]}")
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return perf_counter() - began, used, load

    seconds, used, load = sorted(run() for _ in range(RUNS))[RUNS // 2]
    return Mirrored("nothing changed, the command", count, round(seconds, 2), round(used, 2), round(load, 1))


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m citewell.eval.bench_sync")
    options.add_argument("--files", type=int, default=FILES)
    count: int = options.parse_args().files
    with tempfile.TemporaryDirectory(prefix="citewell-bench-") as made:
        folder = Path(made) / "notes"
        for number in range(count):
            write(folder, number, day=1)
        (Path(made) / "library").mkdir()
        model = NoModel(OnnxEmbedder(default_model()))
        with closing(Library(Path(made) / "library", model, create=True)) as library:
            print(json.dumps(asdict(in_process("all new", count, library, folder))), flush=True)
            print(json.dumps(asdict(in_process("nothing changed", 0, library, folder))), flush=True)
            for number in range(min(CHANGED, count)):
                write(folder, number * (count // CHANGED or 1), day=2)
            some = f"{CHANGED} changed"
            print(
                json.dumps(asdict(in_process(some, min(CHANGED, count), library, folder))),
                flush=True,
            )
        print(json.dumps(asdict(by_command(count, Path(made) / "library", folder))))


if __name__ == "__main__":
    main()
