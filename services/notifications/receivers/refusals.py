"""What may be wrong with a destination, as callers are told it; the codes are those of `services/errors.py`."""

from services.errors import ConflictError, ErrorCode, InvalidInputError, NotFoundError


class DestinationNotFoundError(NotFoundError):
    """There is no destination with this id."""

    def __init__(self, destination_id: str) -> None:
        super().__init__(f"There is no destination {destination_id!r}.")


class InvalidSecretError(InvalidInputError):
    """A signing secret is broken, or the format does not sign."""

    code = ErrorCode.INVALID_SECRET


class DestinationGoneError(ConflictError):
    """The notification's destination was deleted: there is nowhere to send it to."""

    def __init__(self, notification_id: str) -> None:
        super().__init__("The notification's destination was deleted.", notification_id=notification_id)
