"""`python -m benchmarks.attempt_order`: in which order, and how many at once, should a page's urgent tickets be tried?

A simulation of the notifier of the contract (fails each ticket twice, takes 0.1 to 0.5 s, 503 for 30 s after 10
failures in a row) behind our circuit breaker; prints the table of docs/notifications.md within a minute. All rows are
due from the same moment on, as those of one page are.
"""

import heapq
import random
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from services.notifications.breaker_updates import AT_FIRST, FAILURES_TO_OPEN, MAX_ALLOWANCE, WINDOW_SIZE
from services.notifications.claims import FINISH_UP_TO, LAST
from services.notifications.judging import RETRIES

PAGES = (16, 50)
"""How many urgent tickets a page has."""
FAILURES_PER_TICKET = 2
OPEN_SECONDS = 30.0
OUTAGE_AFTER = 10
OUTAGE_SECONDS = 30.0
RUNS = 60

Order = Callable[["Simulation", Sequence["Ticket"]], "Ticket"]


@dataclass
class Ticket:
    """A notification, as it is known here and to the notifier."""

    number: int
    failures: int = 0
    judged: int = 0
    due: float = 0.0
    is_sending: bool = False
    is_delivered: bool = False


@dataclass
class Simulation:
    """One run."""

    order: Order
    allowed_at_first: int
    chance: random.Random
    tickets: list[Ticket]
    now: float = 0.0
    first: float = 0.0
    """When the first ticket was delivered."""
    state: str = "closed"
    window: list[bool] = field(default_factory=list)
    allowance: float = 0.0
    in_flight: int = 0
    generation: int = 0
    opened_at: float = 0.0
    openings: int = 0
    requests: int = 0
    in_a_row: int = 0
    outage_until: float = -1.0
    outages: int = 0
    answers: list[tuple[float, int, Ticket, bool, int]] = field(default_factory=list)

    def run(self) -> float:
        """Deliver everything; returns the seconds that it took."""
        self.allowance = self.allowed_at_first
        while not all(ticket.is_delivered for ticket in self.tickets):
            while self._send_one():
                pass
            self._advance()
        return self.now

    def _send_one(self) -> bool:
        due = [each for each in self.tickets if not (each.is_delivered or each.is_sending) and each.due <= self.now]
        if self.state == "open" and self.now >= self.opened_at + OPEN_SECONDS:
            self.state, self.generation, self.in_flight = "half-open", self.generation + 1, 0
        limit = {"closed": int(self.allowance), "half-open": 1, "open": 0}[self.state]
        if not due or self.in_flight >= limit:
            return False
        ticket = self.order(self, due)
        ticket.is_sending = True
        self.in_flight += 1
        self.requests += 1
        arrival = self.now + self.chance.uniform(0.1, 0.5)
        heapq.heappush(self.answers, (arrival, self.requests, ticket, self._judge(ticket), self.generation))
        return True

    def _judge(self, ticket: Ticket) -> bool:
        """What the notifier makes of a request."""
        if self.now < self.outage_until:
            return False
        ticket.judged += 1
        if ticket.judged > FAILURES_PER_TICKET:
            self.in_a_row = 0
            return True
        self.in_a_row += 1
        if self.in_a_row == OUTAGE_AFTER:
            self.in_a_row, self.outage_until, self.outages = 0, self.now + OUTAGE_SECONDS, self.outages + 1
        return False

    def _advance(self) -> None:
        moments = [self.answers[0][0]] if self.answers else []
        if self.state == "open":
            moments.append(max(self.opened_at + OPEN_SECONDS, self.now))
        moments += [each.due for each in self.tickets if each.due > self.now and not each.is_delivered]
        self.now = min(moments)
        while self.answers and self.answers[0][0] <= self.now:
            _, _, ticket, is_success, generation = heapq.heappop(self.answers)
            self._settle(ticket, is_success)
            self._report(is_success, is_late=generation != self.generation)

    def _settle(self, ticket: Ticket, is_success: bool) -> None:
        ticket.is_sending, ticket.is_delivered = False, is_success
        if is_success:
            self.first = self.first or self.now
            return
        ticket.failures += 1
        ticket.due = self.now + (RETRIES.delay(ticket.failures, self.chance.random()) or 0.0)

    def _report(self, is_success: bool, *, is_late: bool) -> None:
        """The circuit breaker's transitions, as services/notifications/breaker.py draws them."""
        if is_late:
            if self.state == "open" and not is_success:
                self.opened_at = self.now
            return
        self.in_flight -= 1
        self.window = [*self.window, is_success][-WINDOW_SIZE:]
        grown, halved = self.allowance + 2, max(self.allowed_at_first, self.allowance / 2)
        self.allowance = min(MAX_ALLOWANCE, grown) if is_success else min(self.allowance, halved)
        if self.state == "half-open" and is_success:
            self.state, self.window, self.allowance = "closed", [], self.allowed_at_first
        elif not is_success and (self.state == "half-open" or self.window.count(False) >= FAILURES_TO_OPEN):
            self.state, self.opened_at, self.openings = "open", self.now, self.openings + 1
        else:
            return
        self.generation += 1
        self.in_flight = 0


def finish_first(simulation: Simulation, due: Sequence[Ticket]) -> Ticket:
    """What we do: the rank of services/notifications/claims.py."""
    return min(due, key=lambda ticket: (LAST if ticket.failures > FINISH_UP_TO else -ticket.failures, ticket.number))


def untried_first(simulation: Simulation, due: Sequence[Ticket]) -> Ticket:
    """What the order of their times alone amounts to, where all are of the same moment."""
    return min(due, key=lambda ticket: (ticket.failures, ticket.number))


def at_random(simulation: Simulation, due: Sequence[Ticket]) -> Ticket:
    """No order."""
    return simulation.chance.choice(due)


def clairvoyant(simulation: Simulation, due: Sequence[Ticket]) -> Ticket:
    """Knows that third attempts succeed, and saves them to thin out the failures in the window."""
    risked = simulation.window.count(False) + sum(
        each.is_sending and each.failures < FAILURES_PER_TICKET for each in simulation.tickets
    )
    safe = [ticket for ticket in due if ticket.failures >= FAILURES_PER_TICKET]
    risky = [ticket for ticket in due if ticket.failures < FAILURES_PER_TICKET]
    may_risk = risky and (not safe or (simulation.state == "closed" and risked < FAILURES_TO_OPEN - 1))
    return finish_first(simulation, risky if may_risk else safe)


def main() -> None:
    """Print the table."""
    print("| urgent tickets | order of attempts | in flight at first | first | all | opens | outages | requests |")
    print("|---|---|---|---|---|---|---|---|")
    for size in PAGES:
        for order in (finish_first, untried_first, at_random, clairvoyant):
            for allowed in (1, 5, AT_FIRST, 16, 64):
                print(_row(size, order, allowed), flush=True)


def _row(size: int, order: Order, allowed: int) -> str:
    runs = [
        Simulation(order, allowed, random.Random(seed), [Ticket(number) for number in range(size)])
        for seed in range(RUNS)
    ]
    last = statistics.median(run.run() for run in runs)
    first = statistics.median(run.first for run in runs)
    openings, outages, requests = (
        statistics.mean(getattr(run, name) for run in runs) for name in ("openings", "outages", "requests")
    )
    name = order.__name__.replace("_", " ")
    return (
        f"| {size} | {name} | {allowed} | {first:.0f} s | {last:.0f} s "
        f"| {openings:.1f} | {outages:.1f} | {requests:.0f} |"
    )


if __name__ == "__main__":
    main()
