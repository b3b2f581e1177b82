"""What tests of notifications ask for: the outbox, and a destination that notes what it is sent."""

from collections.abc import Iterator

import pytest

from documents.database import Database
from tests.notifying import Outbox
from tests.receiver import Receiver, receiving


@pytest.fixture
def outbox(db: Database) -> Outbox:
    return Outbox(db)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver
