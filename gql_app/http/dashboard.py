"""The dashboard at `/`: a page of ES modules that uses nothing but the public API.

Its own files lie in `web/dashboard/`, the libraries' come from npm. Where `npm ci` has not been run, `/` is a page that
says how to get them.
"""

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import NamedTuple

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

WEB_FOLDER = Path(__file__).parents[2] / "web"
LIBRARIES = {
    "lib/preact.js": "htm/preact/standalone.module.js",
    "lib/graphql-ws.js": "graphql-ws/dist/client.js",
    "lib/common-CGW11Fyb.js": "graphql-ws/dist/common-CGW11Fyb.js",
}
"""The files of libraries that are served, and where npm puts them; nothing else of `node_modules` can be asked for."""
LATER = ("connections/", "customers/", "operations/", "tickets/", "words/")
"""The rooms of views that the page fetches when they are first opened."""
QUERIES = "queries.js"
"""A module made of the operations in `web/dashboard/queries/`: each one's text, by the name of its file."""
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types readable"  # of tickets/readable.js, whose documents are inert
)
"""No outside host, nothing inside the page, and no text that becomes HTML."""
_MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css"}
_KEPT = {"cache-control": "public, max-age=31536000, immutable"}

router = APIRouter(include_in_schema=False)


class Bundle(NamedTuple):
    """All files that the page may ask for, by name, and a text that is another one when any of them is."""

    files: dict[str, bytes]
    fingerprint: str


@router.get("/")
def dashboard_page(request: Request) -> Response:
    """The page. It asks for its files under their fingerprint, so that browsers may keep them."""
    folder = WEB_FOLDER / "dashboard"
    found = bundle(WEB_FOLDER)
    if found is None:
        page = (folder / "without-npm.html").read_text()
    else:
        base = f"/dashboard/{found.fingerprint}"
        modules = [name for name in found.files if name.endswith(".js") and not name.startswith(LATER)]
        parts = {
            "{base}": base,
            "{modules}": "\n".join(f'<link rel="modulepreload" href="{base}/{name}">' for name in modules),
            "{auth}": request.app.state.settings.auth_mode,
        }
        page = (folder / "index.html").read_text()
        for name, text in parts.items():
            page = page.replace(name, text)
    return HTMLResponse(page, headers={"content-security-policy": PAGE_POLICY, "cache-control": "no-cache"})


@router.get("/dashboard/{fingerprint}/{name:path}")
def dashboard_file(fingerprint: str, name: str) -> Response:
    """One of the page's files."""
    found = bundle(WEB_FOLDER)
    if found is None or found.fingerprint != fingerprint or name not in found.files:
        raise HTTPException(404)
    return Response(found.files[name], media_type=_MEDIA_TYPES[Path(name).suffix], headers=_KEPT)


@cache
def bundle(web: Path) -> Bundle | None:
    """The page's files, read once a process; None where those of npm are missing."""
    own = web / "dashboard"
    paths = {path.relative_to(own).as_posix(): path for path in own.rglob("*") if path.suffix in _MEDIA_TYPES}
    paths |= {name: web / "node_modules" / path for name, path in LIBRARIES.items()}
    if not all(path.is_file() for path in paths.values()):
        return None
    files = {name: path.read_bytes() for name, path in sorted(paths.items())}
    operations = {path.stem: path.read_text() for path in sorted((own / "queries").glob("*.graphql"))}
    files[QUERIES] = f"export default {json.dumps(operations)};\n".encode()
    digest = hashlib.sha256(b"".join(name.encode() + text for name, text in files.items()))
    return Bundle(files, digest.hexdigest()[:16])
