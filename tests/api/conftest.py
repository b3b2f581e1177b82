"""What all tests of the interfaces share."""

import pytest

from tests.fakes import MockApi


@pytest.fixture
def mock_api() -> MockApi:
    """The external API, with two pages of tickets for tenant_a: interfaces show nothing more with more of them."""
    return MockApi(ticket_count=100)
