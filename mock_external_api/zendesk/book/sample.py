"""Fills the book with sample tickets and what became of them, in the order of time."""

import gc
import random
from collections.abc import Iterator, Sequence

from mock_external_api.texts.bank import Topic
from mock_external_api.texts.compose import compose, draw_topics
from mock_external_api.texts.mail import as_received, reply_as_text
from mock_external_api.zendesk.book.ledger import TicketBook
from mock_external_api.zendesk.book.records import DeskTicket, via
from mock_external_api.zendesk.book.rules import (
    agent_replies,
    change_fields,
    customer_replies,
    delete_ticket,
    merge_tickets,
)
from mock_external_api.zendesk.book.statuses import CUSTOM_STATUSES

PRIORITIES = ("urgent", "high", "normal", "low")
TAGS = ("billing", "delivery", "vip", "refund", "app", "login", "warranty", "b2b")
AGENT_LINES = (
    "Thank you for writing. We are looking into it.",
    "Could you send us the order number, please?",
    "We have passed this on to the warehouse.",
    "A replacement leaves our house today.",
)
CUSTOMER_LINES = (
    "Is there any news?",
    "The number is on the invoice that I attached last week.",
    "It works again, thank you!",
    "That did not help, it happens again every morning.",
)
CHANNELS = {"email": "email", "web": "web", "chat": "chat", "phone": "voice", "api": "api"}
"""Our texts' sources, and the channel under which such a ticket comes in."""
_DAY = 86_400
_STEPS = ("reply", "ask", "answer", "priority", "tags", "solve", "close", "delete", "merge", "custom")
_WEIGHTS = (30, 12, 20, 10, 10, 30, 10, 1.5, 1, 6)

Step = tuple[int, int, str]
"""When (seconds since 1970), which ticket, what."""


def fill_book(book: TicketBook, rng: random.Random, count: int, first: int, last: int) -> None:
    """Write `count` tickets and their lives into an empty book, from the second `first` to the second `last`."""
    if not count:
        return
    moments = sorted(rng.randrange(first, last) for _ in range(count))
    gc.disable()  # what is made here stays: looking through it again and again is a third of the time
    try:
        _play(book, rng, moments, last)
    finally:
        gc.enable()


def _play(book: TicketBook, rng: random.Random, moments: Sequence[int], last: int) -> None:
    topics = draw_topics(rng, len(moments))
    steps = [step for number, at in enumerate(moments, 1) for step in _life(rng, number, at, last)]
    steps.sort()
    for at, number, what in steps:
        if what == "":
            source = rng.choice(tuple(CHANNELS))
            write_ticket(book, rng, at, *ticket_texts(rng, topics[number - 1], source), source)
        else:
            _live(book, rng, book.tickets[number], at, what)


def ticket_texts(rng: random.Random, topic: Topic, source: str) -> tuple[str, str]:
    """Subject and first comment of a ticket, as Zendesk has them: it makes texts of mails."""
    return as_received(rng, topic, source, *compose(rng, topic, source), html_share=0)


def customer_line(rng: random.Random, ticket: DeskTicket) -> str:
    """What a customer writes later, through the channel by which the ticket came."""
    return reply_as_text(rng, ticket.record["via"]["channel"], rng.choice(CUSTOMER_LINES))


def write_ticket(book: TicketBook, rng: random.Random, at: int, subject: str, body: str, source: str) -> DeskTicket:
    """Let a customer, drawn with `rng`, open a ticket."""
    priority, tags = rng.choice((None, None, *PRIORITIES)), rng.sample(TAGS, rng.randrange(3))
    requester = rng.choice(book.people.customers)
    return book.open_ticket(at, subject, body, requester, via(CHANNELS[source]), {"priority": priority, "tags": tags})


def _life(rng: random.Random, number: int, at: int, last: int) -> Iterator[Step]:
    yield at, number, ""
    for what in _draw_steps(rng):
        at += 1 + int(rng.expovariate(1 / _DAY))
        if at > last:
            return
        yield at, number, what


def _draw_steps(rng: random.Random) -> Sequence[str]:
    return rng.choices(_STEPS, _WEIGHTS, k=rng.randrange(5))


def _live(book: TicketBook, rng: random.Random, ticket: DeskTicket, at: int, what: str) -> None:
    agent = rng.choice(book.people.agents)
    if what == "delete" and ticket.status != "deleted":
        return delete_ticket(book, ticket, at, agent)
    if not ticket.editable:
        return None
    match what:
        case "reply" | "ask" | "solve":
            status = {"reply": None, "ask": "pending", "solve": "solved"}[what]
            agent_replies(book, ticket, at, agent, rng.choice(AGENT_LINES), public=rng.random() < 0.8, status=status)
        case "answer":
            customer_replies(book, ticket, at, customer_line(rng, ticket))
        case "merge":
            target = book.tickets[rng.randrange(1, len(book.tickets) + 1)]
            if target.editable and target is not ticket:
                merge_tickets(book, ticket, target, at, agent)
        case "close" if ticket.status != "solved":
            return None
        case _:
            change_fields(book, ticket, at, agent, _new_fields(rng, what))
    return None


def _new_fields(rng: random.Random, what: str) -> dict[str, object]:
    match what:
        case "priority":
            return {"priority": rng.choice(PRIORITIES)}
        case "tags":
            return {"tags": rng.sample(TAGS, rng.randrange(4))}
        case "custom":
            return {"custom_status_id": rng.choice(CUSTOM_STATUSES).id}
        case _:
            return {"status": "closed"}
