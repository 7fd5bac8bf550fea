"""Where the truth of a library is when it is not in its folder: postgresql://USER@HOST:PORT/DATABASE, as libpq has it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urlsplit

import regex

from citewell.corpus.errors import BadInput

REDACTED = "redacted"
_SCHEMES = ("postgresql", "postgres")
_SECRET = ("password", "sslpassword")
_SCHEMA = "citewell"
_NAME = regex.compile(r"[a-z_][a-z0-9_]{0,62}")
_EXAMPLE = "write postgresql://USER@HOST:5432/DATABASE"


@dataclass(frozen=True, slots=True)
class Server:
    """A PostgreSQL database, the schema in it that holds the truth, and the folder of the library.

    The address may name the schema: ...?schema=NAME; without it that is `citewell`. Passwords and whatever else is not in
    the address come from where libpq looks for them.
    """

    address: str = field(repr=False)
    schema: str
    folder: Path

    @classmethod
    def of(cls, said: str, folder: Path) -> Self:
        """Raises BadInput for what is no such address; the message does not hold it, since there may be a password."""
        try:
            parts = urlsplit(said)
            _ = parts.port
        except ValueError:
            raise BadInput(f"truth is no address of a database; {_EXAMPLE}.") from None
        if parts.scheme not in _SCHEMES or parts.fragment:
            raise BadInput(f"truth is no address of a database; {_EXAMPLE}.")
        given = _given(parts)
        schema = dict(given).get("schema", _SCHEMA)
        if not _NAME.fullmatch(schema):
            raise BadInput(
                f"truth names the schema {schema!r}; use small letters, digits and _, a letter first, 63 at most."
            )
        rest = [(name, value) for name, value in given if name != "schema"]
        return cls(_joined(parts, parts.netloc, rest), schema, folder)

    @property
    def name(self) -> str:
        """For messages."""
        parts = urlsplit(self.address)
        host = parts.netloc.rpartition("@")[2] or dict(_given(parts)).get("host", "")
        where = "/".join(part for part in (host, parts.path.strip("/")) if part)
        return f"postgresql://{where} (schema {self.schema})"


def shown(address: str) -> str:
    """The address without a password."""
    try:
        parts = urlsplit(address)
        if address and parts.scheme not in _SCHEMES:
            return REDACTED
        user, at, host = parts.netloc.rpartition("@")
        name, colon, _ = user.partition(":")
        netloc = f"{name}:{REDACTED}@{host}" if colon else f"{user}{at}{host}"
        given = [(key, REDACTED if key in _SECRET else value) for key, value in _given(parts)]
        return _joined(parts, netloc, given) if address else ""
    except ValueError:
        return REDACTED


def _given(parts: SplitResult) -> list[tuple[str, str]]:
    """The parameters; a plus is one, to libpq."""
    return parse_qsl(parts.query.replace("+", "%2B"), keep_blank_values=True)


def _joined(parts: SplitResult, netloc: str, given: list[tuple[str, str]]) -> str:
    query = urlencode(given, safe="/", quote_via=quote)
    return f"{parts.scheme}://{netloc}{parts.path}{'?' if query else ''}{query}"
