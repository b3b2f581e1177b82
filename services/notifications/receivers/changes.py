"""What is asked of destinations, whether it makes sense, and what is told of them."""

from dataclasses import dataclass, field

import httpx

from documents.destination import Destination, DestinationFormat
from services.errors import InvalidInputError
from services.notifications.receivers.formats import secret_bytes
from services.notifications.receivers.refusals import InvalidSecretError

MAX_DIGEST = 1_000


@dataclass(frozen=True, slots=True)
class DestinationChange:
    """What is to be changed; what is None stays."""

    url: str | None = None
    secret: str | None = None
    """A new signing secret."""
    rotate_secret: bool = False
    """Make a new signing secret."""
    digest_above: int | None = None
    """0: no digests any more."""
    is_paused: bool | None = None
    spikes: bool | None = None
    """Whether it is told of spikes."""


@dataclass(frozen=True, slots=True)
class SavedDestination:
    """A destination as it is now, and the secret that was made for it."""

    destination: Destination
    secret: str | None = field(default=None, repr=False)
    """Shown this once; None: none was made."""


@dataclass(frozen=True, slots=True)
class OpenedDestination:
    """A destination that can be sent to."""

    destination: Destination
    url: str = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)
    """Those that are valid now, the present one first."""


def shown(url: httpx.URL, format_: DestinationFormat) -> str:
    """An address without what lets others use it: the query, and of Slack's also the path."""
    origin = f"{url.scheme}://{url.netloc.decode()}"
    if format_ is DestinationFormat.SLACK:
        return f"{origin}/..."
    return f"{origin}{url.path}{'?...' if url.query else ''}"


def demand_secret(format_: DestinationFormat, secret: str | None) -> str | None:
    """A signing secret that was given, if it fits.

    Raises:
        InvalidSecretError: it is broken, or the format has none.
    """
    if secret is None:
        return None
    if format_ is not DestinationFormat.WEBHOOK:
        raise InvalidSecretError(f"The format {format_.value!r} is not signed; leave the secret out.")
    secret_bytes(secret)
    return secret


def demand_digest(format_: DestinationFormat, above: int | None) -> int | None:
    """The number of alerts from which on they are sent together, if it makes sense.

    Raises:
        InvalidInputError: the format has no digest, or the number is out of range.
    """
    if above is None:
        return None
    if format_ is DestinationFormat.SPECIFICATION:
        raise InvalidInputError("The format 'specification' knows no digest.")
    if not 1 <= above <= MAX_DIGEST:
        raise InvalidInputError(f"digest_above must be 1 to {MAX_DIGEST:,}.")
    return above
