"""What lets us into a help desk: checked, sealed, changed and opened."""

from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from documents.connection import Connection
from documents.database import Row
from services.connections.changes import ConnectionChange, NewConnection, OpenedConnection, changed
from services.connections.kinds import Named, account_of, address_of, demand_fitting
from services.errors import InvalidInputError
from services.kit.addresses import AddressRules
from services.kit.sealing import SecretBox

_KEPT = "-"
"""Stands for a secret that stays: nobody has to open it for that."""


@dataclass(frozen=True, slots=True)
class DemandedAccess:
    """Settings and secrets that fit each other."""

    settings: Named
    secrets: Named
    account: str


class AccessKeeper:
    """Knows which addresses may be asked, and the key of secrets."""

    def __init__(self, box: SecretBox, rules: AddressRules) -> None:
        self._box = box
        self._rules = rules

    async def demand(self, new: NewConnection) -> DemandedAccess:
        """What was given, if it fits.

        Raises:
            InvalidInputError: settings or secrets do not fit.
            AddressRefusedError: nothing may be sent to the address.
        """
        settings, secrets = demand_fitting(new.source, new.settings, new.secrets)
        await self._rules.check(address_of(new.source, settings))
        return DemandedAccess(settings, secrets, account_of(new.source, settings))

    def sealed(self, key: str, tenant_id: str, secrets: Named) -> dict[str, str]:
        """The secrets as they are stored with a connection.

        Raises:
            SecretsKeyError: there is no key to seal them with.
        """
        return {name: self._box.seal(text, _spot(name, key, tenant_id)) for name, text in secrets.items()}

    def open(self, connection: Connection) -> OpenedConnection:
        """The connection with its secrets.

        Raises:
            SecretsKeyError: they were sealed with a key that is not here.
        """
        sealed = connection.sealed_secrets
        spots = {name: _spot(name, connection.id, connection.tenant_id) for name in sealed}
        return OpenedConnection(connection, {name: self._box.open(sealed[name], spots[name]) for name in sealed})

    async def changes(self, known: Connection, change: ConnectionChange) -> Row:
        """What a change of settings and secrets does to the stored connection.

        Raises:
            InvalidInputError: they do not fit, or a secret that stays would be sent to another address.
            AddressRefusedError, SecretsKeyError: as of `demand` and `sealed`.
        """
        settings, secrets = demand_fitting(
            known.source,
            changed(known.source, known.settings, change.settings),
            changed(known.source, dict.fromkeys(known.sealed_secrets, _KEPT), change.secrets),
        )
        fresh = _given(change.secrets)
        stays = [name for name in secrets if name not in fresh]
        address = await self._rules.check(address_of(known.source, settings))
        if stays and _origin(address) != _origin(httpx.URL(address_of(known.source, known.settings))):
            raise InvalidInputError(f"The secrets would be sent to another address than before: give {stays[0]} again.")
        sealed = self.sealed(known.id, known.tenant_id, {name: secrets[name] for name in fresh})
        update: Row = {
            "settings": settings,
            "sealed_secrets": {name: known.sealed_secrets[name] for name in stays} | sealed,
        }
        account = account_of(known.source, settings)
        return update if account == known.account else update | {"account": account, "cursor": None, "full_at": None}


def _given(secrets: Mapping[str, str | None]) -> set[str]:
    return {name for name, text in secrets.items() if text is not None and text.strip()}


def _origin(address: httpx.URL) -> tuple[str, bytes]:
    return address.scheme, address.netloc


def _spot(name: str, key: str, tenant_id: str) -> str:
    """Where a secret belongs; sealed with it, it opens nowhere else."""
    return f"connection {name} of {key} of {tenant_id}"
