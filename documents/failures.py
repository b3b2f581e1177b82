"""What an error of the MongoDB driver means to those who cannot mend it: that it passes, or that it does not."""

from collections.abc import Iterator
from contextlib import contextmanager

from pymongo.errors import ConnectionFailure, ExecutionTimeout, PyMongoError

MAX_CHARACTERS = 300


class DatabaseError(Exception):
    """MongoDB failed; the message says how, in one line, for logs. As it stands: in a way that nobody expects."""


class DatabaseUnavailableError(DatabaseError):
    """MongoDB cannot be reached or used; the message says where and why, in one line."""


class DatabaseTimeoutError(DatabaseError):
    """An operation was given its time (`maxTimeMS`), and the server gave it up."""


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


def _meaning(error: PyMongoError) -> DatabaseError:
    match error:
        case ConnectionFailure():  # also a connection that broke, no primary, and no free connection in the pool
            return DatabaseUnavailableError(one_line(error))
        case ExecutionTimeout():
            return DatabaseTimeoutError(one_line(error))
        case _:
            return DatabaseError(one_line(error))
