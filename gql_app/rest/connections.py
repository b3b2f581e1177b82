"""Routes about tenants' access to their help desks; all of them need the scope `admin`."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Response, status
from pydantic import BaseModel, ConfigDict, Field, StrictInt

from documents.vocabulary import SourceKind
from gql_app.rest.answers.connections import CheckAnswer, ConnectionAnswer, ConnectionList, SourceAnswer, SourceList
from gql_app.rest.conditions import MomentInUtc
from gql_app.rest.parameters import ContextOf, TenantId, problems
from gql_app.rest.strict import StrictRoute
from resolvers import connections as resolvers
from services.connections.changes import ConnectionChange, NewConnection
from services.connections.kinds import names_told

NO_SCHEDULE = 0
"""What a change says where a client says null."""

router = APIRouter(prefix="/connections", tags=["connections"], route_class=StrictRoute)

Value = str | StrictInt
SettingsByName = Annotated[Mapping[str, Value], Field(description=names_told(is_secret=False))]
SecretsByName = Annotated[
    Mapping[str, str], Field(description=f"{names_told(is_secret=True)} They are never shown again.")
]
ScheduleMinutes = Annotated[
    int | None, Field(description="How often it is read, 1 to 10,080 minutes; null: only when somebody asks for it.")
]
AnnounceFrom = Annotated[
    MomentInUtc | None,
    Field(description="Urgent tickets that were created before are announced to nobody; null: the present moment."),
]


class ConnectionToTry(BaseModel):
    """A connection to try."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    tenant_id: str
    source: SourceKind
    settings: SettingsByName = {}
    secrets: SecretsByName = {}

    def to_new(self) -> NewConnection:
        """The same as the services take it."""
        settings = {name: str(value) for name, value in self.settings.items()}
        return NewConnection(self.tenant_id, self.source, settings, self.secrets)


class ConnectionToAdd(ConnectionToTry):
    """A connection to add."""

    schedule_minutes: ScheduleMinutes = None
    announce_from: AnnounceFrom = None

    def to_new(self) -> NewConnection:
        """The same as the services take it."""
        return replace(super().to_new(), schedule_minutes=self.schedule_minutes, announce_from=self.announce_from)


class ChangeToTry(BaseModel):
    """A change to try; what is left out stays.

    A null takes a setting or secret away; one that excludes another takes its place. Secrets that would be sent to
    another address than before have to be given anew.
    """

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    settings: Annotated[Mapping[str, Value | None], Field(description=names_told(is_secret=False))] = {}
    secrets: Annotated[Mapping[str, str | None], Field(description=names_told(is_secret=True))] = {}

    def to_change(self) -> ConnectionChange:
        """The same as the services take it."""
        settings = {name: None if value is None else str(value) for name, value in self.settings.items()}
        return ConnectionChange(settings, self.secrets)


class ConnectionToChange(ChangeToTry):
    """What to change; what is left out stays.

    A null among settings or secrets takes one away; one that excludes another takes its place. Secrets that would be
    sent to another address than before have to be given anew.
    """

    schedule_minutes: ScheduleMinutes = None
    announce_from: Annotated[MomentInUtc | None, Field(description="As of a new one; null: it stays.")] = None

    def to_change(self) -> ConnectionChange:
        """The same as the services take it."""
        ends_schedule = "schedule_minutes" in self.model_fields_set and self.schedule_minutes is None
        minutes = NO_SCHEDULE if ends_schedule else self.schedule_minutes
        return replace(super().to_change(), schedule_minutes=minutes, announce_from=self.announce_from)


@router.post("", status_code=status.HTTP_201_CREATED, responses=problems(409))
async def add_connection(context: ContextOf, response: Response, wanted: ConnectionToAdd) -> ConnectionAnswer:
    """Add a connection: from now on the tenant's runs read its connections, and not the operator's API.

    One to an account that the tenant had a connection to before gets its id again, and its tickets their prefix.
    """
    made = await resolvers.create_connection(context, wanted.to_new())
    response.headers["location"] = f"/connections/{made.id}"
    return ConnectionAnswer.of(made)


@router.get("", responses=problems())
async def list_connections(context: ContextOf, tenant_id: TenantId) -> ConnectionList:
    """The tenant's connections."""
    found = await resolvers.list_connections(context, tenant_id)
    return ConnectionList(connections=[ConnectionAnswer.of(each) for each in found])


@router.get("/sources", responses=problems())
async def list_sources(context: ContextOf) -> SourceList:
    """What can be connected, and what each kind is told."""
    offered = resolvers.list_offered_sources(context)
    return SourceList(sources=[SourceAnswer.of(source, kind) for source, kind in offered.items()])


@router.post("/check", responses=problems())
async def check_new_connection(context: ContextOf, wanted: ConnectionToTry) -> CheckAnswer:
    """Try the credential and one record of a connection before it is added, once; nothing is stored."""
    return CheckAnswer.of(await resolvers.try_new_connection(context, wanted.to_new()))


@router.get("/{connection_id}", responses=problems(404))
async def get_connection(context: ContextOf, connection_id: str) -> ConnectionAnswer:
    """One connection."""
    return ConnectionAnswer.of(await resolvers.get_connection(context, connection_id))


@router.patch("/{connection_id}", responses=problems(404, 409))
async def change_connection(context: ContextOf, connection_id: str, wanted: ConnectionToChange) -> ConnectionAnswer:
    """Change a connection, or rotate its secrets."""
    return ConnectionAnswer.of(await resolvers.change_connection(context, connection_id, wanted.to_change()))


@router.delete("/{connection_id}", status_code=status.HTTP_204_NO_CONTENT, responses=problems(404))
async def remove_connection(context: ContextOf, connection_id: str) -> None:
    """Remove a connection and its secrets; its tickets stay."""
    await resolvers.delete_connection(context, connection_id)


@router.post("/{connection_id}/check", responses=problems(404, 409))
async def check_connection(context: ContextOf, connection_id: str, wanted: ChangeToTry | None = None) -> CheckAnswer:
    """Try the credential and one record, once, as the connection is or as a change would make it; nothing is stored."""
    change = None if wanted is None else wanted.to_change()
    return CheckAnswer.of(await resolvers.check_connection(context, connection_id, change))
