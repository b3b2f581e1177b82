"""Python loads this at its start: what a reader asks of zendesk.com is asked of the stand-in, `ZENDESK_STAND_IN`.

The header `Host` says who was meant.
"""

import os
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests

_send = requests.adapters.HTTPAdapter.send


def _send_elsewhere(self: Any, request: Any, **options: Any) -> Any:
    asked = urlsplit(request.url)
    if asked.hostname.endswith(".zendesk.com"):
        stand_in = urlsplit(os.environ["ZENDESK_STAND_IN"])
        request.url = urlunsplit(asked._replace(scheme=stand_in.scheme, netloc=stand_in.netloc))
        request.headers["Host"] = asked.hostname
    return _send(self, request, **options)


requests.adapters.HTTPAdapter.send = _send_elsewhere
