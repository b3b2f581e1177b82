"""A connection for looking at a server, or for its administration: nothing is bound to it, and no index is made."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pymongo.errors import ConfigurationError, InvalidURI, PyMongoError

from documents.driver import Driver
from documents.failures import DatabaseUnavailableError, one_line, unusable_url


@asynccontextmanager
async def plain_driver(url: str) -> AsyncIterator[Driver]:
    """A driver on the server, closed at the end.

    Raises:
        DatabaseUnavailableError: the URL is malformed, or what is asked inside fails.
    """
    try:
        driver = Driver(url)
    except (InvalidURI, ConfigurationError, ValueError) as error:
        raise unusable_url(url, error) from None
    try:
        yield driver
    except PyMongoError as error:
        raise DatabaseUnavailableError(f"MongoDB cannot be used: {one_line(error)}") from error
    finally:
        driver.close()
