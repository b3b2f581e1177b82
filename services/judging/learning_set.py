"""What a tenant's corrections are learned from: the tickets that they are about, read at that moment."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pymongo import DESCENDING

from documents.correction import Correction
from documents.database import Database, Row
from documents.ticket import Sentiment, Ticket, Urgency
from documents.ticket_indexes import NEWEST_INDEX
from services.classification.classifier import Classification
from services.classification.judging import Judge
from services.classification.learned import NOTHING_LEARNED
from services.classification.learning import Lesson
from services.judging.verdicts import text_key, texts_of
from services.tenancy import live, owned

MOST_CORRECTIONS = 5_000
"""The newest ones are learned from."""
MOST_UNCORRECTED = 500
"""So many of the newest other tickets are looked at."""
_BATCH = 50
"""Tickets that are judged at once, in a thread."""
_TEXTS: Row = {"external_id": 1, "subject": 1, "message": 1, "replies": 1}
_Texts = tuple[str, str, str]


@dataclass(slots=True)
class LearningSet:
    """What can be learned from."""

    lessons: list[Lesson] = field(default_factory=list)
    unreadable: int = 0
    """Corrections whose text is not there."""
    gone: list[str] = field(default_factory=list)
    """The `_id`s of those whose ticket is not even among the deleted ones."""
    uncorrected: list[Classification] = field(default_factory=list)


class LearningSets:
    """Reads them."""

    def __init__(self, database: Database) -> None:
        self._tickets = database.collection(Ticket)
        self._corrections = database.collection(Correction)

    async def of(self, tenant_id: str, judge: Judge) -> LearningSet:
        """The tenant's. `judge`: its judge; what that has learned before is left aside."""
        by_rules = replace(judge, learned=NOTHING_LEARNED)
        newest = self._corrections.find(owned(tenant_id)).sort([("at", DESCENDING)]).limit(MOST_CORRECTIONS)
        rows, found = await newest.to_list(None), LearningSet()
        for batch in _batches(rows):
            await self._add(found, tenant_id, batch, by_rules)
        others = self._tickets.find(live(tenant_id, correction=None), _TEXTS, hint=NEWEST_INDEX)
        sample = (
            await others.sort([("created_at", DESCENDING), ("_id", DESCENDING)]).limit(MOST_UNCORRECTED).to_list(None)
        )
        names = {row["ticket_id"] for row in rows}
        texts = [texts_of(row) for row in sample if row.get("external_id") not in names]
        for batch in _batches(texts):
            found.uncorrected += await asyncio.to_thread(_judged, by_rules, batch)
        return found

    async def _add(self, found: LearningSet, tenant_id: str, batch: Sequence[Row], by_rules: Judge) -> None:
        named = {"$in": [row["ticket_id"] for row in batch]}
        rows = await self._tickets.find(owned(tenant_id, external_id=named), _TEXTS | {"deleted_at": 1}).to_list(None)
        there = {row["external_id"]: row for row in rows}
        found.gone += [row["_id"] for row in batch if row["ticket_id"] not in there]
        readable: list[tuple[Row, _Texts]] = []
        for row in batch:
            ticket = there.get(row["ticket_id"])
            if ticket is not None and not ticket.get("deleted_at"):
                subject, message, replies = texts_of(ticket)
                texts = (subject, message, replies[: row.get("replies_length", 0)])
                if text_key(*texts) == row["text_key"]:
                    readable.append((row, texts))
        found.unreadable += len(batch) - len(readable)
        judged = await asyncio.to_thread(_judged, by_rules, [texts for _, texts in readable])
        found.lessons += [
            Lesson(row["ticket_id"], each, _said(row)) for (row, _), each in zip(readable, judged, strict=True)
        ]


def _judged(by_rules: Judge, texts: Iterable[_Texts]) -> list[Classification]:
    return [by_rules.judge(subject=subject, message=message, replies=replies) for subject, message, replies in texts]


def _said(row: Row) -> dict[str, Any]:
    read = {"urgency": Urgency, "sentiment": Sentiment, "requires_action": bool}
    return {label: kind(row[label]) for label, kind in read.items() if row.get(label) is not None}


def _batches(rows: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (rows[start : start + _BATCH] for start in range(0, len(rows), _BATCH))
