"""Whether what was found answers a question: confidence against the threshold of the calibration, and why not."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from citewell.corpus.own import Own
from citewell.index.answerability import ANSWERING, Read, lacked_words, signals
from citewell.index.calibration import NONE, InForce, in_force
from citewell.index.query import Query
from citewell.index.scoring import Hit, State
from citewell.index.search import Searcher

_WORDS_NAMED = 3  # in a reason


@dataclass(frozen=True, slots=True)
class Verdict:
    """`confidence` is null without a calibration that serves; `doubt` says why it is too low, else null."""

    calibration: InForce
    confidence: float | None
    doubt: str | None = None


def judge(
    searcher: Searcher, own: Own, query: Query, hits: Sequence[Hit], read: Callable[[Hit], Read]
) -> Verdict:
    """Of a hybrid ranking of ten hits or more; `read` is asked of the first three.

    No calibration serves a question in a script that the model does not know, or of which a list did not come: in what they
    were fitted on both retrievers speak.
    """
    if query.dense is State.UNKNOWN_SCRIPT or State.UNAVAILABLE in (query.lexical, query.dense):
        return Verdict(NONE, None)
    serving = in_force(own, searcher.fingerprint, searcher.embedder.fingerprint)
    if serving.fitted is None:
        return Verdict(serving, None)
    found = signals(searcher, query, hits, [read(hit) for hit in hits[:ANSWERING]])
    if found is None:
        return Verdict(serving, 0.0)
    confidence, threshold = serving.fitted.confidence(found), serving.fitted.threshold
    if confidence >= threshold:
        return Verdict(serving, confidence)
    doubt = f"{_doubt(searcher, query, hits)} Confidence {confidence:.2f} is below {threshold:.2f}."
    return Verdict(serving, confidence, doubt)


def _doubt(searcher: Searcher, query: Query, hits: Sequence[Hit]) -> str:
    words, are_names = lacked_words(searcher, query, hits)
    if not words:
        return "The nearest passages have the question's words, but are only weakly like it."
    said = " or ".join(f'"{word}"' for word in words[:_WORDS_NAMED])
    if are_names:
        return f"None of the nearest passages holds {said}."
    return f"The nearest passages are only weakly like the question; none of them holds {said}."
