"""Tenants' own destinations: kept with sealed secrets, changed, and opened for sending."""

from collections.abc import Collection as Many
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4

from pymongo import ASCENDING, ReturnDocument

from documents.database import Database, Row
from documents.destination import Destination, DestinationFormat, SealedSecret
from documents.notification import Notification, NotificationState
from services.errors import ConflictError
from services.kit.addresses import AddressRules
from services.kit.clock import Clock
from services.kit.sealing import SecretBox
from services.notifications.receivers.changes import (
    DestinationChange,
    OpenedDestination,
    SavedDestination,
    demand_digest,
    demand_secret,
    shown,
)
from services.notifications.receivers.formats import new_secret
from services.notifications.receivers.refusals import DestinationNotFoundError, InvalidSecretError
from services.tenancy import owned, owned_by_any

MAX_DESTINATIONS = 20
"""A tenant's destinations at most."""
OLD_SECRET_LIVES = timedelta(hours=24)
"""How long a secret is still used beside the one that took its place."""
MAX_SECRETS = 3
NO_DESTINATION = "its destination was deleted"


class Destinations:
    """Keeps destinations; who may see them is for others to know."""

    def __init__(self, database: Database, box: SecretBox, rules: AddressRules, clock: Clock) -> None:
        self._rows = database.collection(Destination)
        self._notifications = database.collection(Notification)
        self._box = box
        self._rules = rules
        self._clock = clock

    async def create(
        self,
        tenant_id: str,
        url: str,
        format_: DestinationFormat,
        *,
        secret: str | None = None,
        digest_above: int | None = None,
        spikes: bool = True,
    ) -> SavedDestination:
        """Add a destination; for `webhook` without a secret, one is made.

        Raises:
            AddressRefusedError: nothing may be sent to the address.
            InvalidSecretError: the secret is broken, or the format has none.
            InvalidInputError: a digest does not fit.
            ConflictError: the tenant has 20 already.
            SecretsKeyError: there is no key to seal secrets with.
        """
        parsed = await self._rules.check(url)
        made = new_secret() if secret is None and format_ is DestinationFormat.WEBHOOK else None
        signing = demand_secret(format_, secret) or made
        if await self._rows.count_documents(owned(tenant_id), limit=MAX_DESTINATIONS) >= MAX_DESTINATIONS:
            raise ConflictError(f"A tenant has at most {MAX_DESTINATIONS} destinations.")
        now, key = self._clock.now(), f"dst_{uuid4().hex}"
        destination = Destination.model_construct(
            id=key,
            tenant_id=tenant_id,
            format=format_,
            sealed_url=self._box.seal(url, _place(key, tenant_id, "url")),
            shown_url=shown(parsed, format_),
            secrets=[self._sealed(key, tenant_id, signing)] if signing else [],
            digest_above=demand_digest(format_, digest_above),
            spikes=spikes,
            is_paused=False,
            created_at=now,
            updated_at=now,
        )
        await self._rows.insert_one(_row(destination))
        return SavedDestination(destination, made)

    async def get(self, destination_id: str) -> Destination:
        """One destination.

        Raises:
            DestinationNotFoundError: there is none with this id.
        """
        row = await self._rows.find_one({"_id": destination_id})
        if row is None:
            raise DestinationNotFoundError(destination_id)
        return _stored(row)

    async def of_tenant(self, tenant_id: str) -> list[Destination]:
        """The tenant's destinations, oldest first; at most 20."""
        return (await self.of_tenants([tenant_id])).get(tenant_id, [])

    async def of_tenants(self, tenant_ids: Sequence[str]) -> dict[str, list[Destination]]:
        """The destinations of those of the tenants that have any, each tenant's oldest first."""
        order = [("created_at", ASCENDING), ("_id", ASCENDING)]
        rows = await self._rows.find(owned_by_any(tenant_ids)).sort(order).to_list(None)
        found: dict[str, list[Destination]] = {}
        for row in rows:
            found.setdefault(row["tenant_id"], []).append(_stored(row))
        return found

    async def by_ids(self, ids: Many[str]) -> dict[str, Destination]:
        """Those of the destinations that exist, by id."""
        rows = await self._rows.find({"_id": {"$in": list(ids)}}).to_list(None)
        return {row["_id"]: _stored(row) for row in rows}

    async def change(self, destination_id: str, change: DestinationChange) -> SavedDestination:
        """Change a destination. A secret that is replaced stays valid for 24 h beside the new one.

        Raises:
            DestinationNotFoundError: there is none with this id.
            AddressRefusedError, InvalidSecretError, InvalidInputError, SecretsKeyError: as of `create`.
        """
        known = await self.get(destination_id)
        changed: Row = {"updated_at": self._clock.now()}
        if change.url is not None:
            parsed = await self._rules.check(change.url)
            changed["sealed_url"] = self._box.seal(change.url, _place(known.id, known.tenant_id, "url"))
            changed["shown_url"] = shown(parsed, known.format)
        if change.rotate_secret and change.secret is not None:
            raise InvalidSecretError("Give a secret, or have one made, not both.")
        made = new_secret() if change.rotate_secret else None
        if signing := demand_secret(known.format, change.secret or made):
            changed["secrets"] = [each.model_dump() for each in self._rotated(known, signing)]
        if change.digest_above is not None:
            changed["digest_above"] = demand_digest(known.format, change.digest_above) if change.digest_above else None
        switched = {"is_paused": change.is_paused, "spikes": change.spikes}
        changed |= {name: value for name, value in switched.items() if value is not None}
        row = await self._rows.find_one_and_update(
            owned(known.tenant_id, _id=destination_id), {"$set": changed}, return_document=ReturnDocument.AFTER
        )
        if row is None:
            raise DestinationNotFoundError(destination_id)
        return SavedDestination(_stored(row), made)

    async def delete(self, destination_id: str) -> None:
        """Remove a destination; what waits for it becomes dead letters.

        Raises:
            DestinationNotFoundError: there is none with this id.
        """
        known = await self.get(destination_id)
        if not (await self._rows.delete_one(owned(known.tenant_id, _id=destination_id))).deleted_count:
            raise DestinationNotFoundError(destination_id)
        await self.abandon(destination_id)

    async def abandon(self, destination_id: str) -> int:
        """Make dead letters of what waits for a destination that is no more; returns how many there were."""
        waiting = {"state": NotificationState.PENDING.value, "destination_id": destination_id}
        update = {"$set": {"state": NotificationState.DEAD.value, "last_error": NO_DESTINATION, "claim": None}}
        return (await self._notifications.update_many(waiting, update)).modified_count

    def open(self, destination: Destination) -> OpenedDestination:
        """Its address and the secrets that are valid now.

        Raises:
            SecretsKeyError: they were sealed with a key that is not here.
        """
        now = self._clock.now()
        secrets = [each for each in destination.secrets if each.valid_until is None or each.valid_until > now]
        return OpenedDestination(
            destination,
            self._box.open(destination.sealed_url, _place(destination.id, destination.tenant_id, "url")),
            tuple(self._box.open(each.sealed, _place(destination.id, destination.tenant_id)) for each in secrets),
        )

    def _rotated(self, known: Destination, secret: str) -> list[SealedSecret]:
        until = self._clock.now() + OLD_SECRET_LIVES
        old = [each.model_copy(update={"valid_until": each.valid_until or until}) for each in known.secrets]
        return [self._sealed(known.id, known.tenant_id, secret), *old][:MAX_SECRETS]

    def _sealed(self, key: str, tenant_id: str, secret: str) -> SealedSecret:
        return SealedSecret(sealed=self._box.seal(secret, _place(key, tenant_id)))


def _place(key: str, tenant_id: str, what: str = "secret") -> str:
    """Where a secret belongs; sealed with it, it opens nowhere else."""
    return f"destination {what} of {key} of {tenant_id}"


def _row(destination: Destination) -> Row:
    return {
        **destination.model_dump(exclude={"id", "revision_id"}),
        "_id": destination.id,
        "format": destination.format.value,
    }


def _stored(row: Mapping[str, Any]) -> Destination:
    document: Destination = Destination.model_validate(row)
    return document
