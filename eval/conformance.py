"""Whether a store of passages does what citewell asks of one: the contract, as checks that anyone can run on a cluster.

Each works in collections of its own, under a random name, which are dropped. The same library on this machine says what
is right.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory

from citewell.corpus.errors import ClusterError
from citewell.eval.conformance_answers import (
    bm25_lists,
    counts,
    dense_recall,
    filters,
    injection,
    whole_rankings,
)
from citewell.eval.conformance_changes import (
    alias_swap,
    credentials,
    cut_connection,
    deletes,
    two_clients,
    updates,
)
from citewell.eval.conformance_subject import Failed, Skipped, Subject
from citewell.index.address import Address


class Outcome(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Checked:
    name: str
    outcome: Outcome
    detail: str
    took_s: float


Check = Callable[[Subject], str]

CHECKS: tuple[Check, ...] = (
    counts, bm25_lists, dense_recall, whole_rankings, filters, injection, updates, deletes, two_clients, alias_swap,
    cut_connection, credentials,
)  # fmt: skip


def run(address: Address | None) -> Iterator[Checked]:
    """Each check as it is done. Raises ClusterError when nothing can be reached at all."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="citewell-conformance-")))
        subject = stack.enter_context(closing(Subject(folder, address)))
        _ = subject.standing
        for check in CHECKS:
            yield checked(check, subject)


def checked(check: Check, subject: Subject) -> Checked:
    began = time.monotonic()
    try:
        outcome, detail = Outcome.PASSED, check(subject)
    except Skipped as reason:
        outcome, detail = Outcome.SKIPPED, str(reason)
    except (Failed, ClusterError) as error:
        outcome, detail = Outcome.FAILED, str(error)
    return Checked(check.__name__, outcome, detail, round(time.monotonic() - began, 2))
