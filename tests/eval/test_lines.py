"""Lines of files that are judged: places, encodings, and what is no JSON."""

from pathlib import Path

import pytest

from citewell.corpus.errors import BadInput
from citewell.eval.lines import lines, parsed


def written(folder: Path, content: bytes) -> Path:
    file = folder / "lines.txt"
    file.write_bytes(content)
    return file


def test_lines_come_with_their_places_and_blank_ones_are_passed_over(tmp_path: Path) -> None:
    file = written(tmp_path, b"one \r\n\r\n \t\n\ttw\xc3\xb3\nthree")
    assert list(lines(file)) == [(f"{file}:1", "one "), (f"{file}:4", "\ttw\u00f3"), (f"{file}:5", "three")]


def test_a_byte_order_mark_is_no_part_of_the_first_line(tmp_path: Path) -> None:
    file = written(tmp_path, b"\xef\xbb\xbfone\ntwo\n")
    assert list(lines(file)) == [(f"{file}:1", "one"), (f"{file}:2", "two")]


@pytest.mark.parametrize(
    ("content", "number"),
    [
        pytest.param("caf\u00e9\n".encode("latin-1"), 1, id="Latin-1"),
        pytest.param(b"one\n\n" + "caf\u00e9\n".encode("latin-1"), 3, id="the third line"),
        pytest.param("one\ntwo\n".encode("utf-16"), 1, id="UTF-16"),
    ],
)
def test_a_line_in_another_encoding_is_named(tmp_path: Path, content: bytes, number: int) -> None:
    file = written(tmp_path, content)
    with pytest.raises(BadInput) as refused:
        list(lines(file))
    assert str(refused.value) == f"{file}:{number}: not UTF-8. Save it as UTF-8"


def test_a_file_that_cannot_be_read_is_named_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as refused:
        list(lines(tmp_path, "Give a file."))
    assert str(refused.value).startswith(f"{tmp_path} cannot be read (")
    assert str(refused.value).endswith("). Give a file.")


@pytest.mark.parametrize(
    "line", ["", "{", "{} {}", "[" * 100_000, '{"a":' * 100_000], ids=["empty", "half", "two", "deep list", "deep object"]
)  # fmt: skip
def test_what_is_no_json_is_named(line: str) -> None:
    with pytest.raises(BadInput) as refused:
        parsed(line, "gold.jsonl:7")
    assert str(refused.value) == "gold.jsonl:7: not JSON. Each line is to be a JSON object"
