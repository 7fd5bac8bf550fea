"""What every answer and every error of the service looks like, so that each test says the rest."""

import json
from http import HTTPStatus
from typing import Any

from httpx2 import Response

# An answer as design.md has it, with what a quote says beyond that.
ANSWER = """
{"question": "...", "verdict": "answered", "confidence": 0.93, "reason": null,
 "citations": [{"rank": 1, "score": 0.81,
   "article": {"id": "...", "title": "...", "source": "file or URL", "published": "2026-03-20", "revision": 1, "version": "sha256 of the text"},
   "passage": {"id": "...", "start": 1200, "end": 1980, "heading": "...", "pages": [], "text": "..."},
   "quote": {"start": 1301, "end": 1410, "text": "...", "highlight": {"start": 1301, "end": 1360}, "table_header": null, "pages": []},
   "links": {"passage": "...", "article": "...", "source": "...", "quote": "..."}, "also_in": [], "explain": null}],
 "near_misses": [], "disagreements": [],
 "retrievers": {"lexical": {"state": "ok"}, "dense": {"state": "ok"}},
 "calibration": {"state": "shipped", "id": "..."},
 "fingerprint": {"snapshot": "...", "config": "...", "model": "...", "reranker": null}, "took_ms": 7.1,
 "filtered": null, "why_not": [], "as_of": null, "read_as": []}
"""

# What a citation explains when asked, what was filtered, and why something is not cited.
EXPLAIN = """
{"parts": {"lexical": 0.25, "passage": 0.13, "sentence": 0.21, "reranker": null}, "ranks": {"lexical": 1, "dense": 4},
 "raw": {"lexical": 0.5, "passage": 0.52, "sentence": 0.84, "reranker": null}, "weights": {"lexical": 0.5, "passage": 0.25, "sentence": 0.25, "reranker": null},
 "terms": [{"term": "...", "idf": 2.06, "held": true, "asked": null}]}
"""
FILTERED = '{"passing": 3, "of": 42}'
WHY_NOT = f"""
{{"id": "...", "outcome": "ranked", "detail": "...", "passage": "...", "rank": 9, "score": 0.23, "citation": null,
 "explain": {EXPLAIN}}}
"""

# A search result: the same parts without evidence or verdict.
SEARCH_RESULT = """
{"query": "...", "hits": [{"rank": 1, "score": 0.81,
   "article": {"id": "...", "title": "...", "source": "...", "published": null, "revision": 1, "version": "..."},
   "passage": {"id": "...", "start": 0, "end": 1, "heading": "...", "pages": [], "text": "..."},
   "links": {"passage": "...", "article": "...", "source": null, "quote": null}}],
 "retrievers": {"lexical": {"state": "ok"}, "dense": {"state": "ok"}},
 "fingerprint": {"snapshot": "...", "config": "...", "model": "...", "reranker": null}, "took_ms": 7.1, "as_of": null, "read_as": []}
"""

# What an answer as of an earlier moment says of it.
AS_OF = """
{"asked": "2026-11-01", "moment": "...", "since": "...", "current": false, "missing": 0}
"""

# Citations verified.
VERIFIED = """
{"valid": true, "citations": [{"number": 1, "article": "...", "valid": true, "reason": null,
 "now": {"state": "exact", "version": "...", "start": 0, "end": 1, "text": "...", "similarity": 1.0}}]}
"""


def keys(value: Any) -> Any:
    """The names at every level, in their order; of a list the distinct shapes of its items, of a value nothing."""
    if isinstance(value, dict):
        return [(name, keys(inner)) for name, inner in value.items()]
    if isinstance(value, list):
        shapes = [keys(item) for item in value]
        return [shape for i, shape in enumerate(shapes) if shape not in shapes[:i]]
    return None


def keys_of(document: str) -> Any:
    return keys(json.loads(document))


def untimed(document: str) -> str:
    """A document without the one number that may differ between two equal questions."""
    before, mark, after = document.rpartition('"took_ms":')
    assert mark
    return before + after.lstrip(" 0123456789.e-")


def problem(response: Response, status: int, kind: str = "about:blank") -> str:
    """Checks that the response is an error as RFC 9457 has it, of that status and kind; returns its detail."""
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    said = response.json()
    assert list(said) == ["type", "title", "status", "detail", "instance"]
    assert said["type"] == (kind if kind == "about:blank" else f"urn:citewell:problem:{kind}")
    assert said["title"] == HTTPStatus(status).phrase
    assert said["status"] == status
    assert said["instance"].startswith("/")
    assert said["detail"] == said["detail"].strip() != ""
    return str(said["detail"])
