"""Articles and passages over HTTP: read, put, removed, and added by jobs."""

from collections import Counter
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import TypeAdapter

from citewell.corpus.errors import BadInput
from citewell.index.library import Library
from citewell.service.drain import Drainer
from citewell.service.exchange import UNCHANGED, Body, body_of, document, read
from citewell.service.jobs import Job, Jobs
from citewell.service.passage import find_passage
from citewell.service.pool import Pool
from citewell.service.problems import documented
from citewell.service.requests import ARTICLE_ID, ArticleRequest, ArticlesRequest
from citewell.service.schemas import ArticlePage, ArticleSummary, ArticleText, PassageText, Stored
from citewell.service.writer import Writer, given_of

_ARTICLE, _PASSAGE = TypeAdapter(ArticleText), TypeAdapter(PassageText)
_LOCATION: dict[str, Any] = {
    "headers": {"Location": {"description": "Of the job.", "schema": {"type": "string"}}}
}
WrittenId = Annotated[str, Path(pattern=ARTICLE_ID, description="Letters, digits, . - _", examples=["tides"])]
ReadId = Annotated[str, Path(examples=["gtc-2026-chips"])]
PassageId = Annotated[str, Path(examples=["gtc-2026-chips.0123456789ab.2889-3757"])]


def article_routes(
    library: Library, writer: Writer, writing: Pool, jobs: Jobs, drainer: Drainer
) -> APIRouter:
    """What is written waits in a pool of its own, so that it never takes the threads that read."""
    router = APIRouter()

    def accepted(body: bytes) -> Job:
        articles = read(ArticlesRequest, body).articles
        counts = Counter(article.id for article in articles)
        if twice := [name for name, count in counts.items() if count > 1]:
            raise BadInput(f"The id {twice[0]!r} is there twice. Give each article its own.")
        return jobs.add([(each.id, each.model_dump_json(exclude={"id"})) for each in articles])

    def stored(article_id: str, body: bytes) -> Stored:
        (done,) = writer.put([given_of(article_id, read(ArticleRequest, body), library.limits)])
        if done.result == "refused":
            raise BadInput(f"{article_id}: {done.reason}")
        return Stored(done.result, ArticleSummary.of(writer.article(article_id)), done.passages or 0)

    @router.get("/v1/articles", tags=["articles"])
    def list_articles(
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
        cursor: Annotated[str, Query(description="`next` of the page before.")] = "",
    ) -> ArticlePage:
        """The articles in order of id, a page at a time."""
        found = library.store.articles(after=cursor, limit=limit + 1)
        following = found[limit - 1].article_id if len(found) > limit else None
        return ArticlePage(tuple(map(ArticleSummary.of, found[:limit])), following)

    @router.post(
        "/v1/articles",
        status_code=202,
        responses={202: _LOCATION},
        openapi_extra=body_of(ArticlesRequest),
        tags=["articles"],
    )
    async def add_articles(body: Body, response: Response) -> Job:
        """Add or update many articles by a job; it is on disk when this returns."""
        job = await writing.run(accepted, body)
        drainer.wake()
        response.headers["Location"] = f"/v1/jobs/{job.id}"
        return job

    @router.get(
        "/v1/articles/{article_id}",
        response_model=ArticleText,
        responses={**documented(404), **UNCHANGED},
        tags=["articles"],
    )
    def get_article(
        article_id: ReadId,
        request: Request,
        revision: Annotated[
            int | None, Query(ge=1, le=1 << 31, description="Left out: the present one.")
        ] = None,
    ) -> Response:
        """An article with its text and how it was cut, also in a former revision."""
        found = library.store.cut_revision(article_id, revision)
        return document(ArticleText.of(*found), _ARTICLE, request)

    @router.put(
        "/v1/articles/{article_id}",
        responses={201: {"model": Stored, "description": "Added; 200: updated or unchanged."}},
        openapi_extra=body_of(ArticleRequest),
        tags=["articles"],
    )
    async def put_article(article_id: WrittenId, body: Body, response: Response) -> Stored:
        """Add an article, or a revision of it; it is found when this returns. Putting it again changes nothing."""
        done = await writing.run(stored, article_id, body)
        response.status_code = 201 if done.result == "added" else 200
        return done

    @router.delete("/v1/articles/{article_id}", status_code=204, response_class=Response, tags=["articles"])
    async def delete_article(article_id: WrittenId) -> None:
        """Hide an article from every answer, if it is there; what was cited from it still resolves."""
        await writing.run(writer.remove, article_id)

    @router.get(
        "/v1/passages/{passage_id}",
        response_model=PassageText,
        responses={**documented(404), **UNCHANGED},
        tags=["articles"],
    )
    def get_passage(passage_id: PassageId, request: Request) -> Response:
        """A passage by its id, also after the article was changed or removed, and what it reads now."""
        return document(find_passage(library, passage_id), _PASSAGE, request)

    return router
