"""Tenants' own destinations: kept with sealed secrets, changed, and opened for sending."""

from collections.abc import Collection as Many
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
from pymongo import ASCENDING, ReturnDocument

from documents.database import Database, Row
from documents.destination import Destination, DestinationFormat, SealedSecret
from services.errors import ConflictError, InvalidInputError
from services.kit.clock import Clock
from services.kit.sealing import SecretBox
from services.notifications.receivers.addresses import AddressRules
from services.notifications.receivers.formats import new_secret, secret_bytes
from services.notifications.refusals import DestinationNotFoundError, InvalidSecretError
from services.tenancy import owned, owned_by_any

MAX_DESTINATIONS = 20
"""A tenant's destinations at most."""
MAX_DIGEST = 1_000
OLD_SECRET_LIVES = timedelta(hours=24)
"""How long a secret is still used beside the one that took its place."""
MAX_SECRETS = 3


@dataclass(frozen=True, slots=True)
class DestinationChange:
    """What is to be changed; what is None stays."""

    url: str | None = None
    secret: str | None = None
    """A new signing secret."""
    rotate_secret: bool = False
    """Make a new signing secret."""
    digest_above: int | None = None
    """0: no digests any more."""
    is_paused: bool | None = None


@dataclass(frozen=True, slots=True)
class SavedDestination:
    """A destination as it is now, and the secret that was made for it."""

    destination: Destination
    secret: str | None = field(default=None, repr=False)
    """Shown this once; None: none was made."""


@dataclass(frozen=True, slots=True)
class OpenedDestination:
    """A destination that can be sent to."""

    destination: Destination
    url: str = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)
    """Those that are valid now, the present one first."""


class Destinations:
    """Keeps destinations; who may see them is for others to know."""

    def __init__(self, database: Database, box: SecretBox, rules: AddressRules, clock: Clock) -> None:
        self._rows = database.collection(Destination)
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
        signing = _demand_secret(format_, secret) or made
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
            digest_above=_demand_digest(format_, digest_above),
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
        if signing := _demand_secret(known.format, change.secret or made):
            changed["secrets"] = [each.model_dump() for each in self._rotated(known, signing)]
        if change.digest_above is not None:
            changed["digest_above"] = _demand_digest(known.format, change.digest_above) if change.digest_above else None
        if change.is_paused is not None:
            changed["is_paused"] = change.is_paused
        row = await self._rows.find_one_and_update(
            {"_id": destination_id}, {"$set": changed}, return_document=ReturnDocument.AFTER
        )
        if row is None:
            raise DestinationNotFoundError(destination_id)
        return SavedDestination(_stored(row), made)

    async def delete(self, destination_id: str) -> None:
        """Remove a destination.

        Raises:
            DestinationNotFoundError: there is none with this id.
        """
        if not (await self._rows.delete_one({"_id": destination_id})).deleted_count:
            raise DestinationNotFoundError(destination_id)

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


def shown(url: httpx.URL, format_: DestinationFormat) -> str:
    """An address without what lets others use it: the query, and of Slack's also the path."""
    origin = f"{url.scheme}://{url.netloc.decode()}"
    if format_ is DestinationFormat.SLACK:
        return f"{origin}/..."
    return f"{origin}{url.path}{'?...' if url.query else ''}"


def _demand_secret(format_: DestinationFormat, secret: str | None) -> str | None:
    if secret is None:
        return None
    if format_ is not DestinationFormat.WEBHOOK:
        raise InvalidSecretError(f"The format {format_.value!r} is not signed; leave the secret out.")
    secret_bytes(secret)
    return secret


def _demand_digest(format_: DestinationFormat, above: int | None) -> int | None:
    if above is None:
        return None
    if format_ is DestinationFormat.SPECIFICATION:
        raise InvalidInputError("The format 'specification' knows no digest.")
    if not 1 <= above <= MAX_DIGEST:
        raise InvalidInputError(f"digest_above must be 1 to {MAX_DIGEST:,}.")
    return above


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
