"""Whether a gold set is sound: its quotes still stand, nothing is asked twice, nothing gives its answer away."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import regex

from citewell.corpus.errors import BadInput
from citewell.corpus.store import Store
from citewell.eval.gold import KINDS, Question
from citewell.eval.locate import Locator
from citewell.index.answer import checked_question

SHARED_WORDS = 5  # so many in a row that question and evidence share give the answer away
_WORD = regex.compile(r"[\p{L}\p{N}]+")


@dataclass(frozen=True, slots=True)
class Problem:
    """`place` is file and line; None for what the set as a whole lacks."""

    place: str | None
    what: str


def problems(questions: Sequence[Question], store: Store) -> tuple[Problem, ...]:
    """Everything that is wrong with gold over the articles of a store, in the order of the file."""
    locator = Locator(store)
    before = asked_before((question.id, question.question) for question in questions)
    found = []
    for question in questions:
        if question.id in before:
            found.append(
                Problem(question.place, f"question {question.id} asks the same as {before[question.id]}")
            )
        found += [
            Problem(question.place, f"question {question.id}: {what}") for what in _of(question, locator)
        ]
    missing = [kind for kind in KINDS if all(question.kind != kind for question in questions)]
    return (*found, *(Problem(None, f"no question of kind {kind}") for kind in missing))


def asked_before(questions: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Of ids and texts: each id whose text has the words of an earlier one, and the id of the first of those."""
    first: dict[tuple[str, ...], str] = {}
    return {
        name: before
        for name, text in questions
        if (before := first.setdefault(tuple(words_of(text)), name)) != name
    }


def check_askable(question: Question) -> None:
    """Raises BadInput, naming file and line, for a question that no library would take."""
    try:
        checked_question(question.question)
    except BadInput as error:
        raise BadInput(f"{question}: {error}") from None


def _of(question: Question, locator: Locator) -> Iterator[str]:
    try:
        checked_question(question.question)
    except BadInput as error:
        yield str(error)
    own = runs_of_words(question.question)
    for number, evidence in enumerate(question.evidence):
        if evidence in question.evidence[:number]:
            yield f"the same evidence twice: {evidence}"
            continue
        try:
            located = locator.locate(evidence)
        except BadInput as error:
            yield str(error)
            continue
        shared = own & runs_of_words(located.spans[0].of(locator.text(located.text_sha)))
        if shared:
            yield f"quotes its own answer: {' '.join(min(shared))}"


def words_of(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def runs_of_words(text: str) -> set[tuple[str, ...]]:
    words = words_of(text)
    return {tuple(words[i : i + SHARED_WORDS]) for i in range(len(words) - SHARED_WORDS + 1)}
