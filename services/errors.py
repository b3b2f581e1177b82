"""Every failure that a caller may meet: the one table of codes, and the exceptions that carry them.

REST and GraphQL render what stands here: the code is `code` of a problem body and `extensions.code`, the exception's
text is the message, and its details are further members of either (in GraphQL's spelling there: `jobId`). A status is
part of what a code means to clients; nothing below the edges acts on it.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import ClassVar, Self

from documents.failures import DatabaseFullError, DatabaseTimeoutError, DatabaseUnavailableError, translated
from documents.vocabulary import SourceProblem

UNEXPECTED = "Something went wrong here; quote the request id when you report it."
"""All that clients are told of a failure that nobody expected."""


class ErrorCode(StrEnum):
    """The closed set of codes that clients can rely on. Of several with one HTTP status, the first is the general."""

    status: int
    """The HTTP status that goes with the code."""

    BAD_REQUEST = "BAD_REQUEST", 400
    """The request is not well-formed: broken JSON, unknown parameters, a wrong type."""
    GRAPHQL_PARSE_FAILED = "GRAPHQL_PARSE_FAILED", 400
    """The document is not GraphQL."""
    GRAPHQL_VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED", 400
    """The document does not fit the schema, or there is no operation by the name that was given."""
    QUERY_TOO_COMPLEX = "QUERY_TOO_COMPLEX", 400
    """The GraphQL document is deeper, longer or dearer than allowed; the text says which."""
    PERSISTED_QUERY_NOT_SUPPORTED = "PERSISTED_QUERY_NOT_SUPPORTED", 400
    """The GraphQL request has the hash of a document instead of the document; clients send it again with both."""
    WEBSOCKET_REQUIRED = "WEBSOCKET_REQUIRED", 400
    """A GraphQL subscription was sent over plain HTTP."""
    UNAUTHENTICATED = "UNAUTHENTICATED", 401
    """A valid credential is needed."""
    FORBIDDEN = "FORBIDDEN", 403
    """The credential lacks the scope."""
    CROSS_SITE = "CROSS_SITE", 403
    """A page of another origin must not change anything here."""
    NOT_FOUND = "NOT_FOUND", 404
    """There is nothing by that name that the caller may see."""
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED", 405
    """The path exists, with other methods."""
    REQUEST_TIMEOUT = "REQUEST_TIMEOUT", 408
    """The request came too slowly."""
    CONFLICT = "CONFLICT", 409
    """The state of the thing does not allow it."""
    ALREADY_RUNNING = "ALREADY_RUNNING", 409
    """The tenant has a running or queued ingestion."""
    JOB_FINISHED = "JOB_FINISHED", 409
    """The job has ended and cannot be cancelled."""
    TENANT_ERASED = "TENANT_ERASED", 409
    """The tenant was erased; nothing is stored for it until it is reopened."""
    TOO_LARGE = "TOO_LARGE", 413
    """The request's body is larger than allowed."""
    UNSUPPORTED_MEDIA_TYPE = "UNSUPPORTED_MEDIA_TYPE", 415
    """The request's body is compressed; none is decompressed here, as few bytes can hold very many."""
    HOST_NOT_ALLOWED = "HOST_NOT_ALLOWED", 421
    """The request was made for another host."""
    INVALID_INPUT = "INVALID_INPUT", 422
    """The request is well-formed and makes no sense: reversed dates, a page size of 1,000."""
    INVALID_CURSOR = "INVALID_CURSOR", 422
    """A pagination cursor is broken, or belongs to another list."""
    ADDRESS_REFUSED = "ADDRESS_REFUSED", 422
    """The service does not send anything to this address."""
    INVALID_SECRET = "INVALID_SECRET", 422
    """A signing secret is broken, or there is no use for one."""
    OWN_WORDS_REFUSED = "OWN_WORDS_REFUSED", 422
    """Words of a tenant's own cannot be used; `errors` says which, where and why."""
    RATE_LIMITED = "RATE_LIMITED", 429
    """The client sends too many requests."""
    HEAD_TOO_LARGE = "HEAD_TOO_LARGE", 431
    """The request's headers are too many or too large."""
    INTERNAL = "INTERNAL", 500
    """A fault of ours; quote the request id."""
    UPSTREAM_FAILED = "UPSTREAM_FAILED", 502
    """The external API was given up on."""
    UNAVAILABLE = "UNAVAILABLE", 503
    """A dependency is down; the same request may succeed later."""
    SECRETS_KEY_MISSING = "SECRETS_KEY_MISSING", 503
    """The service has no key, or the wrong one, for the secrets that it stores; its operator can help."""
    TIMEOUT = "TIMEOUT", 504
    """The answer took longer than allowed."""

    def __new__(cls, value: str, status: int) -> Self:
        """A member: the text that clients see, and its status."""
        code = str.__new__(cls, value)
        code._value_ = value
        code.status = status
        return code


class ServiceError(Exception):
    """Base of all expected failures; its text is meant for the client."""

    code: ClassVar[ErrorCode]

    def __init__(self, text: str, *, argument: str | None = None, **details: object) -> None:
        """`argument`: which one it is about, as REST spells it; the text begins with it."""
        super().__init__(text if argument is None else f"{argument}: {text}")
        self.argument, self.details = argument, details
        """What a program may want to know beside the code, by the names that problem bodies give it."""

    def said(self, spelled: Callable[[str], str]) -> str:
        """The text for a client who spells arguments like this."""
        return str(self) if self.argument is None else spelled(self.argument) + str(self).removeprefix(self.argument)


class NotFoundError(ServiceError):
    """Nothing by that name, or it belongs to a tenant that the caller may not see: the two look the same."""

    code = ErrorCode.NOT_FOUND


class TicketNotFoundError(NotFoundError):
    """The tenant has no live ticket with this id."""

    def __init__(self, external_id: str) -> None:
        super().__init__(f"There is no ticket {external_id!r}.")


class JobNotFoundError(NotFoundError):
    """There is no job with this id."""

    def __init__(self, job_id: str) -> None:
        super().__init__(f"There is no ingestion job {job_id!r}.")


class NotificationNotFoundError(NotFoundError):
    """There is no notification with this id."""

    def __init__(self, notification_id: str) -> None:
        super().__init__(f"There is no notification {notification_id!r}.")


class CircuitNotFoundError(NotFoundError):
    """There is no circuit breaker by this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no circuit breaker {name!r}.")


class InvalidInputError(ServiceError):
    """An argument is well-formed but makes no sense."""

    code = ErrorCode.INVALID_INPUT


class InvalidCursorError(InvalidInputError):
    """A cursor is broken or was made for another list."""

    code = ErrorCode.INVALID_CURSOR


class ConflictError(ServiceError):
    """The state of the thing does not allow the request."""

    code = ErrorCode.CONFLICT


class AlreadyRunningError(ConflictError):
    """The tenant has an active job; carries its id."""

    code = ErrorCode.ALREADY_RUNNING

    def __init__(self, tenant_id: str, job_id: str) -> None:
        super().__init__(f"An ingestion of tenant {tenant_id!r} is already running.", job_id=job_id)
        self.job_id = job_id


class JobFinishedError(ConflictError):
    """The job has ended; carries its status."""

    code = ErrorCode.JOB_FINISHED

    def __init__(self, job_id: str, status: str) -> None:
        super().__init__(f"The job has already ended: {status}.", job_id=job_id, job_status=status)
        self.job_id = job_id
        self.status = status


class NotDeadError(ConflictError):
    """Only a dead letter can be redriven; carries the state that the notification is in."""

    def __init__(self, notification_id: str, state: str) -> None:
        super().__init__(f"The notification is no dead letter: {state}.", notification_id=notification_id, state=state)
        self.state = state


class UnauthenticatedError(ServiceError):
    """No credential, or one that is malformed, expired or not ours."""

    code = ErrorCode.UNAUTHENTICATED


class ForbiddenError(ServiceError):
    """The credential is good but lacks the scope."""

    code = ErrorCode.FORBIDDEN


class UpstreamError(ServiceError):
    """A source failed for good; the text says what was received, in words of ours."""

    code = ErrorCode.UPSTREAM_FAILED

    def __init__(self, text: str, problem: SourceProblem = SourceProblem.REFUSED, **details: object) -> None:
        super().__init__(text, argument=None, **details)
        self.problem = problem


class QueryTimeoutError(ServiceError):
    """The database did not finish within the time that a request gets."""

    code = ErrorCode.TIMEOUT

    def __init__(self, text: str = "The database did not finish within its time; ask for less.") -> None:
        super().__init__(text)


class UnavailableError(ServiceError):
    """A dependency is down; the same request may succeed later."""

    code = ErrorCode.UNAVAILABLE


class SecretsKeyError(ServiceError):
    """What is sealed cannot be read, or nothing can be sealed: the key is missing, or another one."""

    code = ErrorCode.SECRETS_KEY_MISSING


def expected(error: BaseException) -> ServiceError | None:
    """What a client is told of a failure, whoever raised it; None: nobody expected it (see `UNEXPECTED`)."""
    if isinstance(error, ServiceError):
        return error
    match translated(error):
        case DatabaseFullError():
            return UnavailableError("The database's disk is full; nothing can be stored until somebody makes room.")
        case DatabaseUnavailableError():
            return UnavailableError("The database cannot be reached; try again later.")
        case DatabaseTimeoutError():
            return QueryTimeoutError()
        case _:
            return None
