"""Ticket statuses: the system's, and the custom ones, whose category counts and not their name."""

from dataclasses import dataclass
from typing import Any

CREATED = "2025-01-15T09:00:00Z"
"""When the account was set up: its agents and custom statuses date from then."""


@dataclass(frozen=True, slots=True)
class CustomStatus:
    """A custom ticket status; `category` is the ticket's `status` while it has this one."""

    id: int
    label: str
    category: str
    default: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the record that the API lists."""
        return {
            "id": self.id,
            "status_category": self.category,
            "agent_label": self.label,
            "end_user_label": self.label,
            "raw_agent_label": self.label,
            "raw_end_user_label": self.label,
            "description": "",
            "raw_description": "",
            "end_user_description": "",
            "raw_end_user_description": "",
            "active": True,
            "default": self.default,
            "created_at": CREATED,
            "updated_at": CREATED,
        }


CUSTOM_STATUSES = (
    CustomStatus(7101, "New", "new", default=True),
    CustomStatus(7102, "Open", "open", default=True),
    CustomStatus(7103, "Pending", "pending", default=True),
    CustomStatus(7104, "On-hold", "hold", default=True),
    CustomStatus(7105, "Solved", "solved", default=True),
    CustomStatus(7106, "Waiting for the carrier", "hold"),
    CustomStatus(7107, "Closed by the shop, refund running", "open"),
    CustomStatus(7108, "Open question answered", "solved"),
    CustomStatus(7109, "New parts ordered", "pending"),
)
"""The last four are named after another category than they belong to."""

STATUS_BY_ID = {status.id: status for status in CUSTOM_STATUSES}
_DEFAULTS = {status.category: status.id for status in CUSTOM_STATUSES if status.default}


def default_status_id(category: str) -> int:
    """Return the id of a category's default status; closed tickets belong to the category `solved`."""
    return _DEFAULTS["solved" if category == "closed" else category]
