"""What the REST route for spikes answers. Times are UTC."""

from datetime import datetime
from typing import Self

from documents.spike import Spike
from gql_app.rest.answers.base import Answer, NumberedPage, place_of
from services.lists.numbered import Page


class SpikeKeywordAnswer(Answer):
    """A keyword that has more of the tickets of a spike than of those before."""

    keyword: str
    tickets: int
    """How many tickets of the spike have it: `GET /tickets` with `keyword`, `created_from` and `created_to`."""
    usual_share: float
    """The share of the tickets of the four weeks before that had it."""


class SpikeAnswer(Answer):
    """Hours in which significantly more customers wrote than the same hours of earlier weeks let expect."""

    id: str
    tenant_id: str
    started_at: datetime
    until: datetime
    """The end of the last of the hours, so far. Its tickets: `created_from` and `created_to` of `GET /tickets`."""
    is_over: bool
    """Whether all has been as usual again for an hour."""
    detected_at: datetime
    tickets: int
    """Created from `started_at` to before `until`."""
    customers: int
    peak_from: datetime
    """When the worst hour began."""
    peak_customers: int
    """How many different customers wrote in that hour."""
    peak_expected: float
    peak_chance: float
    """How often so many come by chance: 0 to 1."""
    keywords: list[SpikeKeywordAnswer]
    """Those whose share of the tickets rose most; at most five."""


class SpikePage(NumberedPage):
    """A page of spikes, newest first."""

    spikes: list[SpikeAnswer]

    @classmethod
    def of(cls, page: Page[Spike]) -> Self:
        """The answer for a page."""
        return cls(spikes=[SpikeAnswer.model_validate(each) for each in page.items], **place_of(page))
