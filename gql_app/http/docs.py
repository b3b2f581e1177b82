"""The REST documentation at `/docs`: Swagger UI from a Python package, so that no outside host is asked."""

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import fastapi_offline
from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, HTMLResponse, Response

from gql_app.http.problems import PROBLEM_JSON

_ASSETS = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css"}
"""The files of the package that are served; nothing else of it is."""
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
PROBLEM = "#/components/schemas/Problem"
FRAMEWORK_PROBLEM = "#/components/schemas/HTTPValidationError"
_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Support ticket analytics: REST</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/swagger-ui.css">
<div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</html>
"""
_START = """SwaggerUIBundle({url: "/openapi.json", dom_id: "#swagger-ui", deepLinking: true, docExpansion: "list"});
"""

router = APIRouter(include_in_schema=False)


@router.get("/docs")
async def docs_page() -> Response:
    """The page."""
    return HTMLResponse(_PAGE, headers={"content-security-policy": CONTENT_SECURITY_POLICY})


@router.get("/docs/start.js")
async def docs_script() -> Response:
    """The page's own script; a strict policy allows none inside the page."""
    return Response(_START, media_type="text/javascript")


@router.get("/docs/{name}")
async def docs_asset(name: str) -> Response:
    """One of Swagger UI's files."""
    if name not in _ASSETS:
        raise HTTPException(404)
    headers = {"cache-control": "public, max-age=86400"}
    return FileResponse(_folder() / name, media_type=_ASSETS[name], headers=headers)


@cache
def _folder() -> Path:
    return Path(str(files(fastapi_offline) / "static"))


def openapi_of(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, in which every error is a problem; FastAPI would have its own shape of 422."""
    if app.openapi_schema is not None:
        return app.openapi_schema
    document = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes, tags=app.openapi_tags
    )
    for operations in document["paths"].values():
        for operation in operations.values():
            for response in operation["responses"].values():
                schema = response.get("content", {}).get("application/json", {}).get("schema", {})
                if schema.get("$ref") in (PROBLEM, FRAMEWORK_PROBLEM):
                    response["content"] = {PROBLEM_JSON: {"schema": {"$ref": PROBLEM}}}
    for unused in ("HTTPValidationError", "ValidationError"):
        document["components"]["schemas"].pop(unused, None)
    app.openapi_schema = document
    return document
