"""Questions over HTTP: /v1/ask, /v1/ask:batch, /v1/search and /v1/citations/verify."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from citewell.index.answer import MOST_HITS
from citewell.index.checking import Verification
from citewell.index.library import Library
from citewell.index.response import Answer, SearchResult
from citewell.service import verification
from citewell.service.access import Access
from citewell.service.asking import Asking
from citewell.service.exchange import Body
from citewell.service.filters import filter_of
from citewell.service.requests import AskRequest, BatchRequest
from citewell.service.schemas import Answers

_JSON = "application/json"


def question_routes(library: Library, asking: Asking, access: Access) -> APIRouter:
    router = APIRouter()

    @router.post("/v1/ask", response_model=Answer, tags=["questions"])
    async def ask_question(request: AskRequest) -> Response:
        """Answer a question with quotes; each stands word for word in the cited article."""
        return Response(await asking.answer(request), media_type=_JSON)

    @router.post("/v1/ask:batch", response_model=Answers, tags=["questions"])
    async def ask_questions(request: BatchRequest, http: Request) -> Response:
        """Answer several questions from one snapshot; each counts as a request."""
        access.charge(http.state.caller, len(request.questions) - 1)
        return Response(await asking.answers(request.questions), media_type=_JSON)

    @router.get("/v1/search", response_model=SearchResult, tags=["questions"])
    async def search_passages(
        q: Annotated[str, Query(description="At most 2,000 characters.", examples=["chip orders"])],
        k: Annotated[int, Query(ge=1, le=MOST_HITS)] = 10,
        article: Annotated[list[str] | None, Query(description="Id; repeatable.")] = None,
        source: Annotated[
            list[str] | None, Query(description="A file or URL, or what it lies under; repeatable.")
        ] = None,
        language: Annotated[list[str] | None, Query(description="ISO 639-1 code; repeatable.")] = None,
        published_from: Annotated[str | None, Query(examples=["2026-03"])] = None,
        published_to: Annotated[str | None, Query(examples=["2026-03-20"])] = None,
        where: Annotated[
            list[str] | None,
            Query(description="KEY=VALUE of the metadata; repeatable.", examples=[["topic=chips"]]),
        ] = None,
        as_of: Annotated[
            str | None,
            Query(description="A day or time: what the library knew then.", examples=["2026-11-01"]),
        ] = None,
    ) -> Response:
        """Rank passages, without choosing evidence."""
        given = filter_of(article, source, language, published_from, published_to, where)
        return Response(await asking.search(q, k, given, as_of), media_type=_JSON)

    @router.post(
        "/v1/citations/verify", openapi_extra={"requestBody": verification.REQUEST_BODY}, tags=["citations"]
    )
    async def verify_citations(body: Body) -> Verification:
        """Say of each citation whether it holds in the text that was cited, and where its quote stands now."""
        return await asking.checking.run(verification.of_request, library.store, body)

    return router
