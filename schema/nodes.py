"""The GraphQL field that finds any object by its global id."""

from collections.abc import Awaitable, Callable
from typing import Annotated

import strawberry

from documents.ingestion_job import IngestionJob as JobDocument
from documents.ingestion_log import IngestionLog as LogDocument
from documents.quarantined_record import QuarantinedRecord as RecordDocument
from resolvers.context import Context
from resolvers.ingestion import find_run
from resolvers.notifications import get_notification
from resolvers.spikes import find_spike
from resolvers.system import has_tenant
from resolvers.tickets import get_ticket, has_customer
from schema.analytics.spikes import to_spike
from schema.base.ids import GlobalId, Node
from schema.base.info import Info
from schema.ingestion.types import to_job, to_log, to_quarantined
from schema.notifications.types import to_notification
from schema.system.types import to_tenant
from schema.tickets.types import to_customer, to_ticket
from services.errors import InvalidInputError, NotFoundError

NodeId = Annotated[strawberry.ID, strawberry.argument(description="The `id` of any object.")]


@strawberry.type
class NodeQueries:
    """The root field for any object."""

    @strawberry.field(description="Any object by its global id; null if there is none that you may see.")
    async def node(self, info: Info, id: NodeId) -> Node | None:
        """Any object."""
        wanted = GlobalId.parse(id)
        find = FINDERS.get(wanted.type_name)
        if find is None:
            raise InvalidInputError("This is not an id of this service.")
        try:
            return await find(info.context, wanted.tenant_id, wanted.key)
        except NotFoundError:
            return None


async def _ticket(context: Context, tenant_id: str, key: str) -> Node | None:
    return to_ticket(await get_ticket(context, tenant_id, key))


async def _customer(context: Context, tenant_id: str, key: str) -> Node | None:
    return to_customer(tenant_id, key) if await has_customer(context, tenant_id, key) else None


async def _tenant(context: Context, tenant_id: str, key: str) -> Node | None:
    return to_tenant(tenant_id) if not key and await has_tenant(context, tenant_id) else None


async def _job(context: Context, tenant_id: str, key: str) -> Node | None:
    job = await find_run(context, JobDocument, tenant_id, key)
    return None if job is None else to_job(job)


async def _log(context: Context, tenant_id: str, key: str) -> Node | None:
    log = await find_run(context, LogDocument, tenant_id, key)
    return None if log is None else to_log(log)


async def _record(context: Context, tenant_id: str, key: str) -> Node | None:
    record = await find_run(context, RecordDocument, tenant_id, key)
    return None if record is None else to_quarantined(record)


async def _spike(context: Context, tenant_id: str, key: str) -> Node | None:
    spike = await find_spike(context, tenant_id, key)
    return None if spike is None else to_spike(spike)


async def _notification(context: Context, tenant_id: str, key: str) -> Node | None:
    return to_notification(await get_notification(context, tenant_id, key))


FINDERS: dict[str, Callable[[Context, str, str], Awaitable[Node | None]]] = {
    "Ticket": _ticket,
    "Customer": _customer,
    "Tenant": _tenant,
    "IngestionJob": _job,
    "IngestionLog": _log,
    "QuarantinedRecord": _record,
    "Notification": _notification,
    "Spike": _spike,
}
"""How each type that implements `Node` is found."""
