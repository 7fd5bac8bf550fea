"""Where the passages of a library are when they are not in its folder: milvus://HOST:PORT/NAME, or milvus+tls://."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import regex

from citewell.corpus.errors import BadInput

LEDGER = "passages.db"
_SCHEMES = {"milvus": "http", "milvus+tls": "https", "http": "http", "https": "https"}
_NAME = regex.compile(r"[a-zA-Z][a-zA-Z0-9_]{0,99}")  # what Milvus takes, with room for ours
_EXAMPLE = "write milvus://127.0.0.1:19530/citewell"


@dataclass(frozen=True, slots=True)
class Address:
    """A cluster, and the alias in it that questions go to. The token is a key, or user:password; empty for none."""

    uri: str
    name: str
    token: str = field(default="", repr=False)

    @classmethod
    def of(cls, said: str, token: str = "") -> Self:
        """Raises BadInput for what is no such address, or holds a password: that is the token's place."""
        try:
            parts = urlsplit(said)
            host, port = parts.hostname, parts.port
        except ValueError:
            raise BadInput(f"the address of the passages is none; {_EXAMPLE}.") from None
        if parts.username is not None or parts.password is not None:
            raise BadInput("the address of the passages holds credentials; give them as passages_token.")
        name = parts.path.removeprefix("/") or "citewell"
        if parts.scheme not in _SCHEMES or not host or port is None or parts.query or parts.fragment:
            raise BadInput(f"{said!r} is no address of passages; {_EXAMPLE}.")
        if not _NAME.fullmatch(name):
            raise BadInput(f"{name!r} cannot name passages; use letters, digits and _, a letter first.")
        shown = f"[{host}]" if ":" in host else host
        return cls(f"{_SCHEMES[parts.scheme]}://{shown}:{port}", name, token)

    @property
    def place(self) -> str:
        """For messages."""
        return self.uri.partition("://")[2]


def refuse_other_machine(folder: Path) -> None:
    """Raises BadInput for a library whose passages are known to be in a cluster."""
    if (folder / LEDGER).exists():
        raise BadInput(
            f"The passages of {folder} are in a cluster, which was not named. Run the command where citewell.toml names it "
            f"(passages), or set CITEWELL_PASSAGES. To have them in the folder again, delete {folder / LEDGER} and run: "
            f"citewell rebuild --library {folder}"
        )
