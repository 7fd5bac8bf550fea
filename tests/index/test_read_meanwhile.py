"""What somebody else does to a library while articles, passages and citations are read."""

from pathlib import Path
from typing import Any

import pytest

from citewell.corpus.article import Span
from citewell.corpus.errors import NotFound
from citewell.corpus.passages import fault_of
from citewell.corpus.text import text_sha
from citewell.index.checking import check
from citewell.index.claims import Claim
from citewell.index.library import Library
from citewell.index.verify import verify
from citewell.service.passage import find_passage
from tests.interleaved import TEXTS, WRITES, Write, before_each_statement

SHA = text_sha(TEXTS["a"])
CLAIM = Claim("a", SHA, Span(0, 45), TEXTS["a"][:45])


def article(library: Library, revision: int | None = None) -> object:
    _, text, cut = found = library.store.cut_revision("a", revision)
    assert fault_of(cut, len(text)) is None
    return found


def or_error(read: Any) -> Any:
    def found(library: Library) -> object:
        try:
            return read(library)
        except NotFound as error:
            return str(error)

    return found


READS = {
    "article": article,
    "revision": lambda library: article(library, 2),
    "passage": lambda library: find_passage(library, f"a.{SHA[:12]}.0-69"),
    "citation": lambda library: check(library.store, [CLAIM]),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_what_is_written_while_a_library_is_verified_is_no_fault(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def faults(library: Library) -> list[str]:
        return [fault for check in verify(library) for fault in check.faults]

    for _, found, _ in before_each_statement(tmp_path, monkeypatch, faults, write):
        assert found == []


@pytest.mark.parametrize("read", READS.values(), ids=READS)
@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_what_is_read_is_of_before_or_of_after_or_not_there(
    write: Write, read: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for before, found, after in before_each_statement(tmp_path, monkeypatch, or_error(read), write):
        assert not isinstance(before, str)
        assert found in (before, after)
