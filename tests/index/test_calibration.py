"""Which calibration serves, what it says, and how it is kept."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citewell.corpus.errors import CorruptLibrary
from citewell.corpus.own import OwnFiles
from citewell.index.answer import ask
from citewell.index.answerability import NAMES, Signals
from citewell.index.calibration import FILE, NONE, Fitted, in_force, read, shipped, write
from citewell.index.config import Config
from citewell.index.library import Library
from citewell.index.onnx_embedder import OnnxEmbedder
from citewell.index.scoring import State
from citewell.index.writing import add
from tests.index.examples import insects

CONFIG, MODEL = "a configuration", "a model"
FITTED = Fitted(dict.fromkeys(NAMES, 0.5), -1.0, 0.4, CONFIG, MODEL, "nothing")
VALUES = st.tuples(*[st.floats(-5, 5)] * len(NAMES))


@given(VALUES, VALUES)
def test_more_of_every_signal_is_never_less_confidence(a: tuple[float, ...], b: tuple[float, ...]) -> None:
    low, high = (Signals(*map(of, a, b)) for of in (min, max))
    assert 0.0 <= FITTED.confidence(low) <= FITTED.confidence(high) <= 1.0


def test_confidence_is_that_of_the_logistic_function() -> None:
    assert FITTED.confidence(Signals(*[0.0] * len(NAMES))) == 0.268941  # 1 / (1 + e)
    two = Signals(2.0, *[0.0] * (len(NAMES) - 1))
    assert FITTED.confidence(two) == 0.5
    assert FITTED.confidence(Signals(*[1e9] * len(NAMES))) == 1.0


def test_what_is_written_is_read_and_anything_else_has_another_id(tmp_path: Path) -> None:
    write(OwnFiles(tmp_path), FITTED)
    assert read(OwnFiles(tmp_path)) == FITTED
    others = [replace(FITTED, threshold=0.5), replace(FITTED, model="x"), replace(FITTED, intercept=0.0)]
    assert len({FITTED.id, *(other.id for other in others)}) == 4
    assert [file.name for file in tmp_path.iterdir()] == [FILE]


def test_a_library_without_one_has_what_ships_and_only_for_its_model_and_configuration(
    tmp_path: Path,
) -> None:
    found = in_force(OwnFiles(tmp_path), shipped().config, shipped().model)
    assert (found.state, found.fitted, found.id) == ("shipped", shipped(), shipped().id)
    assert in_force(OwnFiles(tmp_path), shipped().config, "another") == NONE
    assert in_force(OwnFiles(tmp_path), "another", shipped().model) == NONE


def test_a_librarys_own_serves_until_its_model_or_configuration_changes(tmp_path: Path) -> None:
    write(OwnFiles(tmp_path), FITTED)
    found = in_force(OwnFiles(tmp_path), CONFIG, MODEL)
    assert (found.state, found.id) == ("library", FITTED.id)
    assert in_force(OwnFiles(tmp_path), CONFIG, "another") == NONE
    assert in_force(OwnFiles(tmp_path), "another", MODEL) == NONE
    assert in_force(OwnFiles(tmp_path), shipped().config, shipped().model) == NONE  # its own is of another


def test_one_that_is_replaced_is_seen_at_once(tmp_path: Path) -> None:
    assert in_force(OwnFiles(tmp_path), CONFIG, MODEL) == NONE
    write(OwnFiles(tmp_path), FITTED)
    assert in_force(OwnFiles(tmp_path), CONFIG, MODEL).id == FITTED.id
    other = replace(FITTED, intercept=2.0)
    write(OwnFiles(tmp_path), other)
    assert in_force(OwnFiles(tmp_path), CONFIG, MODEL).id == other.id
    (tmp_path / FILE).unlink()
    assert in_force(OwnFiles(tmp_path), CONFIG, MODEL) == NONE


@pytest.mark.parametrize("content", ["", "{}", "[]", json.dumps({"id": "x"}), "\udcff"])
def test_a_damaged_one_is_an_error_that_names_the_file(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content, "utf-8", "surrogateescape")
    with pytest.raises(CorruptLibrary, match=f"{FILE} is damaged. Fit it again"):
        in_force(OwnFiles(tmp_path), CONFIG, MODEL)


def test_a_number_that_was_changed_is_seen(tmp_path: Path) -> None:
    write(OwnFiles(tmp_path), FITTED)
    (tmp_path / FILE).write_text((tmp_path / FILE).read_text("utf-8").replace("0.4", "0.1"), "utf-8")
    with pytest.raises(CorruptLibrary):
        read(OwnFiles(tmp_path))


def test_what_ships_is_for_the_default_model_and_configuration(embedder: OnnxEmbedder) -> None:
    """If this fails, fit it again: python -m citewell.eval.calibrate"""
    assert shipped().serves(Config().fingerprint, embedder.fingerprint)
    assert shipped().fitted_on == "dev half of the bundled gold"
    assert all(weight >= 0 for weight in shipped().weights.values())


# -- answers ----------------------------------------------------------------------------------------------------


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with closing(insects(tmp_path)) as library:
        yield library


def calibrate(library: Library, threshold: float) -> Fitted:
    """Confidence grows with the score alone."""
    weights = {**dict.fromkeys(NAMES, 0.0), "score": 4.0}
    model = library.embedder.fingerprint
    fitted = Fitted(weights, -2.0, threshold, library.config.fingerprint, model, "nothing")
    write(library.store.own, fitted)
    return fitted


def test_below_the_threshold_the_passages_are_near_misses_and_the_reason_is_said(library: Library) -> None:
    before = ask(library.searcher(), library.store, "Do ants dig castles?")
    fitted = calibrate(library, 0.99)
    answer = ask(library.searcher(), library.store, "Do ants dig castles?")
    assert (answer.verdict, answer.citations, answer.near_misses) == ("insufficient", (), before.citations)
    assert answer.confidence is not None
    assert answer.reason == (
        'The nearest passages are only weakly like the question; none of them holds "castles". '
        f"Confidence {answer.confidence:.2f} is below 0.99."
    )
    assert (answer.calibration.state, answer.calibration.id) == ("library", fitted.id)


def test_a_name_that_no_passage_holds_is_the_reason(library: Library) -> None:
    calibrate(library, 0.99)
    reason = ask(library.searcher(), library.store, "Do ants dig castles in Paris or Rome?").reason
    assert reason is not None
    assert reason.startswith('None of the nearest passages holds "Paris" or "Rome".')


def test_where_every_word_is_held_the_reason_is_the_likeness(library: Library) -> None:
    calibrate(library, 0.99)
    reason = ask(library.searcher(), library.store, "ants").reason
    assert reason is not None
    assert reason.startswith("The nearest passages have the question's words, but are only weakly like it.")


def test_from_the_threshold_on_the_answer_is_given_with_its_confidence(library: Library) -> None:
    calibrate(library, 0.0)
    answer = ask(library.searcher(), library.store, "Do ants dig castles?")
    assert (answer.verdict, answer.reason, answer.near_misses) == ("answered", None, ())
    assert answer.citations
    at = answer.confidence
    assert at is not None
    calibrate(library, at)
    assert ask(library.searcher(), library.store, "Do ants dig castles?").verdict == "answered"
    calibrate(library, at + 1e-6)
    assert ask(library.searcher(), library.store, "Do ants dig castles?").verdict == "insufficient"


@pytest.mark.parametrize("question", ["Do ants dig castles?", "honey", "Do moths eat?", "zzz"])
def test_neither_verdict_nor_confidence_depends_on_how_many_citations_are_wanted(
    library: Library, question: str
) -> None:
    calibrate(library, 0.5)
    answers = [ask(library.searcher(), library.store, question, k) for k in (1, 2, 5, 100)]
    assert len({(answer.verdict, answer.confidence, answer.reason) for answer in answers}) == 1


def test_a_calibration_is_part_of_the_configurations_fingerprint(library: Library) -> None:
    said = [ask(library.searcher(), library.store, "ants").fingerprint]
    for threshold in (0.1, 0.2):
        calibrate(library, threshold)
        said.append(ask(library.searcher(), library.store, "ants").fingerprint)
    assert len({each.config for each in said}) == 3
    assert len({(each.snapshot, each.model) for each in said}) == 1
    assert said[0].config == library.config.fingerprint


def test_a_changed_snapshot_keeps_the_calibration(library: Library, tmp_path: Path) -> None:
    fitted = calibrate(library, 0.0)
    (tmp_path / "wasps.md").write_text("Wasps build nests.\n", "utf-8")
    add(library, [tmp_path / "wasps.md"])
    answer = ask(library.searcher(), library.store, "Who digs tunnels?")
    assert (answer.calibration.state, answer.calibration.id) == ("library", fitted.id)


def test_where_nothing_is_found_confidence_is_nought(library: Library) -> None:
    calibrate(library, 0.0)
    searcher = library.searcher()
    empty = ask(searcher, library.store, "!? 7")
    assert empty.retrievers["dense"].state is State.OK
    assert empty.confidence is not None


def test_no_calibration_serves_a_question_in_a_script_that_the_model_does_not_know(library: Library) -> None:
    calibrate(library, 0.99)
    answer = ask(library.searcher(), library.store, "ants 何時")
    assert answer.retrievers["dense"].state is State.UNKNOWN_SCRIPT
    assert (answer.verdict, answer.confidence) == ("answered", None)
    assert (answer.calibration.state, answer.calibration.id) == ("none", None)
    assert answer.fingerprint.config == library.config.fingerprint
