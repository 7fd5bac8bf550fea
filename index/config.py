"""The configuration of ranking: one default for everything, and a fingerprint that every answer carries."""

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property

from citewell.corpus.passages import CUT_RECIPE
from citewell.index.analysis import ANALYSIS_RECIPE
from citewell.index.spelling import SPELLING_RECIPE


@dataclass(frozen=True)
class Config:
    """Weights are shares of the score and add up to 1; `depth` is how many hits each retriever may propose."""

    k1: float = 0.6
    b: float = 0.75
    depth: int = 200
    lexical: float = 0.45
    passage: float = 0.25
    sentence: float = 0.3
    evidence_overlap: float = 1.0  # of a sentence: weight of shared terms against the cosine
    evidence_coverage: float = 1.0  # of a quote: weight of the terms that its sentences share together
    evidence_context: float = 0.2  # of a quote: weight of neighbours that are near the question

    @property
    def shares(self) -> tuple[float, float, float]:
        """Of the parts of a score: lexical, passage, sentence."""
        return self.lexical, self.passage, self.sentence

    @cached_property
    def fingerprint(self) -> str:
        said = json.dumps([asdict(self), ANALYSIS_RECIPE, CUT_RECIPE, SPELLING_RECIPE], sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()[:16]
