"""What another judge would make of the stored tickets, before anything is written."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from pymongo import DESCENDING

from documents.database import Database, Row
from documents.ticket import MatchedRule, Ticket, Urgency
from documents.ticket_indexes import NEWEST_INDEX
from services.classification.judging import Judge
from services.judging.verdicts import READ_TO_REJUDGE, is_ours, rejudged
from services.kit.clock import Clock
from services.lists.cursors import LIST_MILLISECONDS, time_limited
from services.tenancy import live
from services.tickets.record import reasons_in

MAX_PREVIEWED = 20_000
"""Tickets that a preview judges at most, the newest first."""
NO_LIMIT = 0
"""All of them."""
PREVIEW_SECONDS = 5.0
"""How long it goes on."""
MAX_SAMPLES = 5
"""Tickets that are shown of each change."""
MAX_SUBJECT_SHOWN = 200
LABELS = ("urgency", "sentiment", "requires_action")
_BATCH = 100
_NEWEST_FIRST = [("created_at", DESCENDING), ("_id", DESCENDING)]


@dataclass(frozen=True, slots=True)
class SampleTicket:
    """One of the tickets that would change."""

    external_id: str
    subject: str
    """Its beginning."""
    reasons_before: list[MatchedRule]
    reasons_after: list[MatchedRule]


@dataclass(slots=True)
class LabelTransition:
    """The tickets that have one value of a label, and would have another, or keep it."""

    label: str
    """One of `LABELS`."""
    before: str | None
    """As it is stored; yes and no are `true` and `false`."""
    after: str
    tickets: int = 0
    samples: list[SampleTicket] = field(default_factory=list)
    """Some of them, the newest first; none where nothing would change."""


@dataclass(slots=True)
class ClassificationPreview:
    """What would become of a tenant's live tickets."""

    tenant_id: str
    version: str
    """That they would be judged by; its revision is the one that would come next."""
    total: int = 0
    """How many there are, as far as we have judged them."""
    looked_at: int = 0
    """How many of them were judged for this, the newest ones."""
    changed: int = 0
    """How many of these would get another label."""
    raised: int = 0
    """How many of these would become urgent."""
    is_complete: bool = False
    """Whether all were looked at, so that the numbers are exact."""
    refusal: str | None = None
    """Why the words would not be saved, where the numbers are the reason."""
    transitions: list[LabelTransition] = field(default_factory=list)
    """By label, the most frequent first."""


class Previews:
    """Judges stored tickets without writing anything; one preview at a time, since each is a lot of computing."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._tickets = database.collection(Ticket)
        self._clock = clock
        self._turn = asyncio.Semaphore(1)

    async def preview(
        self, tenant_id: str, judge: Judge, *, at_most: int = MAX_PREVIEWED, seconds: float | None = PREVIEW_SECONDS
    ) -> ClassificationPreview:
        """What the judge would make of the tenant's tickets; None: take as long as it takes.

        Raises:
            QueryTimeoutError: the database did not finish.
        """
        async with self._turn:
            found = ClassificationPreview(tenant_id, judge.version)
            tally = _Tally(judge, found)
            async with time_limited():
                found.total = await self._tickets.count_documents(live(tenant_id), maxTimeMS=LIST_MILLISECONDS)
                end = None if seconds is None else self._clock.monotonic() + seconds
                async for batch in self._newest(tenant_id, at_most):
                    await asyncio.to_thread(tally.add, batch)
                    if end is not None and self._clock.monotonic() > end:
                        break
                else:
                    found.is_complete = at_most == NO_LIMIT or tally.seen < at_most or tally.seen >= found.total
            found.total = max(found.total - tally.others, found.looked_at)
            found.transitions = tally.transitions()
            return found

    async def _newest(self, tenant_id: str, at_most: int) -> AsyncIterator[Sequence[Row]]:
        rows = self._tickets.find(live(tenant_id), READ_TO_REJUDGE, hint=NEWEST_INDEX).sort(_NEWEST_FIRST)
        cursor = rows.limit(at_most).batch_size(_BATCH)
        while batch := await cursor.to_list(_BATCH):
            yield batch


class _Tally:
    """Counts what becomes of tickets."""

    def __init__(self, judge: Judge, found: ClassificationPreview) -> None:
        self._judge = judge
        self._found = found
        self._counts: Counter[tuple[str, str | None, str]] = Counter()
        self._samples: defaultdict[tuple[str, str | None, str], list[SampleTicket]] = defaultdict(list)
        self.seen = 0
        self.others = 0
        """Those of them that we have not judged."""

    def add(self, rows: Sequence[Row]) -> None:
        """Judge some more."""
        self.seen += len(rows)
        for row in rows:
            if is_ours(row):
                self._add(row, rejudged(self._judge, row))
            else:
                self.others += 1

    def _add(self, row: Row, new: Row) -> None:
        keys = [(label, _as_label(row.get(label)), _as_label(new[label]) or "") for label in LABELS]
        moved = [key for key in keys if key[1] != key[2]]
        self._counts.update(keys)
        self._found.looked_at += 1
        self._found.changed += bool(moved)
        self._found.raised += new["urgency"] == Urgency.HIGH and row.get("urgency") != Urgency.HIGH
        for key in moved:
            if len(self._samples[key]) < MAX_SAMPLES:
                self._samples[key].append(_sample(row, new))

    def transitions(self) -> list[LabelTransition]:
        """What was counted."""
        in_order = sorted(self._counts.items(), key=lambda each: (LABELS.index(each[0][0]), -each[1], str(each[0])))
        return [LabelTransition(*key, count, self._samples[key]) for key, count in in_order]


def _sample(row: Row, new: Row) -> SampleTicket:
    subject = row.get("subject")
    return SampleTicket(
        str(row.get("external_id", row["_id"])),
        subject[:MAX_SUBJECT_SHOWN] if isinstance(subject, str) else "",
        reasons_in(row.get("matched")),
        reasons_in(new["matched"]),
    )


def _as_label(value: object) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else None
