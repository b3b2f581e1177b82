"""GraphiQL, the page that `/graphql` shows to browsers: its files come from npm (`web/`) and are served from here.

Where `npm ci` has not been run, the page that strawberry brings is shown instead, which loads the same files from
outside.
"""

import base64
import hashlib
import json
import re
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route
from strawberry.http.ides import get_graphql_ide_html

WEB = Path(__file__).parents[2] / "web"
ASSETS = {
    "react.js": "react/umd/react.production.min.js",
    "react-dom.js": "react-dom/umd/react-dom.production.min.js",
    "graphiql.js": "graphiql/graphiql.min.js",
    "graphiql.css": "graphiql/graphiql.min.css",
    "explorer.js": "@graphiql/plugin-explorer/dist/index.umd.js",
    "explorer.css": "@graphiql/plugin-explorer/dist/style.css",
}
"""The files that are served, and where npm puts them; nothing else of `node_modules` can be asked for."""
SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""No outside host, and no script inside the page. CodeMirror sets styles on its elements."""
PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Support ticket analytics: GraphQL</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/graphql/ide/graphiql.css">
<link rel="stylesheet" href="/graphql/ide/explorer.css">
<style>html, body, #graphiql { height: 100%; margin: 0; }</style>
<div id="graphiql">Loading...</div>
<script src="/graphql/ide/react.js"></script>
<script src="/graphql/ide/react-dom.js"></script>
<script src="/graphql/ide/graphiql.js"></script>
<script src="/graphql/ide/explorer.js"></script>
<script src="/graphql/ide/start.js"></script>
</html>
"""
START = """const examples = %s;
const url = new URL("/graphql", location.href);
const sockets = new URL(url);
sockets.protocol = url.protocol === "https:" ? "wss:" : "ws:";
const shared = new URLSearchParams(location.search);
const tabs = shared.has("query")
  ? [{ query: shared.get("query"), variables: shared.get("variables") ?? undefined }]
  : examples;
ReactDOM.createRoot(document.getElementById("graphiql")).render(
  React.createElement(GraphiQL, {
    fetcher: GraphiQL.createFetcher({ url: url.href, subscriptionUrl: sockets.href }),
    defaultTabs: tabs,
    defaultEditorToolsVisibility: "variables",
    isHeadersEditorEnabled: true,
    plugins: [GraphiQLPluginExplorer.explorerPlugin()],
  }),
);
"""


def page() -> Response:
    """The page."""
    if not _is_installed():
        html = get_graphql_ide_html(graphql_ide="graphiql")
        return HTMLResponse(html, headers={"content-security-policy": outside_policy(html), "vary": "accept"})
    return HTMLResponse(PAGE, headers={"content-security-policy": SECURITY_POLICY, "vary": "accept"})


async def asset(request: Request) -> Response:
    """One of the page's files."""
    name = request.path_params["name"]
    if name == "start.js":
        return Response(START % json.dumps(examples()), media_type="text/javascript")
    if name not in ASSETS or not _is_installed():
        return Response(status_code=404)
    return FileResponse(WEB / "node_modules" / ASSETS[name], headers={"cache-control": "public, max-age=86400"})


def examples() -> list[dict[str, str]]:
    """The operations that are ready in the page's tabs."""
    return [{"query": path.read_text()} for path in sorted((WEB / "examples").glob("*.graphql"))]


def outside_policy(html: str) -> str:
    """What the page from outside may do: load from the hosts that it names, and run the script that it holds."""
    hosts = " ".join(sorted(set(re.findall(r'(?:src|href)="(https://[^/"]+)', html))))
    scripts = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    hashes = " ".join(f"'sha256-{_sha256(script)}'" for script in scripts)
    return (
        f"default-src 'none'; script-src {hosts} {hashes}; style-src {hosts} 'unsafe-inline'; img-src 'self' data:; "
        f"font-src {hosts} data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _sha256(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _is_installed() -> bool:
    return all((WEB / "node_modules" / path).is_file() for path in ASSETS.values())


routes = [Route("/graphql/ide/{name}", asset)]
