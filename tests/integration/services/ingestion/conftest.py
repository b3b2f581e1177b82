"""What tests of runs over connections share."""

from collections.abc import AsyncIterator

import pytest

from documents.database import Database
from resolvers.context import Services
from tests.fakes import ScriptedTransport, make_settings, open_services, running


@pytest.fixture
async def at_work(db: Database) -> AsyncIterator[Services]:
    """Every service with a worker at work, which gives up at once on help desks that fail."""
    settings = make_settings(upstream_patience_seconds=0.1)
    async with open_services(db, ScriptedTransport(), settings) as services:
        assert services.worker is not None
        async with running(services.worker):
            yield services
