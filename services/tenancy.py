"""The one place that says which rows belong to a tenant: every query on a tenant's data starts here."""

from collections.abc import Iterable
from typing import Any

from services.kit.clock import EPOCH

Filter = dict[str, Any]
BY_ID = "_id_"
"""The index to hint at where a tenant's rows are named by their `_id`s: the planner has been seen to prefer the walk
over all of the tenant's."""

_DELETED = {"$gt": EPOCH}
_LIVE = {"$not": _DELETED}
"""Matches an absent, null or epoch `deleted_at`. Written so that a covering index answers it: a comparison
with null always fetches the document."""


def owned(tenant_id: str, **more: object) -> Filter:
    """The tenant's rows; `more` are further conditions, which cannot widen the tenant."""
    return {**more, "tenant_id": _exactly(tenant_id)}


def live(tenant_id: str, **more: object) -> Filter:
    """The tenant's tickets that are not soft-deleted."""
    return {**more, "tenant_id": _exactly(tenant_id), "deleted_at": _LIVE}


def deleted(tenant_id: str, **more: object) -> Filter:
    """The tenant's tickets that are soft-deleted: those of `owned` that are not `live`."""
    return {**more, "tenant_id": _exactly(tenant_id), "deleted_at": _DELETED}


def owned_by_any(tenant_ids: Iterable[str], **more: object) -> Filter:
    """The rows of several tenants, each of which the caller may see."""
    return {**more, "tenant_id": {"$in": [_exactly(tenant_id) for tenant_id in tenant_ids]}}


def live_of_any(tenant_ids: Iterable[str], **more: object) -> Filter:
    """The tickets of several tenants that are not soft-deleted."""
    return {**owned_by_any(tenant_ids, **more), "deleted_at": _LIVE}


def deleted_of_any(tenant_ids: Iterable[str], **more: object) -> Filter:
    """The tickets of several tenants that are soft-deleted."""
    return {**owned_by_any(tenant_ids, **more), "deleted_at": _DELETED}


def _exactly(tenant_id: str) -> str:
    if not isinstance(tenant_id, str) or not tenant_id:
        raise TypeError("a tenant is named by a text that is not empty")
    return tenant_id
