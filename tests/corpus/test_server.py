"""Where a truth on a server is, and what is shown of it."""

from pathlib import Path

import pytest

from citewell.corpus.errors import BadInput
from citewell.corpus.server import Server, shown

FOLDER = Path("library")


@pytest.mark.parametrize(
    ("said", "schema", "name"),
    [
        ("postgresql://db/books", "citewell", "postgresql://db/books (schema citewell)"),
        ("postgres://u:p@db:5433/books?schema=mine", "mine", "postgresql://db:5433/books (schema mine)"),
        ("postgresql:///books?host=/run/pg", "citewell", "postgresql:///run/pg/books (schema citewell)"),
        ("postgresql://", "citewell", "postgresql:// (schema citewell)"),
        ("postgresql://[::1]:5433/books", "citewell", "postgresql://[::1]:5433/books (schema citewell)"),
    ],
)
def test_an_address_names_a_server_and_a_schema(said: str, schema: str, name: str) -> None:
    server = Server.of(said, FOLDER)
    assert (server.schema, server.name, server.folder) == (schema, name, FOLDER)
    assert "schema" not in server.address


@pytest.mark.parametrize(
    "said",
    ["books", "sqlite:///books.db", "mysql://u:secret@db/books", "postgresql://u:secret@db:port/books",
     "postgresql://db/books?schema=Mine", 'postgresql://db/books?schema=a"b', "postgresql://db/books?schema=",
     "postgresql://u:secret@[db/books", "postgresql://db/books#secret"],
)  # fmt: skip
def test_what_is_no_address_is_refused_without_being_repeated(said: str) -> None:
    with pytest.raises(BadInput) as refused:
        Server.of(said, FOLDER)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("", ""),
        ("postgresql://u@db/books", "postgresql://u@db/books"),
        ("postgresql://u:se@cret@db:5432/books", "postgresql://u:redacted@db:5432/books"),
        ("postgresql://u:@db/books", "postgresql://u:redacted@db/books"),
        ("postgresql:///books?host=/run/pg&password=secret&user=a", "postgresql:///books?host=/run/pg&password=redacted&user=a"),
        ("postgresql://u:secret@[db/books", "redacted"),
        ("u:secret@db/books?password=secret", "redacted"),
    ],
)  # fmt: skip
def test_no_password_is_shown(address: str, told: str) -> None:
    assert shown(address) == told
    assert "secret" not in repr(Server(address, "citewell", FOLDER))
