"""The pages of one run in the order of its course, each as portions that one transaction can hold."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from functools import partial

from documents.database import Row
from services.ingestion.courses.course import Course, Step
from services.ingestion.courses.stream import StreamCourse
from services.ingestion.run import FetchedPage, Run, RunUpstream
from services.sources.pages import Detail, PagePlace
from services.sources.records.records import PageRecords

PORTION_RECORDS = 500
"""A page is stored in one piece up to so many records. Upstream is asked for 100 at most, and may send more."""


@dataclass(frozen=True, slots=True)
class Portion:
    """Records that are stored together, with the checkpoint that holds once they are."""

    number: int
    """Which portion of the run it is, from 1; a page that is read twice has two numbers."""
    page: int | None
    """The number of the page that begins with it; None: none does that was not counted already."""
    records: PageRecords
    size: int
    known: frozenset[int]
    """The positions of records that this run has read before."""
    next: PagePlace
    last: PagePlace | None
    total: int | None
    pages: int | None
    retries: int
    remarks: tuple[str, ...]
    details: Sequence[Detail] = ()
    """What is told of tickets that later pages show."""
    resume: PagePlace | None = None
    """Where the next run begins once this is stored; None: nothing is known of that."""
    left_out: frozenset[str] = frozenset()
    """Tickets of the tenant's, by their ids, that may not be stored (`protected`)."""
    forgotten: tuple[Row, ...] = ()
    """The rows by which those of them are known that were erased."""


async def portions(
    run: Run, upstream: RunUpstream, course: Course | StreamCourse, start: PagePlace
) -> AsyncGenerator[Portion, None]:
    """Fetch page after page, from `start` to where the course ends, and normalise the records.

    The checkpoint of the last portion leads to its own page: the walk is complete only when whoever follows it has
    looked for signs that the list moved.
    """
    place: PagePlace | None = start
    mixes_tenants = run.job.skipped > 0
    while place is not None:
        fetched = await upstream.page(place)
        pieces = await _normalised(upstream, fetched, run.tenant_id, mixes_tenants=mixes_tenants)
        mixes_tenants = any(piece.mixes_tenants for piece in pieces)
        born = {name: ticket.created_at for piece in pieces for name, ticket in piece.own.items()}
        step = course.arrived(place, fetched.page, born)
        page = run.begin_page(place)
        for index, piece in enumerate(pieces):
            number, is_last = run.begin_portion(), index == len(pieces) - 1
            run.go_on()
            yield _portion(number, page, piece, index * PORTION_RECORDS, place, step, fetched, is_last=is_last)
            page = None
        place = step.next


async def _normalised(
    upstream: RunUpstream, fetched: FetchedPage, tenant_id: str, *, mixes_tenants: bool
) -> list[PageRecords]:
    """In threads: it takes some ms of computing a page, in which this process has requests to answer."""
    records = fetched.page.records
    cuts = range(0, max(1, len(records)), PORTION_RECORDS)
    normalise = partial(upstream.source.normalise, tenant_id=tenant_id, mixes_tenants=mixes_tenants)
    pieces = [await asyncio.to_thread(normalise, records[cut : cut + PORTION_RECORDS]) for cut in cuts]
    if not mixes_tenants and len(pieces) > 1 and any(piece.mixes_tenants for piece in pieces):
        return await _normalised(upstream, fetched, tenant_id, mixes_tenants=True)  # the first ones did not know yet
    return pieces


def _portion(
    number: int,
    page: int | None,
    records: PageRecords,
    offset: int,
    place: PagePlace,
    step: Step,
    fetched: FetchedPage,
    *,
    is_last: bool,
) -> Portion:
    size = min(PORTION_RECORDS, len(fetched.page.records) - offset)
    return Portion(
        number=number,
        page=page,
        records=records,
        size=size,
        known=frozenset(at - offset for at in step.known if offset <= at < offset + size),
        next=step.next if is_last and step.next is not None else place,
        last=None if step.goes_back else place,
        total=fetched.page.total,
        pages=fetched.page.pages,
        retries=fetched.retries if is_last else 0,
        remarks=step.remarks if is_last else (),
        details=fetched.page.details if is_last else (),
        resume=fetched.page.resume if is_last else None,
    )
