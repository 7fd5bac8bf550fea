"""A small library of insects, with a model that knows a few words, behind the service."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from citewell.index.library import Library
from citewell.index.writing import add
from citewell.service.app import create_app
from tests.fakes import WordEmbedder
from tests.servers import Server, lite

pytest.register_assert_rewrite("tests.service.contracts")

ARTICLES = {
    "ants": """---
id: ants
title: Ants at work
author: A. Nt
published: 2026-03-20
url: https://example.org/ants
language: en
---
# Nests

🐜 Ants dig tunnels. Some tunnels are 8 m deep.

Subscribe to our newsletter
""",
    "bees": "---\nid: bees\ntitle: Bees\nlanguage: en\nurl: javascript:alert(1)\n---\nBees make honey. Bees dance.\n",
    "wasps": "---\nid: wasps\ntitle: Wasps\nlanguage: en\n---\nWasps build nests of paper.\n",
}


def write(folder: Path, name: str, content: str) -> Path:
    file = folder / f"{name}.md"
    file.write_text(content, "utf-8")
    return file


def make_library(folder: Path) -> Library:
    """The insects, added from files beside the library."""
    library = Library(folder, WordEmbedder("ants", "tunnels", "bees", "honey", "wasps"), create=True)
    add(library, [write(folder, name, content) for name, content in ARTICLES.items()])
    return library


def client_of(library: Library) -> TestClient:
    """Errors of the service come as responses, as over a network."""
    return TestClient(create_app(library), base_url="http://localhost", raise_server_exceptions=False)


@pytest.fixture(scope="session")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The service over a library that no test changes."""
    library = make_library(tmp_path_factory.mktemp("insects"))
    yield client_of(library)
    library.close()


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """A library that the test may change."""
    library = make_library(tmp_path)
    yield library
    library.close()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = lite(tmp_path_factory.mktemp("server"))
    made.start()
    yield made
    made.kill()
