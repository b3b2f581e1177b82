"""Stand-ins of help desks in the mock's process: their time, changes and requests, and tenants' connections to them."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from documents.vocabulary import SourceKind
from soak.cluster import Cluster, Row

AGE_SECONDS = 30 * 24 * 3600
"""So long ago the help desks' time begins, so that it can pass without waiting."""
SECRETS_KEY = base64.urlsafe_b64encode(bytes(32)).decode()
_NO_LIMITS: Mapping[SourceKind, Row] = {
    SourceKind.ZENDESK: {"requests_per_minute": 0, "incremental_per_minute": 0},
    SourceKind.GITHUB: {"primary_limit": 0},
}
_ACCESS: Mapping[SourceKind, tuple[Row, Row]] = {
    SourceKind.ZENDESK: ({"email": "admin@acme.example"}, {"api_token": "zendesk-api-token"}),
    SourceKind.GITHUB: ({"repository": "acme/support"}, {"token": "github_pat_standin"}),
}
_COUNTS = {SourceKind.ZENDESK: "ticket_count", SourceKind.GITHUB: "issue_count"}
_CONTROLS = {SourceKind.ZENDESK: "/zendesk/_control", SourceKind.GITHUB: "/_control/github"}


def mock_of_desks(**settings: object) -> Row:
    """What the mock is told, for a `Cluster`: help desks without limits."""
    desks = {kind.value: json.dumps(limits) for kind, limits in _NO_LIMITS.items()}
    return {"rate_limit_per_minute": 0, "ticket_count": 0, **desks, **settings}


@dataclass(slots=True)
class SteeredDesk:
    """A stand-in, and the service's API through which tenants are connected to it."""

    kind: SourceKind
    cluster: Cluster
    api: httpx.Client
    ahead: int = -AGE_SECONDS

    def begin(self, *, tickets: int = 0, **settings: object) -> None:
        """Another help desk, with so many sample tickets."""
        self.ahead = -AGE_SECONDS
        self._control("reset", {})
        self.adjust({_COUNTS[self.kind]: tickets, **settings})
        self.advance(0)

    def adjust(self, settings: Row) -> None:
        """Change settings of the stand-in; what says which tickets there are begins anew."""
        begins_anew = self.kind is SourceKind.ZENDESK and {"seed", "ticket_count"} & settings.keys()
        self._control("reset" if begins_anew else "settings", settings)

    def advance(self, seconds: int) -> None:
        """Let time pass there."""
        self.ahead += seconds
        self._control("settings", {"ahead_seconds": self.ahead})

    def change(self, steps: int, seed: int) -> None:
        """Make random changes, all within a second or two."""
        if self.kind is SourceKind.ZENDESK:
            self._control("random", {"steps": steps, "seed": seed})
        else:
            self._control("steps", {"count": steps, "seed": seed})

    def admit(self, *, granted: bool) -> None:
        """Accept the credential, or not any more."""
        if self.kind is SourceKind.ZENDESK:
            self.adjust({"revoked": not granted})
        else:
            token = _ACCESS[self.kind][1]["token"]
            self._control("tokens", {token: "full" if granted else None})

    def requests(self) -> list[Row]:
        """What it was asked for since it began."""
        name = "requests" if self.kind is SourceKind.ZENDESK else "log"
        log: list[Row] = self.cluster.upstream.get(f"{_CONTROLS[self.kind]}/{name}").json()
        return log

    def truth(self) -> Row:
        """Everything there is to know there, by number."""
        found: Row = self.cluster.upstream.get(f"{_CONTROLS[self.kind]}/truth").json()
        return found

    def agents(self, numbers: set[int]) -> dict[int, str]:
        """The names of Zendesk's users."""
        settings, secrets = _ACCESS[self.kind]
        credential = (f"{settings['email']}/token", secrets["api_token"])
        query = {"ids": ",".join(map(str, numbers))}
        path = "/zendesk/api/v2/users/show_many.json"
        users = self.cluster.upstream.get(path, params=query, auth=credential).json()["users"] if numbers else []
        return {user["id"]: user["name"] for user in users}

    def connect(self, tenant_id: str) -> str:
        """Connect a tenant to it; returns the connection's id."""
        settings, secrets = _ACCESS[self.kind]
        base_url = f"{self.cluster.mock_url}/{self.kind.value}"
        asked = {"base_url": base_url, "requests_per_minute": "0", **settings}
        order = {"tenant_id": tenant_id, "source": self.kind.value, "settings": asked, "secrets": secrets}
        return str(_good(self.api.post("/connections", json=order))["id"])

    def connection(self, connection_id: str) -> Row:
        """The connection as administrators see it."""
        return _good(self.api.get(f"/connections/{connection_id}"))

    def start(self, tenant_id: str) -> str:
        """Start a run of the tenant's connections; returns the job's id."""
        headers = {"Prefer": "respond-async"}
        return str(_good(self.api.post("/ingest/run", params={"tenant_id": tenant_id}, headers=headers))["job_id"])

    def run(self, tenant_id: str) -> Row:
        """Run the tenant's connections to the end; returns the job."""
        return self.cluster.wait_for_end(self.start(tenant_id))

    def _control(self, path: str, body: object) -> Any:
        answer = self.cluster.upstream.post(f"{_CONTROLS[self.kind]}/{path}", json=body)
        answer.raise_for_status()
        return answer.json()


def _good(answer: httpx.Response) -> Row:
    answer.raise_for_status()
    found: Row = answer.json()
    return found
