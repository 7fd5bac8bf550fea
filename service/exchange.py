"""What routes share: bodies that are read in threads, documents with an ETag, parameters that are known."""

import hashlib
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, TypeAdapter, ValidationError

from citewell.corpus.errors import BadInput
from citewell.corpus.text import escaped

M = TypeVar("M", bound=BaseModel)


async def _body(request: Request) -> bytes:
    return await request.body()


Body = Annotated[bytes, Depends(_body)]


def body_of(model: type[BaseModel]) -> dict[str, Any]:
    """The `openapi_extra` of a route that reads this model from its `Body`."""
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}}
    return {"requestBody": {"required": True, "content": content}}


def read(model: type[M], body: bytes) -> M:
    """Raises RequestValidationError for what is no JSON and for what is not as the model has it."""
    try:
        return model.model_validate_json(body)
    except ValidationError as refused:
        errors = [
            {**error, "loc": ("body", *error["loc"])} for error in refused.errors(include_context=False)
        ]
        raise RequestValidationError(errors) from None


def document(value: object, adapter: TypeAdapter[Any], request: Request) -> Response:
    """A value in JSON with its ETag; only that it has not changed, if the client says that it has this one."""
    content = adapter.dump_json(value)
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    known = {one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")}
    if tag in known or known == {"*"}:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type="application/json", headers=headers)


UNCHANGED: dict[int | str, dict[str, Any]] = {
    200: {"headers": {"ETag": {"description": "Of this document.", "schema": {"type": "string"}}}},
    304: {"description": "If-None-Match names the document as it is."},
}


async def known_parameters(request: Request) -> None:
    """In the event loop, since it waits for nothing. Raises BadInput for a parameter that the route does not have, since it would not do what was meant."""
    known = [parameter.alias for parameter in request.scope["route"].dependant.query_params]
    for name in request.query_params:
        if name not in known:
            there = f"There are: {', '.join(known)}." if known else "There are none."
            raise BadInput(f"query.{escaped(name)}: no such parameter. {there}")
