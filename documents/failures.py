"""What an error of the MongoDB driver means to those who cannot mend it: that it passes, or that it does not."""

from collections.abc import Iterator
from contextlib import contextmanager

from pymongo.errors import BulkWriteError, ConnectionFailure, OperationFailure, PyMongoError

MAX_CHARACTERS = 300
OUT_OF_DISK_SPACE = 14031
_NO_SPACE = "No space left on device"
"""How the operating system says it; MongoDB quotes it under various codes."""
_ENDED_BY_SERVER = frozenset([43, 175, 237, 11600, 11601, 11602])
"""CursorNotFound, QueryPlanKilled, CursorKilled and three kinds of Interrupted: it is stopping, or has been started
anew, in the middle of an operation."""
_PASSING = ("TransientTransactionError", "RetryableWriteError", "RetryableError")
"""Labels by which the server says that the same may succeed later."""


class DatabaseError(Exception):
    """MongoDB failed; the message says how, in one line, for logs. As it stands: in a way that nobody expects."""


class DatabaseUnavailableError(DatabaseError):
    """MongoDB cannot be reached or used; the message says where and why, in one line."""


class DatabaseTooNewError(DatabaseUnavailableError):
    """A newer version of the service has changed the stored data so that this one may not work on it."""


class DatabaseFullError(DatabaseUnavailableError):
    """There is no room on MongoDB's disk."""


class DatabaseTimeoutError(DatabaseError):
    """An operation took longer than it was given (`maxTimeMS`), and the server gave it up."""


def translated(error: BaseException) -> DatabaseError | None:
    """What an error means if it comes from the database, translated already or not; None: it comes from elsewhere."""
    match error:
        case DatabaseError():
            return error
        case PyMongoError():
            return _meaning(error)
        case _:
            return None


@contextmanager
def translating() -> Iterator[None]:
    """Let the driver's errors leave the block as what they mean.

    Raises:
        DatabaseError: the driver raised an error; the class tells its meaning.
    """
    try:
        yield
    except PyMongoError as error:
        raise _meaning(error) from error


def one_line(error: Exception) -> str:
    """The driver's text without its description of every server, in at most 300 characters."""
    return str(error).split(", Timeout:")[0].replace("\n", " ")[:MAX_CHARACTERS]


def unusable_url(url: str, error: Exception) -> DatabaseUnavailableError:
    """What to say of a URL that the driver does not understand."""
    # The driver repeats what it does not understand, which may be a piece of the password.
    why = "percent-encode what is special in user and password" if "@" in url else one_line(error)
    return DatabaseUnavailableError(f"MONGO_URL is not usable: {why}")


def _meaning(error: PyMongoError) -> DatabaseError:
    text = one_line(error)
    if _is_out_of_space(error):
        return DatabaseFullError(text)
    if isinstance(error, ConnectionFailure):  # also a connection that broke, no primary, and no free connection
        return DatabaseUnavailableError(text)
    if isinstance(error, OperationFailure) and error.code in _ENDED_BY_SERVER:
        return DatabaseUnavailableError(text)
    if any(error.has_error_label(label) for label in _PASSING):
        return DatabaseUnavailableError(text)
    return DatabaseTimeoutError(text) if error.timeout else DatabaseError(text)


def _is_out_of_space(error: PyMongoError) -> bool:
    if not isinstance(error, OperationFailure):
        return False
    faults = [(error.code, str(error))]
    if isinstance(error, BulkWriteError):
        faults += [(fault.get("code"), str(fault.get("errmsg"))) for fault in error.details.get("writeErrors", ())]
    return any(code == OUT_OF_DISK_SPACE or _NO_SPACE in text for code, text in faults)
