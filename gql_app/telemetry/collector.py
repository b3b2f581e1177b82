"""The collector that traces and figures are sent to. This loads OpenTelemetry's SDK, and only where one is named.

What a collector does costs nothing here: threads send, what they cannot send in time is dropped, and the log says so
once a minute. At the end, what is left is sent for a second at most.
"""

import logging
import time
from collections.abc import Callable, Sequence
from threading import Thread

import structlog
from opentelemetry.sdk.resources import Resource

from gql_app import VERSION

SERVICE_NAME = "support-ticket-analytics"
"""Unless `OTEL_SERVICE_NAME` says another one."""
PARTING_SECONDS = 1.0
COMPLAINT_SECONDS = 60.0

log = structlog.get_logger("gql_app.observability")


class Collector:
    """Where it is, how this process is named to it, and how it does. All else (`OTEL_...`) the SDK reads itself."""

    def __init__(self, endpoint: str, command: str) -> None:
        """`command`: what this process runs as."""
        self._endpoint = endpoint.rstrip("/")
        self._complained_at = -COMPLAINT_SECONDS
        resource = Resource.create({"service.version": VERSION, "gql_app.command": command})
        is_named = not str(resource.attributes["service.name"]).startswith("unknown_service")
        self.resource = resource if is_named else resource.merge(Resource({"service.name": SERVICE_NAME}))
        # The SDK tells of every attempt, and of everything that it drops.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)

    def url(self, signal: str) -> str:
        """Where `traces` or `metrics` are sent."""
        return f"{self._endpoint}/v1/{signal}"

    def failed(self, signal: str) -> None:
        """Something could not be sent, and is gone."""
        if time.monotonic() - self._complained_at >= COMPLAINT_SECONDS:
            self._complained_at = time.monotonic()
            log.warning("collector_failed", url=self.url(signal))


def part(closes: Sequence[Callable[[], object]]) -> None:
    """Call all of them at once, and wait for a second at most: the SDK itself would wait for half a minute."""
    closing = [Thread(target=close, name="collector-parting", daemon=True) for close in closes]
    for thread in closing:
        thread.start()
    end = time.monotonic() + PARTING_SECONDS
    for thread in closing:
        thread.join(max(0.0, end - time.monotonic()))
