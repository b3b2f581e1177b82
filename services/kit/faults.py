"""An unexpected failure in words of our own: the text of an exception may quote what somebody else sent."""

from traceback import extract_tb


def outline(error: BaseException) -> str:
    """The kind of failure, its code where it has one, and the place where it was raised; never its text."""
    code = getattr(error, "code", None)
    places = trace(error)
    place = f" at {places[-1]}" if places else ""
    return f"{type(error).__name__}{f' {code}' if isinstance(code, int) else ''}{place}"


def trace(error: BaseException) -> list[str]:
    """How it came there, the place where it was raised last."""
    return [f"{'/'.join(frame.filename.split('/')[-2:])}:{frame.lineno}" for frame in extract_tb(error.__traceback__)]
