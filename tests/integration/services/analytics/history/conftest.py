"""What the tests of the history's figures have in common."""

import pytest

from services.rollups import joins


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tickets are looked up in several batches, however few there are."""
    monkeypatch.setattr(joins, "BATCH", 2)
