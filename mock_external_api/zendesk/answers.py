"""The errors of the API: statuses and bodies. Where the reference is silent, they follow what its clients report."""

from starlette.responses import Response

from mock_external_api.answers import json_answer


def not_authenticated() -> Response:
    """Return the answer to a wrong, revoked or missing credential."""
    return json_answer({"error": "Couldn't authenticate you"}, 401)


def forbidden() -> Response:
    """Return the answer to a good credential of somebody who may not see this."""
    message = "You do not have access to this page."
    return json_answer({"error": {"title": "Forbidden", "message": message}}, 403)


def scope_missing() -> Response:
    """Return the answer to an OAuth token that may not read."""
    description = "You are missing the following required scopes: read"
    return json_answer({"error": "Forbidden", "description": description}, 403)


def no_help_desk(host: str) -> Response:
    """Return the answer where there is no help desk under this name."""
    message = "There is no help desk configured at this address."
    return json_answer({"error": {"title": f"No help desk at {host}", "message": message}}, 404)


def record_not_found() -> Response:
    """Return the answer to an id that is not known, or is a deleted ticket's."""
    return json_answer({"error": "RecordNotFound", "description": "Not found"}, 404)


def unknown_path() -> Response:
    """Return the answer to a path that does not exist."""
    return json_answer({"error": "InvalidEndpoint", "description": "Not found"}, 404)


def too_many_requests(*, incremental: bool, headers: dict[str, str]) -> Response:
    """Return the answer to a request above the limit."""
    kind = "incremental export API" if incremental else "API"
    description = f"Number of allowed {kind} requests per minute exceeded"
    return json_answer({"error": "APIRateLimitExceeded", "description": description}, 429, headers)


def invalid_value(description: str) -> Response:
    """Return the answer to a parameter that makes no sense."""
    return json_answer({"error": "InvalidValue", "description": description}, 422)


def start_time_too_recent() -> Response:
    """Return the answer to an export that is to begin within the newest minute."""
    return invalid_value("Too recent start_time. Use a start_time older than 60 seconds")


def invalid_cursor() -> Response:
    """Return the answer to a cursor that nobody gave out, or that has expired."""
    detail = {"code": "InvalidPaginationParameter", "title": "Invalid parameter", "detail": "cursor is not valid"}
    return json_answer({"errors": [detail]}, 400)


def broken(status: int) -> Response:
    """Return the answer of a server that is not well, which is no JSON."""
    return Response("<html><body>Something went wrong.</body></html>", status, media_type="text/html")
