"""The users of the help desk: agents, and the customers who write."""

import random
from dataclasses import dataclass
from typing import Any

from mock_external_api.answers import dump_json
from mock_external_api.clock import iso

_FIRST = ("Ada", "Bela", "Chike", "Dora", "Emre", "Farah", "Goran", "Hana", "Ines", "Jonas", "Kofi", "Lena", "Mateo")
_LAST = ("Abara", "Brandt", "Costa", "Duval", "Eriksen", "Fischer", "Greco", "Hoang", "Ivanov", "Jansen", "Kaya")
_FIRST_ID = 360_000_000_001
_AGENTS = 6


def iso_seconds(seconds: int) -> str:
    """Write seconds since 1970 the way Zendesk does, for example `2026-02-05T13:00:00Z`."""
    return f"{iso(seconds * 1000)[:19]}Z"


_USUAL: dict[str, Any] = {
    "time_zone": "UTC",
    "iana_time_zone": "Etc/UTC",
    "phone": None,
    "shared_phone_number": None,
    "photo": None,
    "locale_id": 1,
    "locale": "en-US",
    "organization_id": None,
    "external_id": None,
    "tags": [],
    "alias": "",
    "verified": True,
    "shared": False,
    "shared_agent": False,
    "last_login_at": None,
    "two_factor_auth_enabled": None,
    "signature": None,
    "details": "",
    "notes": "",
    "custom_role_id": None,
    "only_private_comments": False,
    "suspended": False,
    "default_group_id": None,
    "user_fields": {},
}
"""The fields of a user that are always the same."""


@dataclass(slots=True)
class DeskUser:
    """One user; `gone` ones have been deleted: tickets still name them, nothing shows them."""

    id: int
    name: str
    email: str
    role: str
    created: int
    updated: int
    gone: bool = False

    def to_json(self, subdomain: str) -> dict[str, Any]:
        """Return the record of the users API."""
        staff = self.role != "end-user"
        return {
            "id": self.id,
            "url": f"https://{subdomain}.zendesk.com/api/v2/users/{self.id}.json",
            "name": self.name,
            "email": self.email,
            "created_at": iso_seconds(self.created),
            "updated_at": iso_seconds(self.updated),
            **_USUAL,
            "role": self.role,
            "active": not self.gone,
            "role_type": 4 if self.role == "admin" else None,
            "moderator": staff,
            "ticket_restriction": None if staff else "requested",
            "restricted_agent": not staff,
            "report_csv": self.role == "admin",
        }


class People:
    """All users: an admin, some agents, and customers."""

    def __init__(self, rng: random.Random, customers: int, since: int, admin_email: str, subdomain: str) -> None:
        self._subdomain = subdomain
        self._ready: dict[int, bytes] = {}
        self.by_id: dict[int, DeskUser] = {}
        for number in range(1 + _AGENTS + customers):
            role = "admin" if number == 0 else "agent" if number <= _AGENTS else "end-user"
            name = f"{rng.choice(_FIRST)} {rng.choice(_LAST)}"
            house = "mail" if role == "end-user" else "acme"
            address = admin_email if role == "admin" else f"user{number}@{house}.example"
            self.add(DeskUser(_FIRST_ID + number, name, address, role, since, since))
        self.admin = self.by_id[_FIRST_ID]
        self.agents = [user.id for user in self.by_id.values() if user.role == "agent"]
        self.customers = [user.id for user in self.by_id.values() if user.role == "end-user"]

    def add(self, user: DeskUser) -> None:
        """Add a user."""
        self.by_id[user.id] = user

    def of(self, user_id: int) -> bytes | None:
        """Return a user as JSON; None when there is none or it has been deleted."""
        user = self.by_id.get(user_id)
        if user is None or user.gone:
            return None
        ready = self._ready.get(user_id)
        if ready is None:
            ready = self._ready[user_id] = dump_json(user.to_json(self._subdomain))
        return ready

    def remove(self, user_id: int, at: int) -> None:
        """Delete a user at a moment (seconds since 1970)."""
        user = self.by_id[user_id]
        user.gone, user.updated = True, at
        self._ready.pop(user_id, None)
        if user_id in self.customers:
            self.customers.remove(user_id)
