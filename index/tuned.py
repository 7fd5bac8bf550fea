"""A library's own configuration, tuned to its gold questions; without one the default is in force."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

from citewell.corpus.errors import CorruptLibrary
from citewell.corpus.storage import Signature, signature_of, write_json
from citewell.index.config import Config

FILE = "config.json"  # in the library's folder


@dataclass(frozen=True, slots=True)
class Tuned:
    """A configuration and what it was tuned on."""

    config: Config
    tuned_on: str


def config_of(folder: Path) -> Config:
    """The configuration in force in a library. Raises CorruptLibrary when its own is damaged."""
    return _config_of(folder / FILE, signature_of(folder / FILE))


@lru_cache(maxsize=64)
def _config_of(file: Path, signature: Signature | None) -> Config:
    return read(file).config if signature else Config()


def read(file: Path) -> Tuned:
    """A value that the file does not name, because it is older, is the default's."""
    try:
        said = json.loads(file.read_text("utf-8"))
        given = {
            field.name: said["config"][field.name] for field in fields(Config) if field.name in said["config"]
        }
        usable = all(type(value) in (int, float) and math.isfinite(value) for value in given.values())
        if not usable or said["id"] != _id(said["config"], said["tuned_on"]):
            raise ValueError
        return Tuned(Config(**given), str(said["tuned_on"]))
    except (OSError, ValueError, KeyError, TypeError):
        raise CorruptLibrary(
            f"{file} is damaged. Remove it to use the default configuration, and tune again: citewell eval tune"
        ) from None


def write(file: Path, tuned: Tuned) -> None:
    """The file appears whole or not at all."""
    content: dict[str, Any] = {"config": asdict(tuned.config), "tuned_on": tuned.tuned_on}
    write_json(file, {"id": _id(**content), **content})


def _id(config: Mapping[str, Any], tuned_on: str) -> str:
    return hashlib.sha256(json.dumps([config, tuned_on], sort_keys=True).encode()).hexdigest()[:16]
