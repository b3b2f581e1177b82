import pytest

from documents.ticket import StatusCategory
from services.statuses import CLOSING_WORDS, category_of, spellings_of


@pytest.mark.parametrize(
    "status",
    [
        *CLOSING_WORDS,
        *("Closed", "CLOSED", " solved ", "closed successful", "resolved_by_bot", "merged into 123", "spam!"),
    ],
)
def test_closed(status: str) -> None:
    assert category_of(status) is StatusCategory.CLOSED


@pytest.mark.parametrize(
    "status",
    [
        *("pending", "Hold", "on hold", "On-Hold", "on_hold", "onhold", "snoozed", "waiting"),
        *("waiting for customer", "WAITING_ON_US", "pending reminder", "pending auto close+"),
    ],
)
def test_pending(status: str) -> None:
    assert category_of(status) is StatusCategory.PENDING


@pytest.mark.parametrize(
    "status",
    [
        *("open", "new", "reopened", "in progress", "escalated", "4", "", "unknown", "not closed", "unsolved"),
        *("disclosed", "closedness", "holding", "spammer", None, 4, ["closed"], {"name": "closed"}, True),
    ],
)
def test_everything_else_is_open(status: object) -> None:
    assert category_of(status) is StatusCategory.OPEN


def test_a_status_may_be_stored_as_others_write_it_or_as_we_do() -> None:
    assert spellings_of("On  Hold") == ["On  Hold", "on hold"]
    assert spellings_of("open") == ["open"]
