"""Builds the services about whom tenants name outside: their destinations, and their help desks."""

from typing import TypedDict

import httpx

from documents.database import Database
from gql_app.settings import Settings
from services.connections.connections import Connections
from services.connections.opening import CONNECT_SECONDS, ReadingTerms, Sources
from services.kit.addresses import AddressRules
from services.kit.clock import Clock
from services.kit.sealing import SecretBox, key_of_file, parse_keys
from services.notifications.circuits import Circuits
from services.notifications.receivers.answers import Notifier
from services.notifications.receivers.destinations import Destinations
from services.notifications.receivers.targets import Targets
from services.notifications.waiting import Waiting
from services.observing import Observer
from services.sources.source import Source

SECRETS_KEY_FILE = "secrets.key"


class DestinationServices(TypedDict):
    """Who is told of urgent tickets, and the circuit breakers before them; by their names among `Services`."""

    destinations: Destinations
    targets: Targets
    circuits: Circuits
    waiting: Waiting


class ConnectionServices(TypedDict):
    """Where tickets come from; likewise."""

    connections: Connections
    sources: Sources


def build_destinations(
    settings: Settings, database: Database, http: httpx.AsyncClient, base_url: str, clock: Clock
) -> DestinationServices:
    """`http` and `base_url` are those of the operator's notifier, unless the settings name another URL."""
    rules = AddressRules(allow_private=settings.allow_private_destinations)
    destinations = Destinations(database, _box(settings), rules, clock)
    url = settings.notify_url or base_url.rstrip("/") + "/notify"
    default = Notifier(http, url, request_seconds=settings.notify_timeout_seconds)
    circuits = Circuits(
        database,
        open_seconds=settings.circuit_open_seconds,
        permit_seconds=settings.notify_timeout_seconds + CONNECT_SECONDS,
    )
    return {
        "destinations": destinations,
        "targets": Targets(default, destinations, rules, clock),
        "circuits": circuits,
        "waiting": Waiting(circuits, destinations),
    }


def build_connections(
    settings: Settings, database: Database, default: Source, clock: Clock, terms: ReadingTerms, observer: Observer
) -> ConnectionServices:
    """`default`: what tenants without connections read."""
    rules = AddressRules(allow_private=settings.allow_private_destinations, allow_loopback=True)
    connections = Connections(database, _box(settings), rules, clock)
    return {
        "connections": connections,
        "sources": Sources(default, connections, database, rules, clock, terms, observer=observer),
    }


def _box(settings: Settings) -> SecretBox:
    return SecretBox(lambda: _secrets_keys(settings))


def _secrets_keys(settings: Settings) -> list[bytes]:
    """The keys of stored secrets; with an embedded MongoDB, that of a file beside it unless the settings have any."""
    if settings.secrets_key is not None:
        return parse_keys(settings.secrets_key.get_secret_value())
    return [key_of_file(settings.data_dir / SECRETS_KEY_FILE)] if settings.mongo_url is None else []
