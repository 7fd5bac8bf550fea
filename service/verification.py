"""Citations to be verified, from a file or a request."""

import sys
from pathlib import Path
from typing import Any

from citewell.corpus.errors import BadInput, NotJson, UnreadableFile
from citewell.corpus.server import Server
from citewell.corpus.store import Store
from citewell.index.checking import Verification, check
from citewell.index.claims import read_claims
from citewell.index.embedding import Progress
from citewell.index.folder import STORE, require

MOST_CITATIONS = 1000  # of a request; the command takes any number
_EXAMPLE = {
    "article": {"id": "gtc-2026-chips", "version": "SHA-256 of the text"},
    "quote": {"start": 2912, "end": 3018, "text": "Amazon is putting a further $35 billion into OpenAI, ..."},
}
_CITATION = {
    "type": "object",
    "required": list(_EXAMPLE),
    "properties": {
        "article": {
            "type": "object",
            "required": ["id", "version"],
            "properties": {"id": {"type": "string"}, "version": {"type": "string"}},
        },
        "quote": {
            "type": "object",
            "required": ["start", "end", "text"],
            "properties": {
                "start": {"type": "integer"},
                "end": {"type": "integer"},
                "text": {"type": "string"},
            },
        },
    },
}
REQUEST_BODY: dict[str, Any] = {
    "description": f"A citation or an answer, as /v1/ask gives them, or a list of these: at most {MOST_CITATIONS:,} "
    "citations. JSON lines are taken, too. Other fields do not matter.",
    "required": True,
    "content": {
        "application/json": {
            "schema": {"anyOf": [_CITATION, {"type": "array", "items": _CITATION}]},
            "example": [_EXAMPLE],
        }
    },
}


def of_request(store: Store, body: bytes) -> Verification:
    try:
        claims = read_claims(body)
    except NotJson as error:
        raise NotJson(f"The body is {error}.") from None
    if len(claims) > MOST_CITATIONS:
        raise BadInput(
            f"{len(claims):,} citations; at most {MOST_CITATIONS:,} are taken at once. Send them in parts, or run: "
            "citewell verify FILE"
        )
    return check(store, claims)


def of_file(library: Path, file: Path, progress: Progress, truth: Server | None = None) -> Verification:
    """The citations in a file, or on standard input if it is named -; nothing but the store is opened."""
    require(library, truth)
    try:
        claims = read_claims(sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes())
    except OSError as error:
        raise UnreadableFile(file, error.strerror or "cannot be read") from None
    except NotJson as error:
        raise UnreadableFile(file, str(error)) from None
    store = Store(truth or library / STORE)
    try:
        return check(store, claims, progress)
    finally:
        store.close()
