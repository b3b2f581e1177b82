"""Spikes: hours in which significantly more of a tenant's customers wrote than the same hours of earlier weeks let
expect."""

from datetime import datetime

from beanie import Document
from pydantic import BaseModel
from pymongo import ASCENDING, DESCENDING, IndexModel


class SpikeKeyword(BaseModel):
    """A keyword that has more of the spike's tickets than of those before."""

    keyword: str
    tickets: int
    """How many of the spike's tickets have it."""
    usual_share: float
    """The share of the tickets of the four weeks before that had it: 0 to 1."""


class Spike(Document):
    """One event, from the first hour with too many customers to the last before all was as usual again.

    Its figures are those of the tickets that were there when it was looked at last: for six hours after its end.
    """

    id: str  # type: ignore[assignment]  # Beanie's base declares an ObjectId
    """Made of the tenant and of when it began as it was found."""
    tenant_id: str
    started_at: datetime
    until: datetime
    """The end of the last hour that belongs to it so far."""
    is_over: bool = False
    detected_at: datetime
    tickets: int
    """Created from `started_at` to before `until`."""
    customers: int
    """Who wrote them."""
    peak_from: datetime
    """When the hour began with the most customers beyond what was expected."""
    peak_customers: int
    """How many different customers wrote in that hour,"""
    peak_expected: float
    """how many were expected,"""
    peak_chance: float
    """and how often so many come by chance: 0 to 1."""
    keywords: list[SpikeKeyword] = []
    """Those whose share of the tickets rose most."""

    class Settings:
        """Collection and indexes."""

        name = "spikes"
        indexes = [
            IndexModel(
                [("tenant_id", ASCENDING), ("started_at", DESCENDING), ("_id", DESCENDING)], name="tenant_started"
            )
        ]
