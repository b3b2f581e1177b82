"""What a source answered, and what to make of it: success, a failure that may heal, or one that cannot."""

from typing import Final

from documents.vocabulary import SourceProblem
from services.errors import UpstreamError
from services.kit.http_answers import retry_after_seconds
from services.sources.http.bodies import as_utf8, inflated
from services.sources.http.transport import TransientError, UpstreamAnswer

_HEALING_CLIENT_ERRORS: Final = frozenset([408, 425, 429])
_MOVED_ON: Final = frozenset([404, 410])
_PROBLEMS: Final = {
    401: SourceProblem.CREDENTIAL_REFUSED,
    402: SourceProblem.NOT_IN_PLAN,
    403: SourceProblem.FORBIDDEN,
    404: SourceProblem.NOT_FOUND,
    410: SourceProblem.NOT_FOUND,
    451: SourceProblem.FORBIDDEN,
}


def demand_success(answer: UpstreamAnswer) -> None:
    """Let only a 200 pass.

    Raises:
        TransientError: another attempt may succeed.
        UpstreamError: it will not.
    """
    if answer.status == 200:
        return
    if answer.status == 429:
        raise TransientError(answer.outline(), asked=retry_after_seconds(answer.headers), is_throttled=True)
    if answer.status >= 500 or answer.status in _HEALING_CLIENT_ERRORS:
        raise TransientError(answer.outline(), asked=retry_after_seconds(answer.headers, default=0.0))
    raise UpstreamError(f"upstream refused: {answer.outline()}", _PROBLEMS.get(answer.status, SourceProblem.REFUSED))


def is_missing(answer: UpstreamAnswer) -> bool:
    """Whether upstream says that there is nothing there, now or any more."""
    return answer.status in _MOVED_ON


def decoded(answer: UpstreamAnswer) -> bytes | bytearray:
    """The body as text, whatever compression and charset it came in.

    Raises:
        UnreadableBodyError: it is not what it says that it is.
    """
    return as_utf8(answer.headers, inflated(answer.headers, answer.body))


def not_expected(error: ValueError, answer: UpstreamAnswer) -> TransientError:
    """The failure of an answer that is no JSON, or other JSON than it should be; it may be right the next time."""
    return TransientError(f"not the expected JSON ({error}): {answer.outline()}")
