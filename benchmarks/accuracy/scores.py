"""What the classification says of labelled tickets, and how right that is."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from benchmarks.accuracy.labelled import LabelledTicket, Part, labelled_tickets
from documents.ticket import Language, Urgency
from services.classification import Classification, classify

LABELS = ("urgency", "sentiment", "requires_action")

Confusion = Counter[tuple[str, str]]
"""How many tickets there are of each pair: what is right, what was said."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A labelled ticket and what was said of it."""

    ticket: LabelledTicket
    said: Classification

    def is_right(self, *fields: str) -> bool:
        """Whether all these fields are what they should be."""
        return all(getattr(self.said, field) == getattr(self.ticket, field) for field in fields)


def judge(tickets: Iterable[LabelledTicket]) -> list[Judged]:
    """Classify them all."""
    return [Judged(ticket, classify(subject=ticket.subject, message=ticket.message)) for ticket in tickets]


@cache
def judged_part(part: Part) -> Sequence[Judged]:
    """All of a part."""
    return judge(labelled_tickets()[part])


def of_read_languages(judged: Iterable[Judged]) -> list[Judged]:
    """Without those in a language that is not read: of them only the language is promised."""
    return [each for each in judged if each.ticket.language is not Language.UNSUPPORTED]


def share_right(judged: Sequence[Judged], *fields: str) -> float | None:
    """The share of tickets whose fields are all right, 0 to 1; None of no ticket."""
    return _ratio(sum(each.is_right(*fields) for each in judged), len(judged))


def confusion(judged: Iterable[Judged], field: str) -> Confusion:
    """How many of each value were taken for which."""
    return Counter((str(getattr(each.ticket, field)), str(getattr(each.said, field))) for each in judged)


def precision(judged: Sequence[Judged]) -> float | None:
    """The share of what was said to be of high urgency that is; None where nothing was."""
    said = [each for each in judged if each.said.urgency is Urgency.HIGH]
    return _ratio(sum(each.is_right("urgency") for each in said), len(said))


def recall(judged: Sequence[Judged]) -> float | None:
    """The share of what is of high urgency that was said to be; None where nothing is."""
    are = [each for each in judged if each.ticket.urgency is Urgency.HIGH]
    return _ratio(sum(each.is_right("urgency") for each in are), len(are))


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None
