"""From signals to a probability: the logistic regression that a library was given, or the one that comes with citewell.

It belongs to one model and one configuration. With another there is none: confidence is null, and an answer says so.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from importlib.resources import files
from pathlib import Path

from citewell.corpus.errors import CorruptLibrary
from citewell.corpus.own import Own, OwnFiles
from citewell.index.answerability import NAMES, SIGNALS_RECIPE, Signals

FILE = "calibration.json"  # among what is the library's own; and what comes with citewell
_DECIMALS = 6


@dataclass(frozen=True)
class Fitted:
    """confidence = 1 / (1 + exp(-(intercept + sum of weight * signal)))."""

    weights: Mapping[str, float]
    intercept: float
    threshold: float  # below it an answer is insufficient
    config: str  # fingerprint of the configuration
    model: str  # and of the model that it was fitted with
    fitted_on: str
    signals: str = SIGNALS_RECIPE

    @cached_property
    def id(self) -> str:
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:16]

    def confidence(self, signals: Signals) -> float:
        exponent = self.intercept + math.fsum(self.weights[name] * getattr(signals, name) for name in NAMES)
        return round(1 / (1 + math.exp(-max(-60.0, min(60.0, exponent)))), _DECIMALS)

    def serves(self, config: str, model: str) -> bool:
        return (self.config, self.model, self.signals) == (config, model, SIGNALS_RECIPE)


@dataclass(frozen=True, slots=True)
class InForce:
    """`state` is shipped, library or none."""

    state: str
    fitted: Fitted | None

    @property
    def id(self) -> str | None:
        return self.fitted.id if self.fitted else None


NONE = InForce("none", None)
COMES_WITH = OwnFiles(Path(str(files("citewell.index"))))


def in_force(own: Own, config: str, model: str) -> InForce:
    """What serves a library's configuration and model: its own if it was fitted, else what comes with citewell.

    Raises CorruptLibrary when the library's own is damaged.
    """
    found = read(own)
    state, fitted = ("library", found) if found else ("shipped", shipped())
    return InForce(state, fitted) if fitted.serves(config, model) else NONE


def shipped_for(config: str, model: str) -> Fitted | None:
    return shipped() if shipped().serves(config, model) else None


@lru_cache(maxsize=1)
def shipped() -> Fitted:
    found = read(COMES_WITH)
    assert found is not None
    return found


def read(own: Own) -> Fitted | None:
    """None if there is none. Raises CorruptLibrary when it is damaged."""
    text = own.read(FILE)
    return None if text is None else _read(text, own.place(FILE))


@lru_cache(maxsize=64)
def _read(text: str, place: str) -> Fitted:
    try:
        said = json.loads(text)
        fitted = Fitted(
            {name: float(said["weights"][name]) for name in NAMES},
            float(said["intercept"]),
            float(said["threshold"]),
            str(said["config"]),
            str(said["model"]),
            str(said["fitted_on"]),
            str(said["signals"]),
        )
        if said["id"] != fitted.id:
            raise ValueError
    except (ValueError, KeyError, TypeError):
        raise CorruptLibrary(
            f"{place} is damaged. Fit it again (citewell eval calibrate), or remove it to use the one that comes with citewell."
        ) from None
    return fitted


def write(own: Own, fitted: Fitted) -> None:
    own.write(FILE, json.dumps({"id": fitted.id, **asdict(fitted)}, indent=1) + "\n")
