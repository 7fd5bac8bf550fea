"""A library's own configuration, tuned to its gold questions; without one the default is in force."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from typing import Any

from citewell.corpus.errors import CorruptLibrary
from citewell.corpus.own import Own
from citewell.index.config import Config

FILE = "config.json"  # among what is the library's own


@dataclass(frozen=True, slots=True)
class Tuned:
    """A configuration and what it was tuned on."""

    config: Config
    tuned_on: str


def config_of(own: Own) -> Config:
    """The configuration in force in a library. Raises CorruptLibrary when its own is damaged."""
    found = read(own)
    return found.config if found else Config()


def read(own: Own) -> Tuned | None:
    """None if there is none. Raises CorruptLibrary when it is damaged."""
    text = own.read(FILE)
    return None if text is None else _read(text, own.place(FILE))


@lru_cache(maxsize=64)
def _read(text: str, place: str) -> Tuned:
    """A value that the text does not name, because it is older, is the default's."""
    try:
        said = json.loads(text)
        given = {
            field.name: said["config"][field.name] for field in fields(Config) if field.name in said["config"]
        }
        usable = all(type(value) in (int, float) and math.isfinite(value) for value in given.values())
        if not usable or said["id"] != _id(said["config"], said["tuned_on"]):
            raise ValueError
        return Tuned(Config(**given), str(said["tuned_on"]))
    except (ValueError, KeyError, TypeError):
        raise CorruptLibrary(
            f"{place} is damaged. Remove it to use the default configuration, and tune again: citewell eval tune"
        ) from None


def write(own: Own, tuned: Tuned) -> None:
    content: dict[str, Any] = {"config": asdict(tuned.config), "tuned_on": tuned.tuned_on}
    own.write(FILE, json.dumps({"id": _id(**content), **content}, indent=1) + "\n")


def _id(config: Mapping[str, Any], tuned_on: str) -> str:
    return hashlib.sha256(json.dumps([config, tuned_on], sort_keys=True).encode()).hexdigest()[:16]
