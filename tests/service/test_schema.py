"""Requests made from the OpenAPI document, good and bad, alone and in sequences: no error of the service, all as documented."""

from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks
from starlette.types import ASGIApp, Receive, Scope, Send

from citewell.service.app import create_app
from citewell.service.drain import Drainer
from citewell.service.jobs import Jobs
from citewell.service.settings import Settings
from citewell.service.writer import Writer
from tests.service.conftest import make_library

load_all_checks()
MODES = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
QUIET = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]


CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "unsupported_method", "use_after_free",
)  # fmt: skip
TAKES_ANYTHING = "/v1/citations/verify"  # what is wrong with a citation is its answer


def checks(path: str) -> list[Any]:
    return schemathesis.checks.CHECKS.get_by_names(
        [*CHECKS, *([] if path == TAKES_ANYTHING else ["negative_data_rejection"])]
    )


def alive(app: ASGIApp) -> ASGIApp:
    """The application, which several sequences find started."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            return await app(scope, receive, send)
        for step in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{step}.complete"})
        return None

    return serve


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The document of a service whose library these tests change."""
    library = make_library(tmp_path_factory.mktemp("schema"))
    app = create_app(library, Settings(timeout=60, hosts=("testserver",)))
    drainer = Drainer(Jobs(library.folder), Writer(library, 10))
    drainer.start()  # else who follows a job would wait for ever
    yield schemathesis.openapi.from_asgi("/openapi.json", alive(app))
    drainer.stop()
    library.close()


def send(document: Any, cases: int) -> None:
    """So many cases together, half of them as documented, half not, for each operation."""
    operations = [found.ok() for found in document.get_all_operations()]
    for operation in operations:
        for mode in MODES:

            @given(case=operation.as_strategy(generation_mode=mode))
            @settings(
                max_examples=max(1, cases // (2 * len(operations))), deadline=None, suppress_health_check=QUIET,
                database=None, derandomize=True, phases=[Phase.explicit, Phase.generate],
            )  # fmt: skip
            def sent(case: Any) -> None:
                case.call_and_validate(checks=checks(case.path))

            try:
                sent()
            except hypothesis.errors.Unsatisfiable:  # there is nothing that such an operation does not take
                assert mode is GenerationMode.NEGATIVE


def test_requests_from_the_document_are_answered_as_documented(document: Any) -> None:
    send(document, 200)


@pytest.mark.slow
def test_many_requests_from_the_document_are_answered_as_documented(document: Any) -> None:
    send(document, 2_000)


def send_sequences(document: Any, sequences: int) -> None:
    """What one answer names is used by the next request: an article put, a job accepted."""

    class Sequences(document.as_state_machine()):  # type: ignore[misc]
        def validate_response(self, response: Any, case: Any, **kwargs: Any) -> None:
            case.validate_response(response, checks=checks(case.path))

    Sequences.run(
        settings=settings(
            max_examples=sequences, stateful_step_count=8, deadline=None, suppress_health_check=list(HealthCheck),
            database=None, derandomize=True, phases=[Phase.generate],
        )
    )  # fmt: skip


def test_sequences_of_requests_are_answered_as_documented(document: Any) -> None:
    send_sequences(document, 10)


@pytest.mark.slow
def test_many_sequences_of_requests_are_answered_as_documented(document: Any) -> None:
    send_sequences(document, 250)
