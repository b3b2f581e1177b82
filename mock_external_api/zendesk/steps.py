"""One random realistic change at a time, for tests of random histories."""

import random
from collections.abc import Callable

from mock_external_api.texts.compose import draw_topics
from mock_external_api.zendesk.book.records import DeskTicket
from mock_external_api.zendesk.book.sample import AGENT_LINES, CHANNELS, PRIORITIES, TAGS, customer_line, ticket_texts
from mock_external_api.zendesk.desk import ZendeskDesk

_WEIGHTS = {
    "create": 20,
    "customer_comment": 15,
    "agent_comment": 15,
    "set_status": 12,
    "set_custom_status": 6,
    "set_priority": 6,
    "set_tags": 6,
    "assign": 4,
    "system_update": 4,
    "delete": 3,
    "restore": 3,
    "merge": 2,
    "redact": 2,
    "several_in_one_second": 2,
}
_TRIES = 20


def random_step(desk: ZendeskDesk, dice: random.Random) -> str:
    """Make one random change that the help desk allows, and return its name."""
    while True:
        (name,) = dice.choices(tuple(_WEIGHTS), tuple(_WEIGHTS.values()))
        if _take(desk, dice, name):
            return name


def _take(desk: ZendeskDesk, dice: random.Random, name: str) -> bool:
    """Make the change, if there is a ticket for it."""
    if name == "create":
        source = dice.choice(tuple(CHANNELS))
        (topic,) = draw_topics(dice, 1)
        subject, body = ticket_texts(dice, topic, source)
        desk.create(subject, body, channel=CHANNELS[source], priority=dice.choice((None, *PRIORITIES)))
        return True
    if name == "several_in_one_second":
        desk.many_in_one_second(dice.randrange(2, 6))
        return True
    ticket = _pick(desk, dice, _FITTING.get(name, lambda each: each.editable))
    if ticket is None:
        return False
    match name:
        case "customer_comment":
            desk.customer_comment(ticket.id, customer_line(dice, ticket))
        case "agent_comment":
            desk.agent_comment(ticket.id, dice.choice(AGENT_LINES), public=dice.random() < 0.7)
        case "set_status":
            desk.set_status(ticket.id, dice.choice(_next_statuses(ticket)))
        case "merge":
            other = _pick(desk, dice, lambda each: each.editable and each is not ticket)
            if other is None:
                return False
            desk.merge(ticket.id, other.id)
        case _:
            _change(desk, dice, ticket, name)
    return True


def _change(desk: ZendeskDesk, dice: random.Random, ticket: DeskTicket, name: str) -> None:
    match name:
        case "set_custom_status":
            desk.set_custom_status(ticket.id, dice.randrange(7106, 7110))
        case "set_priority":
            desk.set_priority(ticket.id, dice.choice((None, *PRIORITIES)))
        case "set_tags":
            desk.set_tags(ticket.id, dice.sample(TAGS, dice.randrange(4)))
        case "assign":
            desk.assign(ticket.id, dice.choice((None, *desk.book.people.agents)))
        case "redact":
            comment = dice.choice(ticket.comments)
            desk.redact(ticket.id, comment.id, dice.choice(comment.body.split() or [comment.body]))
        case "delete":
            desk.delete(ticket.id)
        case "restore":
            desk.restore(ticket.id)
        case "system_update":
            desk.system_update(ticket.id)


def _next_statuses(ticket: DeskTicket) -> tuple[str, ...]:
    return ("closed", "open") if ticket.status == "solved" else ("open", "pending", "hold", "solved")


_FITTING: dict[str, Callable[[DeskTicket], bool]] = {
    "customer_comment": lambda ticket: ticket.status != "deleted",
    "restore": lambda ticket: ticket.status == "deleted",
    "delete": lambda ticket: ticket.status != "deleted",
    "system_update": lambda ticket: ticket.status != "deleted",
    "redact": lambda ticket: ticket.editable and bool(ticket.comments),
}


def _pick(desk: ZendeskDesk, dice: random.Random, fits: Callable[[DeskTicket], bool]) -> DeskTicket | None:
    """Return a random ticket that fits, None when chance finds none."""
    count = len(desk.book.tickets)
    for _ in range(_TRIES if count else 0):
        ticket = desk.book.tickets[dice.randrange(1, count + 1)]
        if fits(ticket):
            return ticket
    return None
