"""JSON answers, written with orjson."""

import json
from collections.abc import Mapping
from typing import Any

import orjson
from starlette.responses import Response

JSON = "application/json"


def dump_json(value: Any) -> bytes:
    """Write `value` as JSON, also what orjson refuses and tests send on purpose: huge integers, lone surrogates."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        return json.dumps(value).encode()


def json_answer(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return `content` as a JSON answer; `content` may be bytes that are JSON already."""
    body = content if isinstance(content, bytes) else dump_json(content)
    return Response(body, status, headers, media_type=JSON)
