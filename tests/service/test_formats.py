"""Adding files of several formats from the command line, and what answers say of pages."""

import json
from pathlib import Path

import pytest

from citewell.corpus.errors import BadInput
from citewell.eval.small_pdf import pdf_of
from citewell.service.options import mapping
from tests.service.command import citewell

PDF = pdf_of([["Beavers build dams."], ["Otters eat fish and hold hands."]], title="River animals")
RECORDS = '{"nr": "owls", "story": "Owls hunt at night."}\n{"nr": "bats", "story": 7}\n'


def test_articles_of_several_formats_are_added_and_cited_with_their_pages(tmp_path: Path) -> None:
    folder, library = tmp_path / "in", tmp_path / "library"
    folder.mkdir()
    (folder / "animals").write_bytes(PDF)
    (folder / "birds.jsonl").write_text(RECORDS)
    ran = citewell("add", folder, "--library", library, "--map", "text=story", "--map", "id=nr", "--json")
    assert (ran.code, ran.err) == (1, "")
    assert [
        (each["file"].removeprefix(f"{folder}/"), each["result"], each["reason"])
        for each in json.loads(ran.out)["files"]
    ] == [
        ("animals", "added", None),
        ("birds.jsonl, record 1", "added", None),
        ("birds.jsonl, record 2", "refused", "the field 'story' holds no words"),
    ]
    said = citewell("ask", "What do otters eat?", "--library", library, "--k", "1").out
    assert f"   {folder}/animals  pages 1-2  [" in said  # it quotes the sentence before, too
    found = json.loads(citewell("search", "otters", "--library", library, "--k", "1", "--json").out)
    assert found["hits"][0]["passage"]["pages"] == [1, 2]
    only = citewell(
        "search", "night", "--library", library, "--source", folder / "birds.jsonl", "--json"
    )  # a record lies under its file
    assert [hit["article"]["id"] for hit in json.loads(only.out)["hits"]] == ["owls"]


def test_a_mapping_is_our_name_and_theirs() -> None:
    assert mapping(["text=body", "title=a=b"]) == {"text": "body", "title": "a=b"}
    assert mapping(None) == {}


@pytest.mark.parametrize("pair", ["text", "text=", "=body", "colour=body"])
def test_what_is_no_mapping_is_refused(pair: str) -> None:
    with pytest.raises(BadInput, match="names no field: write OURS=THEIRS, where ours is one of text, id, "):
        mapping([pair])
