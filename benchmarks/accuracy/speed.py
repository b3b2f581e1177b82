"""How long a ticket takes, in time of the processor: what else the machine does is no part of it."""

import statistics
import time
from collections import defaultdict
from collections.abc import Iterable

from benchmarks.accuracy.labelled import Kind, LabelledTicket
from documents.ticket import Language
from services.classification import classify

CHARACTERS = 600
"""Of a message: more than most tickets have."""
ROUNDS = 5
SET_ASIDE = (Kind.QUOTED, Kind.SIGNATURE, Kind.FOOTER, Kind.AUTOMATIC, Kind.HTML)
"""Kinds that would cut short what follows them in a message."""


def mean_seconds(tickets: Iterable[LabelledTicket]) -> float:
    """For a message of 600 characters, the languages in turn: the median of some rounds' means."""
    messages = mixed_messages(tickets)
    _classify_all(messages)  # reads the packs
    return statistics.median(_classify_all(messages) for _ in range(ROUNDS)) / len(messages)


def mixed_messages(tickets: Iterable[LabelledTicket]) -> list[str]:
    """Messages of one length, made of those of one language each; as many of each language that is read, in turn."""
    joined: defaultdict[Language, list[str]] = defaultdict(list)
    for ticket in tickets:
        if ticket.kind not in SET_ASIDE and ticket.language is not Language.UNSUPPORTED:
            joined[ticket.language].append(ticket.message)
    texts = ["\n".join(messages) for messages in joined.values()]
    pieces = [[text[at : at + CHARACTERS] for at in range(0, len(text), CHARACTERS)][:-1] for text in texts]
    return [message for turn in zip(*(each for each in pieces if each), strict=False) for message in turn]


def _classify_all(messages: Iterable[str]) -> float:
    begin = time.process_time()
    for message in messages:
        classify(subject="", message=message)
    return time.process_time() - begin
