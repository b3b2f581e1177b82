"""`/_control`: lets tests and demos watch and steer the mock. `gate.py` keeps it shut unless MOCK_CONTROL is on."""

import json
from typing import Annotated, Any, Self

from fastapi import APIRouter, Body, HTTPException, Query, Request, Response
from pydantic import BaseModel, ConfigDict, PositiveInt, ValidationError, model_validator

from mock_external_api.answers import json_answer
from mock_external_api.data import Ticket
from mock_external_api.outage import OutageRequest
from mock_external_api.script import ScriptedAnswer
from mock_external_api.store import UnknownTicketError
from mock_external_api.upstream import Upstream, UpstreamOfApp

router = APIRouter(prefix="/_control", tags=["control"])


class Selection(BaseModel):
    """Which tickets: those with `ids`, or the first `count` (of `tenant_id`) in list order."""

    model_config = ConfigDict(extra="forbid")

    ids: list[str] | None = None
    count: PositiveInt | None = None
    tenant_id: str | None = None

    @model_validator(mode="after")
    def _check_one_way(self) -> Self:
        if (self.ids is None) == (self.count is None):
            raise ValueError("give either ids or count")
        return self

    def of(self, upstream: Upstream, *, deleted: bool) -> list[Ticket]:
        """Return the tickets; with `count` only those that are `deleted` or not. Unknown ids answer 404."""
        if self.ids is None:
            return upstream.store.first(self.count or 0, tenant_id=self.tenant_id, deleted=deleted)
        try:
            return upstream.store.with_ids(self.ids)
        except UnknownTicketError as error:
            raise HTTPException(404, str(error)) from error


class Edit(Selection):
    """Tickets to edit, and the fields to set; no fields means a change of `updated_at` alone."""

    fields: dict[str, Any]


@router.get("/state")
async def state(upstream: UpstreamOfApp, log_limit: Annotated[int | None, Query(ge=0)] = None) -> Response:
    """Return settings, counters and logs; `log_limit` keeps only the newest entries of each log."""
    traffic, limiter, rules = upstream.traffic, upstream.limiter, upstream.notify_rules
    pages, notifications = list(traffic.pages), list(traffic.notifications)
    return json_answer(
        {
            "settings": upstream.settings.model_dump(mode="json"),
            "tickets": upstream.store.summary(),
            "requests": {
                "by_path": traffic.by_path,
                "by_status": {str(status): count for status, count in traffic.by_status.items()},
                "rate_limited": limiter.refused,
                "max_in_window": limiter.most_in_a_window,
            },
            "notify": {
                "received": len(notifications),
                "accepted": sum(entry["status"] == 200 for entry in notifications),
                "failures_in_a_row": rules.failures_in_a_row,
                "outage_remaining_seconds": rules.outage_remaining(),
            },
            "script_waiting": len(upstream.script),
            "pages": _newest(pages, log_limit),
            "notifications": _newest(notifications, log_limit),
        }
    )


@router.post("/settings")
async def change_settings(upstream: UpstreamOfApp, changes: Annotated[dict[str, Any], Body()]) -> dict[str, Any]:
    """Change settings and return all of them. Changing which tickets exist discards edits and deletions."""
    try:
        upstream.change_settings(changes)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        raise HTTPException(422, problems) from error
    return upstream.settings.model_dump(mode="json")


@router.post("/tickets/edit")
async def edit(upstream: UpstreamOfApp, change: Edit) -> dict[str, list[str]]:
    """Set any fields, valid or not, and move `updated_at` forwards (unless the fields set it)."""
    tickets = change.of(upstream, deleted=False)
    upstream.store.edit(tickets, change.fields)
    return _ids(tickets)


@router.post("/tickets/delete")
async def delete(upstream: UpstreamOfApp, selection: Selection) -> dict[str, list[str]]:
    """Delete tickets."""
    tickets = selection.of(upstream, deleted=False)
    upstream.store.set_deleted(tickets, deleted=True)
    return _ids(tickets)


@router.post("/tickets/restore")
async def restore(upstream: UpstreamOfApp, selection: Selection) -> dict[str, list[str]]:
    """Bring deleted tickets back."""
    tickets = selection.of(upstream, deleted=True)
    upstream.store.set_deleted(tickets, deleted=False)
    return _ids(tickets)


@router.post("/tickets/add")
async def add(upstream: UpstreamOfApp, request: Request, tenant_id: str | None = None) -> dict[str, int]:
    """Append a raw record, or each of a list of them, unchecked; `tenant_id` overrides whose list it is in."""
    try:
        record = json.loads(await request.body())
    except ValueError as error:
        raise HTTPException(422, f"The body is not JSON: {error}") from error
    records = record if isinstance(record, list) else [record]
    for one in records:
        upstream.store.add(one, tenant_id)
    return {"added": len(records)}


@router.post("/script")
async def extend_script(
    upstream: UpstreamOfApp, answers: Annotated[ScriptedAnswer | list[ScriptedAnswer], Body()]
) -> dict[str, int]:
    """Queue one scripted answer or several for the next list requests."""
    for answer in answers if isinstance(answers, list) else [answers]:
        upstream.script.append(answer)
    return {"waiting": len(upstream.script)}


@router.delete("/script")
async def clear_script(upstream: UpstreamOfApp) -> dict[str, int]:
    """Forget the scripted answers that nobody has had yet."""
    upstream.script.clear()
    return {"waiting": 0}


@router.post("/outage")
async def begin_outage(upstream: UpstreamOfApp, order: OutageRequest) -> dict[str, float]:
    """Let every `/external/*` request fail for so many seconds from now; 0 ends an outage."""
    upstream.outage.begin(order)
    return {"seconds": order.seconds}


@router.post("/reset")
async def reset(upstream: UpstreamOfApp) -> dict[str, str]:
    """Go back to the state at the start of the program."""
    upstream.reset()
    return {"status": "reset"}


def _ids(tickets: list[Ticket]) -> dict[str, list[str]]:
    return {"ids": [ticket.id for ticket in tickets]}


def _newest(entries: list[dict[str, Any]], limit: int | None) -> list[dict[str, Any]]:
    return entries if limit is None else entries[max(0, len(entries) - limit) :]
