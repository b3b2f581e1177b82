"""What pages of other origins may send to the service, and read of its answers."""

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from gql_app.settings import Settings

SENT_METHODS = ("GET", "POST", "PATCH", "DELETE")
SENT_HEADERS = (
    *("Authorization", "Content-Type", "Prefer", "X-Request-ID", "X-Requested-With"),
    *("traceparent", "tracestate", "baggage", "sentry-trace"),
    *("apollographql-client-name", "apollographql-client-version"),
    *("apollo-require-preflight", "x-apollo-operation-name", "x-apollo-operation-id"),
)
"""What tracing and GraphQL clients send by themselves, beside what the service reads."""
SHOWN_HEADERS = (
    *("X-Request-ID", "Location", "Retry-After", "Preference-Applied", "Content-Disposition", "WWW-Authenticate"),
    *("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"),
)


def cors(settings: Settings) -> list[Middleware]:
    """The middleware, if there are other origins. No cookies: a page has a credential only if it is given one."""
    if not settings.cors_origins:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=SENT_METHODS,
            allow_headers=[*SENT_HEADERS, *settings.cors_headers],
            expose_headers=SHOWN_HEADERS,
        )
    ]
