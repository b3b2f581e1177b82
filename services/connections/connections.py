"""Tenants' access to their help desks: kept with sealed secrets, changed, and opened for reading."""

from collections.abc import Collection as Many
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from uuid import uuid4

from pymongo import ASCENDING, ReturnDocument
from pymongo.errors import DuplicateKeyError

from documents.connection import Connection
from documents.database import Database, Row
from documents.vocabulary import ConnectionState, SourceKind, SourceProblem
from services.connections.access import AccessKeeper, DemandedAccess
from services.connections.changes import (
    ConnectionChange,
    ConnectionNotFoundError,
    NewConnection,
    OpenedConnection,
)
from services.connections.schedule import demand_schedule, next_run, next_run_from
from services.errors import ConflictError
from services.kit.addresses import AddressRules
from services.kit.clock import Clock
from services.kit.sealing import SecretBox
from services.tenancy import owned

MAX_CONNECTIONS = 10
"""A tenant's connections at most."""
_MAX_DETAIL_CHARACTERS = 1_000
_OLDEST_FIRST = [("created_at", ASCENDING), ("_id", ASCENDING)]


class Connections:
    """Keeps connections; who may see them is for others to know."""

    def __init__(self, database: Database, box: SecretBox, rules: AddressRules, clock: Clock) -> None:
        self._rows = database.collection(Connection)
        self._access = AccessKeeper(box, rules)
        self._clock = clock

    async def create(self, new: NewConnection) -> Connection:
        """Add a connection. One to an account that the tenant has had before takes its place, with id and prefix.

        Raises:
            InvalidInputError: settings, secrets or the schedule do not fit.
            AddressRefusedError: nothing may be sent to the address.
            ConflictError: the tenant has the account already, or 10 connections.
            SecretsKeyError: there is no key to seal secrets with.
        """
        access = await self._demand(new)
        while True:
            key, prefix, is_known = await self._place(new.tenant_id, new.source, access.account)
            connection = self._made(new, access, key, prefix)
            if await self._insert(connection, is_known=is_known):
                return connection

    async def draft(self, new: NewConnection) -> Connection:
        """A connection to be tried before it is added; nothing is stored.

        Raises:
            InvalidInputError, AddressRefusedError, SecretsKeyError: as of `create`.
        """
        return self._made(new, await self._demand(new), f"try_{uuid4().hex}", "")

    async def get(self, connection_id: str) -> Connection:
        """One connection.

        Raises:
            ConnectionNotFoundError: there is none with this id.
        """
        row = await self._rows.find_one({"_id": connection_id, "removed_at": None})
        if row is None:
            raise ConnectionNotFoundError(connection_id)
        return _stored(row)

    async def of_tenant(self, tenant_id: str) -> list[Connection]:
        """The tenant's connections, oldest first; at most 10."""
        rows = await self._rows.find(owned(tenant_id, removed_at=None)).sort(_OLDEST_FIRST).to_list(None)
        return [_stored(row) for row in rows]

    async def change(self, connection_id: str, change: ConnectionChange) -> Connection:
        """Change a connection. Secrets that are sent elsewhere from now on have to be given anew.

        Raises:
            ConnectionNotFoundError: there is none with this id.
            ConflictError: the tenant has a connection to the account already, or has had one.
            InvalidInputError, AddressRefusedError, SecretsKeyError: as of `create`.
        """
        while True:
            known = await self.get(connection_id)
            if not (update := await self._changes(known, change)):
                return known
            unchanged = owned(known.tenant_id, _id=connection_id, removed_at=None, updated_at=known.updated_at)
            with suppress(DuplicateKeyError):  # another one has taken the account at this moment
                row = await self._rows.find_one_and_update(
                    unchanged, {"$set": update}, return_document=ReturnDocument.AFTER
                )
                if row is not None:
                    return _stored(row)

    async def draft_change(self, known: Connection, change: ConnectionChange) -> Connection:
        """The connection as a change would make it, to be tried before; nothing is stored.

        Raises:
            ConflictError, InvalidInputError, AddressRefusedError, SecretsKeyError: as of `change`.
        """
        changed: Connection = known.model_copy(update=await self._changes(known, change))
        return changed

    async def remove(self, connection_id: str) -> None:
        """Remove a connection; its tickets stay.

        Raises:
            ConnectionNotFoundError: there is none with this id.
        """
        nothing = ("cursor", "full_at", "problem", "problem_detail", "schedule_minutes", "next_run_at")
        gone: Row = {**dict.fromkeys(nothing), "settings": {}, "sealed_secrets": {}, "removed_at": self._clock.now()}
        known = await self.get(connection_id)
        among = owned(known.tenant_id, _id=connection_id, removed_at=None)
        found = await self._rows.update_one(among, {"$set": gone})
        if not found.matched_count:
            raise ConnectionNotFoundError(connection_id)

    async def note_outcome(self, connection_id: str, problem: SourceProblem | None, detail: str = "") -> None:
        """Note how a run has ended; one without a problem has read all that was to be read.

        It sets when the schedule comes next: later after failures, up to a day. `detail` is in words of ours. Nothing
        happens if the connection was removed meanwhile.
        """
        now, is_well = self._clock.now(), problem is None
        state = ConnectionState.CONNECTED if is_well else ConnectionState.FAILING
        said = {"problem": problem and problem.value, "problem_detail": detail[:_MAX_DETAIL_CHARACTERS] or None}
        counts: Row = {"failures": 0 if is_well else {"$add": ["$failures", 1]}}
        success: Row = {"last_success_at": now} if is_well else {}
        literal = {"state": state.value, "last_run_at": now, **success, **said}
        try:
            known = await self.get(connection_id)
        except ConnectionNotFoundError:
            return
        await self._rows.update_one(
            owned(known.tenant_id, _id=connection_id, removed_at=None),
            [
                {"$set": counts | {name: {"$literal": value} for name, value in literal.items()}},
                {"$set": {"next_run_at": next_run_from(now)}},
            ],
        )

    def open(self, connection: Connection) -> OpenedConnection:
        """The connection with its secrets.

        Raises:
            SecretsKeyError: they were sealed with a key that is not here.
        """
        return self._access.open(connection)

    async def _demand(self, new: NewConnection) -> DemandedAccess:
        demand_schedule(new.schedule_minutes)
        return await self._access.demand(new)

    def _made(self, new: NewConnection, access: DemandedAccess, key: str, prefix: str) -> Connection:
        now = self._clock.now()
        connection: Connection = Connection.model_construct(
            id=key,
            tenant_id=new.tenant_id,
            source=new.source,
            settings=access.settings,
            sealed_secrets=self._access.sealed(key, new.tenant_id, access.secrets),
            account=access.account,
            prefix=prefix,
            schedule_minutes=new.schedule_minutes,
            announce_from=new.announce_from or now,
            next_run_at=next_run(new.schedule_minutes, None, now),
            created_at=now,
            updated_at=now,
        )
        return connection

    async def _place(self, tenant_id: str, source: SourceKind, account: str) -> tuple[str, str, bool]:
        """The id and the prefix of a connection to come, and whether they are those of one that was removed."""
        known = [_stored(row) for row in await self._rows.find(owned(tenant_id)).to_list(None)]
        same = next((each for each in known if (each.source, each.account) == (source, account)), None)
        if same is not None and same.removed_at is None:
            raise ConflictError(f"The tenant is connected to {account} already.", connection_id=same.id)
        if sum(each.removed_at is None for each in known) >= MAX_CONNECTIONS:
            raise ConflictError(f"A tenant has at most {MAX_CONNECTIONS} connections.")
        if same is not None:
            return same.id, same.prefix, True
        return f"con_{uuid4().hex}", _free_prefix(source, {each.prefix for each in known}), False

    async def _insert(self, connection: Connection, *, is_known: bool) -> bool:
        """Whether it could be stored; not if another one has taken its place or prefix at this moment."""
        if is_known:
            removed = owned(connection.tenant_id, _id=connection.id, removed_at={"$ne": None})
            return (await self._rows.replace_one(removed, _row(connection))).matched_count > 0
        try:
            await self._rows.insert_one(_row(connection))
        except DuplicateKeyError:
            return False
        return True

    async def _changes(self, known: Connection, change: ConnectionChange) -> Row:
        """What a change does to the stored connection; nothing if nothing was asked for."""
        update: Row = {}
        if change.announce_from is not None:
            update["announce_from"] = change.announce_from
        minutes, last_run_at, now = known.schedule_minutes, known.last_run_at, self._clock.now()
        if change.schedule_minutes is not None:
            update["schedule_minutes"] = minutes = demand_schedule(change.schedule_minutes or None)
        if change.settings or change.secrets:
            update |= await self._access.changes(known, change) | {"failures": 0}
            await self._demand_free(known, update.get("account", known.account))
            last_run_at = None  # whoever mends it wants to see whether that has helped
        if "schedule_minutes" in update or "settings" in update:
            update["next_run_at"] = next_run(minutes, last_run_at, now)
        return update and update | {"updated_at": now}

    async def _demand_free(self, known: Connection, account: str) -> None:
        """No other connection of the tenant has the account, nor has had it."""
        others = owned(known.tenant_id, source=known.source.value, account=account, _id={"$ne": known.id})
        if account != known.account and await self._rows.find_one(others, {"_id": 1}) is not None:
            raise ConflictError("The tenant has, or had, another connection to this account.")


def _free_prefix(source: SourceKind, taken: Many[str]) -> str:
    """The first that no account of the tenant has: `zendesk`, `zendesk2`, ...; of `standard` the first is empty."""
    first = "" if source is SourceKind.STANDARD else source.value
    number = 1
    while (prefix := first if number == 1 else f"{source.value}{number}") in taken:
        number += 1
    return prefix


def _row(connection: Connection) -> Row:
    words = {"source": connection.source.value, "state": connection.state.value}
    return {**connection.model_dump(exclude={"id", "revision_id"}), "_id": connection.id, **words}


def _stored(row: Mapping[str, Any]) -> Connection:
    document: Connection = Connection.model_validate(row)
    return document
