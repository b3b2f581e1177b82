"""The address that the service listens on: taken before anything is started, so that one in use is found first."""

import socket


class AddressError(Exception):
    """The service cannot listen there; the message is one line."""


def bind(host: str, port: int, settings: str = "HOST or PORT") -> socket.socket:
    """Take an address without listening on it yet; port 0: any that is free. `settings`: who wants another, sets these.

    Raises:
        AddressError: somebody else has it, or it is none of this machine's.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        raise AddressError(f"Cannot listen on {host}:{port}: {error.strerror}; set {settings}.") from error
    return listener


def url_of(listener: socket.socket) -> str:
    """The address as a browser on this machine wants it."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  (compared, not bound)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
