"""Errors that only a service raises; `headers` go with the response."""

from collections.abc import Mapping

from citewell.corpus.errors import CitewellError, NotFound


class ServiceError(CitewellError):
    """What the service does not do for this request, or not now."""

    def __init__(self, said: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(said)
        self.headers = dict(headers or {})


class NotAuthenticated(ServiceError):
    """No key, or none that is valid: which of both is not said, nor whether it ever was."""

    def __init__(self, given: bool) -> None:
        challenge = 'Bearer realm="citewell"' + (', error="invalid_token"' if given else "")
        said = "The key is not valid." if given else "A key is needed."
        super().__init__(f"{said} Send one as: Authorization: Bearer KEY", {"WWW-Authenticate": challenge})


class NotAllowed(ServiceError):
    """A valid key without the scope."""

    def __init__(self, scope: str) -> None:
        challenge = f'Bearer realm="citewell", error="insufficient_scope", scope="{scope}"'
        super().__init__(
            f"The key lacks the scope {scope}. Use one that has it.", {"WWW-Authenticate": challenge}
        )


class WrongHost(ServiceError):
    def __init__(self) -> None:
        super().__init__(
            "The service is not known by the name in Host. Use its address, or set CITEWELL_HOSTS to the name."
        )


class WrongOrigin(ServiceError):
    def __init__(self) -> None:
        super().__init__("Other pages may not ask. To let one, set CITEWELL_ORIGINS to its origin.")


class TooManyRequests(ServiceError):
    def __init__(self, seconds: int, headers: Mapping[str, str]) -> None:
        super().__init__(
            f"Too many requests. Try again in {seconds} s.", {**headers, "Retry-After": str(seconds)}
        )


class Overloaded(ServiceError):
    def __init__(self) -> None:
        super().__init__("Too many requests are waiting. Try again in a second.", {"Retry-After": "1"})


class TookTooLong(ServiceError):
    def __init__(self, seconds: float) -> None:
        super().__init__(f"No answer within {seconds:g} s. Try again, or ask for less.", {"Retry-After": "1"})


class BodyTooSlow(ServiceError):
    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"The body was not there within {seconds:g} s. Send less at once.", {"Connection": "close"}
        )


class NotFinished(ServiceError):
    """The client went before its request was whole; nobody reads this."""


class Ending(ServiceError):
    def __init__(self) -> None:
        super().__init__(
            "The service is ending. Ask another, or try again when it was started.", {"Retry-After": "1"}
        )


class NotReady(ServiceError):
    def __init__(self, which: str, is_away: bool) -> None:
        said = "does not answer" if is_away else "cannot be used as it is"
        super().__init__(f"{which} {said}. The service's log says more.", {"Retry-After": "1"})


class UnknownJob(NotFound):
    def __init__(self, job: str) -> None:
        super().__init__(f"No job {job!r}. GET /v1/jobs lists those that are there.")
