"""Parsers in child processes: one that takes too long, too much memory, or dies costs its article only."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from citewell.corpus.children import Children, Limits
from citewell.corpus.sniff import Format
from tests.corpus.samples import HTML, PDF, WORDS


def test_what_takes_too_long_is_ended() -> None:
    with Children(Limits(seconds=0)) as children, pytest.raises(ValueError, match="longer than 0 s"):
        children.read(Format.PDF, PDF, "a")


def test_what_takes_too_much_of_the_processor_is_ended() -> None:
    page = HTML.replace(WORDS, "".join(f"<p>{WORDS} {number}</p>" for number in range(200_000))).encode()
    with Children(Limits(seconds=1)) as children, pytest.raises(ValueError, match="longer than 1 s"):
        children.read(Format.HTML, page, "a")


def test_a_reader_that_dies_costs_one_article() -> None:
    with Children() as children:
        first = children.read(Format.PDF, PDF, "a")
        for child in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
            os.kill(int(child), signal.SIGKILL)
        with pytest.raises(ValueError, match="the reader of PDF broke down on it"):
            children.read(Format.PDF, PDF, "a")
        assert children.read(Format.PDF, PDF, "a") == first


def test_what_takes_too_much_memory_is_refused_and_the_next_is_read() -> None:
    page = HTML.replace(WORDS, "<i>x</i> " * 2_000_000).encode()
    with Children(Limits(memory=600_000_000)) as children:
        with pytest.raises(ValueError, match="it takes more memory to read than there is"):
            children.read(Format.HTML, page, "large")
        assert WORDS in children.read(Format.HTML, HTML.encode(), "small").text


@pytest.mark.parametrize("depth", [300, 2_000])
def test_what_is_deep_down_is_read(depth: int) -> None:
    page = HTML.replace(WORDS, "<div>" * depth + f"<p>{WORDS}</p>" + "</div>" * depth)
    with Children() as children:
        assert WORDS in children.read(Format.HTML, page.encode(), "deep").text


def test_what_is_deeper_is_refused_and_not_silently_lost() -> None:
    page = HTML.replace(WORDS, "<div>" * 100_000 + f"<p>{WORDS}</p>" + "</div>" * 100_000)
    with Children() as children, pytest.raises(ValueError, match="nested too deeply to be read"):
        children.read(Format.HTML, page.encode(), "deeper")


def test_too_long_a_text_is_refused() -> None:
    with (
        Children(Limits(article=20)) as children,
        pytest.raises(ValueError, match="an article has at most 20"),
    ):
        children.read(Format.PDF, PDF, "a")


def test_one_child_reads_one_article_after_another() -> None:
    with Children() as children:
        first = children.read(Format.PDF, PDF, "a")
        assert children.read(Format.HTML, HTML.encode(), "b").title == "Tides"
        assert children.read(Format.PDF, PDF, "a") == first


def test_parsers_are_loaded_in_children_only() -> None:
    code = (
        "import sys, citewell.corpus.reading, citewell.corpus.finding; "
        "print({'lxml', 'trafilatura', 'pypdfium2', 'docx', 'email.parser'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
