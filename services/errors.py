"""Every failure that a caller may meet, as one tree.

    ServiceError
    ├── NotFoundError                 nothing by that name, or not for this caller
    │   ├── TicketNotFoundError
    │   ├── JobNotFoundError
    │   ├── NotificationNotFoundError
    │   └── CircuitNotFoundError
    ├── InvalidInputError             the request makes no sense, and says why
    │   └── InvalidCursorError
    ├── ConflictError                 the request is fine, the state is not
    │   ├── AlreadyRunningError
    │   ├── JobFinishedError
    │   └── NotDeadError
    ├── AccessError
    │   ├── UnauthenticatedError      no credential, or a bad one
    │   └── ForbiddenError            a good credential without the scope
    ├── UpstreamError                 the external API failed for good
    ├── QueryTimeoutError             the database was given its time and did not finish
    └── UnavailableError              a dependency is down

`code` is what clients see: in `extensions.code` over GraphQL, in `code` of a problem body over REST.
"""

from enum import StrEnum
from typing import ClassVar


class ErrorCode(StrEnum):
    """The closed set of codes that clients can rely on."""

    BAD_REQUEST = "BAD_REQUEST"
    """The request is not well-formed: broken JSON, unknown parameters, a wrong type."""
    INVALID_INPUT = "INVALID_INPUT"
    """The request is well-formed and makes no sense: reversed dates, a page size of 1,000."""
    INVALID_CURSOR = "INVALID_CURSOR"
    """A pagination cursor is broken, or belongs to another list."""
    UNAUTHENTICATED = "UNAUTHENTICATED"
    """A valid credential is needed."""
    FORBIDDEN = "FORBIDDEN"
    """The credential lacks the scope."""
    NOT_FOUND = "NOT_FOUND"
    """There is nothing by that name that the caller may see."""
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    """The path exists, with other methods."""
    CONFLICT = "CONFLICT"
    """The state of the thing does not allow it."""
    ALREADY_RUNNING = "ALREADY_RUNNING"
    """The tenant has a running or queued ingestion."""
    JOB_FINISHED = "JOB_FINISHED"
    """The job has ended and cannot be cancelled."""
    TOO_LARGE = "TOO_LARGE"
    """The request's body is larger than allowed."""
    RATE_LIMITED = "RATE_LIMITED"
    """The client sends too many requests."""
    UPSTREAM_FAILED = "UPSTREAM_FAILED"
    """The external API was given up on."""
    TIMEOUT = "TIMEOUT"
    """The answer took longer than allowed."""
    UNAVAILABLE = "UNAVAILABLE"
    """A dependency is down; the same request may succeed later."""
    GRAPHQL_PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
    """The document is not GraphQL."""
    GRAPHQL_VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
    """The document does not fit the schema, or there is no operation by the name that was given."""
    QUERY_TOO_COMPLEX = "QUERY_TOO_COMPLEX"
    """The GraphQL document is deeper, longer or dearer than allowed; the text says which."""
    WEBSOCKET_REQUIRED = "WEBSOCKET_REQUIRED"
    """A GraphQL subscription was sent over plain HTTP."""
    INTERNAL = "INTERNAL"
    """A fault of ours; quote the request id."""


class ServiceError(Exception):
    """Base of all expected failures; its text is meant for the client."""

    code: ClassVar[ErrorCode] = ErrorCode.INTERNAL


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
        super().__init__(f"An ingestion of tenant {tenant_id!r} is already running.")
        self.job_id = job_id


class JobFinishedError(ConflictError):
    """The job has ended; carries its status."""

    code = ErrorCode.JOB_FINISHED

    def __init__(self, job_id: str, status: str) -> None:
        super().__init__(f"The job has already ended: {status}.")
        self.job_id = job_id
        self.status = status


class NotDeadError(ConflictError):
    """Only a dead letter can be redriven; carries the state that the notification is in."""

    def __init__(self, notification_id: str, state: str) -> None:
        super().__init__(f"The notification is no dead letter: {state}.")
        self.notification_id = notification_id
        self.state = state


class AccessError(ServiceError):
    """The caller may not do this."""


class UnauthenticatedError(AccessError):
    """No credential, or one that is malformed, expired or not ours."""

    code = ErrorCode.UNAUTHENTICATED


class ForbiddenError(AccessError):
    """The credential is good but lacks the scope."""

    code = ErrorCode.FORBIDDEN


class UpstreamError(ServiceError):
    """The external API failed for good; the text says what was received."""

    code = ErrorCode.UPSTREAM_FAILED


class QueryTimeoutError(ServiceError):
    """The database did not finish within the time that a request gets."""

    code = ErrorCode.TIMEOUT


class UnavailableError(ServiceError):
    """A dependency is down; the same request may succeed later."""

    code = ErrorCode.UNAVAILABLE
