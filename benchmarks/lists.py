"""The thousandth page of a list against the first."""

from benchmarks.report import Chapter, Finding
from benchmarks.stage import Stage
from benchmarks.timing import medians, ms
from documents.database import connect
from services.lists.cursors import Cursor
from services.lists.keyset import Window
from services.tickets.filter import TicketFilter
from services.tickets.ordering import NEWEST_FIRST
from services.tickets.reading import Tickets

TENANT = "t100k"
PAGE_SIZE = 20
DEEP = 1_000
LARGEST_RATIO = 1.5
ALL = TicketFilter()

METHOD = f"""Pages of {PAGE_SIZE} tickets, newest first, of the tenant with 100,000 tickets. GraphQL follows cursors;
REST's numbered pages count all tickets on every page, which is most of what they cost."""


async def measure(stage: Stage) -> Chapter:
    """Measure both kinds of pages."""
    database = await connect(stage.mongo_url, stage.database)
    tickets = Tickets(database)
    after = await _cursor_before_page(tickets, DEEP)
    along_cursors = await medians(
        {
            "first": lambda: tickets.slice(TENANT, ALL, Window(limit=PAGE_SIZE)),
            "deep": lambda: tickets.slice(TENANT, ALL, Window(limit=PAGE_SIZE, after=after)),
        },
        stage.rounds(100),
    )
    numbered = await medians(
        {
            "first": lambda: tickets.page(TENANT, ALL, page=1, page_size=PAGE_SIZE),
            "deep": lambda: tickets.page(TENANT, ALL, page=DEEP, page_size=PAGE_SIZE),
        },
        stage.rounds(30),
    )
    database.close()
    findings = []
    for kind, taken in (("along cursors (GraphQL)", along_cursors), ("numbered (REST)", numbered)):
        ratio = taken["deep"] / taken["first"]
        figures = f"{ms(taken['deep'])}, the first {ms(taken['first'])}: {ratio:.2f} of it"
        findings.append(Finding(f"page {DEEP:,}, {kind}", figures, "at most 1.5 of the first", ratio <= LARGEST_RATIO))
    return Chapter("Lists", METHOD, findings)


async def _cursor_before_page(tickets: Tickets, page: int) -> Cursor:
    before = await tickets.page(TENANT, ALL, page=page - 1, page_size=PAGE_SIZE)
    return NEWEST_FIRST.place(before.items[-1])
