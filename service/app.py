"""The HTTP face of a library: questions in, cited passages out. It holds no state of its own."""

from importlib.metadata import version
from pathlib import Path
from typing import Annotated

from fastapi import Depends, FastAPI, Query
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles
from fastapi_offline import FastAPIOffline
from starlette.routing import Route

from citewell.index.answer import MOST_HITS, ask, search
from citewell.index.checking import Verification
from citewell.index.library import Library
from citewell.index.response import Answer, SearchResult
from citewell.service import mcp, problems, verification
from citewell.service.filters import filter_of
from citewell.service.passage import find_passage
from citewell.service.schemas import (
    ArticlePage,
    ArticleSummary,
    ArticleText,
    AskRequest,
    Health,
    PassageText,
    Problem,
)

_PAGE = Path(__file__).parent / "page"
_PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def create_app(library: Library) -> FastAPI:
    """Serve a library that is open. Routes are plain functions, so they run in worker threads."""
    app = FastAPIOffline(
        title="citewell",
        version=version("citewell"),
        description="Ask a question over your articles; get the passages that answer it, with citations.",
        docs_url="/docs",
        redoc_url=None,
        swagger_ui_parameters={"validatorUrl": None},  # else the page would ask a server elsewhere
    )
    problems.install(app)

    @app.post("/v1/ask", responses=problems.documented(400, 422), tags=["questions"])
    def ask_question(request: AskRequest) -> Answer:
        """Answer a question with quotes; each stands word for word in the cited article."""
        given = request.filter.filter()
        return ask(
            library.searcher(request.as_of),
            library.store,
            request.question,
            request.k,
            given,
            request.explain,
            request.why_not,
        )

    @app.get("/v1/search", responses=problems.documented(422), tags=["questions"])
    def search_passages(
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
            list[str] | None, Query(description="KEY=VALUE of the metadata; repeatable.")
        ] = None,
        as_of: Annotated[
            str | None,
            Query(description="A day or time: what the library knew then.", examples=["2026-11-01"]),
        ] = None,
    ) -> SearchResult:
        """Rank passages, without choosing evidence."""
        given = filter_of(article, source, language, published_from, published_to, where)
        return search(library.searcher(as_of), library.store, q, k, given)

    @app.get("/v1/articles", responses=problems.documented(422), tags=["articles"])
    def list_articles(limit: Annotated[int, Query(ge=1, le=1000)] = 100, cursor: str = "") -> ArticlePage:
        """The articles in order of id, a page at a time."""
        found = library.store.articles(after=cursor, limit=limit + 1)
        following = found[limit - 1].article_id if len(found) > limit else None
        return ArticlePage(tuple(map(ArticleSummary.of, found[:limit])), following)

    @app.get("/v1/articles/{article_id}", responses=problems.documented(404, 422), tags=["articles"])
    def get_article(
        article_id: str,
        revision: Annotated[
            int | None, Query(ge=1, le=1 << 31, description="Left out: the present one.")
        ] = None,
    ) -> ArticleText:
        """An article with its text and how it was cut, also in a former revision."""
        article = library.store.article(article_id, revision)
        return ArticleText.of(
            article, library.store.text(article.text_sha), library.store.cut(article.text_sha)
        )

    @app.get("/v1/passages/{passage_id}", responses=problems.documented(404, 422), tags=["articles"])
    def get_passage(passage_id: str) -> PassageText:
        """A passage by its id, also after the article was changed or removed, and what it reads now."""
        return find_passage(library, passage_id)

    @app.post(
        "/v1/citations/verify",
        responses=problems.documented(400, 413, 422),
        openapi_extra={"requestBody": verification.REQUEST_BODY},
        tags=["citations"],
    )
    def verify_citations(body: Annotated[bytes, Depends(verification.limited_body)]) -> Verification:
        """Say of each citation whether it holds in the text that was cited, and where its quote stands now."""
        return verification.of_request(library.store, body)

    @app.get("/health/live", tags=["health"])
    def live() -> Health:
        return Health("live")

    @app.get("/health/ready", responses=problems.documented(500, 503), tags=["health"])
    def ready() -> Health:
        """Ready when the model is loaded and the index is open."""
        library.searcher()
        return Health("ready")

    @app.get("/", include_in_schema=False)
    def page() -> FileResponse:
        return FileResponse(_PAGE / "index.html", headers=_PAGE_HEADERS)

    app.router.routes.append(Route("/mcp", mcp.Endpoint(library), methods=["POST"], include_in_schema=False))
    app.mount("/page", StaticFiles(directory=_PAGE), name="page")
    _describe_problems(app)
    return app


def _describe_problems(app: FastAPI) -> None:
    """Put the schema of errors into the OpenAPI document, and take out the one that FastAPI assumes."""
    schemas = app.openapi()["components"]["schemas"]
    schemas["Problem"] = Problem.model_json_schema()
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
