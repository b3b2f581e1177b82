"""What the API answers instead of a record: status, body and headers of each refusal."""

from typing import Any

import orjson

DOCS = "https://docs.github.com"
_LIMITS = "/rest/using-the-rest-api/rate-limits-for-the-rest-api"


class RefusalError(Exception):
    """An answer that is no record; `headers` come on top of the usual ones."""

    def __init__(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        super().__init__(f"{status} {body.get('message')}")
        self.status, self.headers = status, headers or {}
        self.body = orjson.dumps(body)


def refusal(
    status: int, message: str, docs: str = "/rest", headers: dict[str, str] | None = None, **more: Any
) -> RefusalError:
    """Return a refusal of the usual form."""
    body = {"message": message, **more, "documentation_url": f"{DOCS}{docs}", "status": str(status)}
    return RefusalError(status, body, headers)


def not_found() -> RefusalError:
    """There is no such thing, or the client may not know of it."""
    return refusal(404, "Not Found", "/rest/issues/issues")


def invalid(*fields: str) -> RefusalError:
    """Parameters of the issue list that do not fit."""
    errors = [{"resource": "Issue", "code": "invalid", "field": field} for field in fields]
    return refusal(422, "Validation Failed", "/rest/issues/issues#list-repository-issues", errors=errors)


def too_deep(*, cursors: bool) -> RefusalError:
    """A page number beyond what the list offers."""
    if cursors:
        words = "Pagination with the page parameter is not supported for large datasets, "
        words += "please use cursor based pagination (after/before)"
        return refusal(422, words, "/rest/issues/issues#list-repository-issues")
    words = "In order to keep the API fast for everyone, pagination is limited for this resource."
    return refusal(422, words, "/v3/#pagination")


def moved(status: int, location: str) -> RefusalError:
    """It has another address now."""
    words = {301: "Moved Permanently", 302: "Found"}.get(status, "Temporary Redirect")
    body = {"message": words, "url": location, "documentation_url": f"{DOCS}/rest/using-the-rest-api#follow-redirects"}
    return RefusalError(status, body, {"Location": location})


def blocked(since: str) -> RefusalError:
    """The repository has been taken down for legal reasons."""
    block = {"reason": "dmca", "created_at": since, "html_url": "https://github.com/github/dmca"}
    return RefusalError(451, {"message": "Repository access blocked", "block": block})


def no_permission() -> RefusalError:
    """A fine-grained token without the permission."""
    return refusal(
        403,
        "Resource not accessible by personal access token",
        "/rest/issues/issues",
        {"X-Accepted-GitHub-Permissions": "issues=read"},
    )


def sso_required(owner: str) -> RefusalError:
    """A token that the organization's single sign-on has not let in."""
    words = "Resource protected by organization SAML enforcement. "
    words += "You must grant your Personal Access token access to this organization."
    return refusal(
        403,
        words,
        "/articles/authenticating-to-a-github-organization-with-saml-single-sign-on/",
        {"X-GitHub-SSO": f"required; url=https://github.com/orgs/{owner}/sso?authorization_request=standin"},
    )


def primary_exceeded(status: int, who: str) -> RefusalError:
    """The hour's requests are used up."""
    return refusal(status, f"API rate limit exceeded for {who}.", _LIMITS)


def secondary_exceeded(status: int, retry_after: int | None) -> RefusalError:
    """Too many requests in too short a time."""
    words = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return refusal(status, words, f"{_LIMITS}#about-secondary-rate-limits", headers)
