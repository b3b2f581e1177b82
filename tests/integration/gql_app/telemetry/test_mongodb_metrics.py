"""Figures of connections to MongoDB and of commands, of a real server's answers."""

from contextlib import suppress

from prometheus_client import CollectorRegistry
from pymongo.errors import PyMongoError

from documents.driver import Driver
from gql_app.telemetry.mongodb import CommandMetrics, PoolMetrics
from tests.waiting import until


async def test_commands_and_their_failures_are_counted_and_every_connection_is_given_back(mongo_url: str) -> None:
    registry = CollectorRegistry()
    driver = Driver(mongo_url, listeners=[CommandMetrics(registry), PoolMetrics(registry)])
    rows = driver.client["test_listeners"]["rows"]
    await rows.drop()
    for _ in range(3):
        await rows.find_one({})
    with suppress(PyMongoError):
        await rows.find_one({"$nonsense": 1})
    with suppress(PyMongoError):
        await driver.client["test_listeners"].command("namedByAClient")

    def value(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(name, labels)

    assert value("mongodb_command_duration_seconds_count", command="find") == 4
    assert value("mongodb_command_failures_total", command="find", error="other") == 1
    assert value("mongodb_command_failures_total", command="other", error="other") == 1
    await until(lambda: value("mongodb_pool_connections", state="in_use") == 0)
    assert (value("mongodb_pool_connections", state="idle") or 0) >= 1
    assert (value("mongodb_pool_checkout_duration_seconds_count") or 0) >= 5
    driver.close()
    assert value("mongodb_pool_connections", state="idle") == 0
