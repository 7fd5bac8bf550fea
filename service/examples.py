"""Examples in the OpenAPI document; tests hold them against their schemas."""

from typing import Any

_SHA = "26d22d75c7403d44b2b4147955fb8c6e63d0ff7767cf841b01b4d061e5f7ba02"
_PASSAGE = f"tides.{_SHA[:12]}.0-53"
_ARTICLE = {
    "id": "tides", "title": "Tides", "source": "https://example.org/tides", "published": "2026-03-20", "revision": 1,
    "version": _SHA,
}  # fmt: skip
_SUMMARY: dict[str, Any] = {
    "id": "tides", "title": "Tides", "source": "https://example.org/tides", "author": None, "published": "2026-03-20",
    "language": "en", "metadata": {}, "revision": 1, "version": _SHA, "recorded_at": "2026-11-21T09:30:47.544Z",
}  # fmt: skip
ANSWER: dict[str, Any] = {
    "question": "When is spring tide?", "verdict": "answered", "confidence": None, "reason": None,
    "citations": [{
        "rank": 1, "score": 0.81, "article": _ARTICLE,
        "passage": {
            "id": _PASSAGE, "start": 0, "end": 53, "heading": "Tides", "pages": [],
            "text": "# Tides\n\nSpring tide comes two days after new moon.\n",
        },
        "quote": {
            "start": 9, "end": 52, "text": "Spring tide comes two days after new moon.",
            "highlight": {"start": 9, "end": 52}, "table_header": None, "pages": [],
        },
        "links": {
            "passage": f"/v1/passages/{_PASSAGE}", "article": "/v1/articles/tides", "source": "https://example.org/tides",
            "quote": "https://example.org/tides#:~:text=Spring%20tide%20comes%20two%20days%20after%20new%20moon.",
        },
        "also_in": [], "explain": None,
    }],
    "near_misses": [], "disagreements": [],
    "retrievers": {"lexical": {"state": "ok"}, "dense": {"state": "ok"}},
    "calibration": {"state": "none", "id": None},
    "fingerprint": {"snapshot": "0f3a", "config": "9c1d", "model": "77be"}, "took_ms": 7.1,
    "filtered": None, "why_not": [], "as_of": None, "read_as": [],
}  # fmt: skip
JOB: dict[str, Any] = {
    "id": "de14097b34b84c498ecad1a64f356c91", "state": "running", "articles": 240, "done": 64, "added": 63, "updated": 0,
    "unchanged": 0, "refused": 1, "refusals": [{"article": "blank", "reason": "blank: no text in it"}], "reason": None,
    "created": "2026-11-21T09:30:47.856Z", "changed": "2026-11-21T09:30:49.138Z",
}  # fmt: skip
STORED: dict[str, Any] = {"result": "added", "article": _SUMMARY, "passages": 1}
PAGE: dict[str, Any] = {"articles": [_SUMMARY], "next": None}
REPORT: dict[str, Any] = {
    "articles": 312, "passages": 1904, "languages": [["en", 290], ["nl", 21], [None, 1]], "left_out": 0,
    "sources": [{
        "place": "https://example.org/feed.xml", "looked_at": "2026-11-01T09:30:47.544Z",
        "tried_at": "2026-11-21T09:30:47.544Z", "fault": "the server answers 404: not there",
    }],
    "findings": [{
        "name": "unreachable sources", "level": "warning", "count": 1, "of": 1, "what": "sources",
        "examples": ["https://example.org/feed.xml, last looked at on 2026-11-01: the server answers 404: not there"],
        "advice": "Mend it, then: citewell sync https://example.org/feed.xml. It is named until its articles are removed; if it "
        "is gone for good: citewell remove tides-5f0c2c1e",
    }],
    "is_well": False,
}  # fmt: skip
PROBLEM: dict[str, Any] = {
    "type": "urn:citewell:problem:UnknownArticle", "title": "Not Found", "status": 404,
    "detail": "No article 'tide'. What citewell search shows begins with the id of its article; in a service, "
    "GET /v1/articles lists those that are there.", "instance": "/v1/articles/tide",
}  # fmt: skip
OF_SCHEMAS = {
    "Answer": ANSWER,
    "Answers": {"answers": [ANSWER]},
    "Job": JOB,
    "JobPage": {"jobs": [JOB], "next": None},
    "Stored": STORED,
    "ArticlePage": PAGE,
    "Report": REPORT,
    "Problem": PROBLEM,
}
