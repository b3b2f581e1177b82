"""The judges of the tenants."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from documents.database import Collection, Database, Row, Session
from documents.tenant_classifier import TenantClassifier
from documents.transactions import PlainSession
from services.classification.classifier import Classification
from services.classification.judging import Judge, version_of
from services.classification.learned import from_row
from services.classification.own.words import NO_OWN_WORDS, OwnBook, OwnWords
from services.observing import UNOBSERVED, Observer, TicketJudged
from services.tenancy import BY_ID, owned

MAX_JUDGES = 256
"""So many are kept ready."""
_READ: Row = {"own_words_before": 0}


class JudgedMeanwhileError(Exception):
    """Since something was judged, the judge has become another one, or tickets that it replaces were judged anew."""


@dataclass(frozen=True, slots=True)
class ObservedJudge(Judge):
    """A judge who tells of each ticket."""

    observer: Observer = UNOBSERVED

    def judge(self, *, subject: str, message: str, replies: str = "") -> Classification:
        """Classify a ticket, and tell how long that took."""
        began = time.perf_counter()
        # By its name: a class with slots is another one than the one in which `super()` was written.
        result = Judge.judge(self, subject=subject, message=message, replies=replies)
        language = None if result.language is None else result.language.value
        self.observer.note(TicketJudged(language, time.perf_counter() - began))
        return result


class Judges:
    """Makes the judge of each tenant, and keeps it until something of the tenant's own has changed."""

    def __init__(self, database: Database, *, observer: Observer = UNOBSERVED) -> None:
        """`observer` is told of every ticket that they judge."""
        self._classifiers = database.collection(TenantClassifier)
        self._observer = observer
        self._rules_alone = ObservedJudge(observer=observer)
        self._ready: dict[str, Judge] = {}

    async def of(self, tenant_id: str, *, session: Session = None) -> Judge:
        """The judge of the tenant's tickets, as of now.

        `session`: that of the transaction in which the tickets are written.
        """
        row = await self._classifiers.find_one({"_id": tenant_id}, {"revision": 1}, session=session)
        if row is None or not row.get("revision"):
            return self._rules_alone
        judge = self._ready.get(tenant_id)
        if judge is None or judge.revision != row["revision"]:
            # All of it may be large, and is only read when it is another one.
            row = await self._classifiers.find_one({"_id": tenant_id}, _READ, session=session)
            if row is None:
                return self._rules_alone
            judge = _judge(row, self._observer)
            if len(self._ready) >= MAX_JUDGES:
                self._ready.clear()
            self._ready[tenant_id] = judge
        return judge

    def demand_present(
        self, judged_by: Mapping[Any, Any], tickets: Collection, tenant_id: str, judge: Judge, session: PlainSession
    ) -> None:
        """Demand that the tenant's judge is still this one, and that these tickets are judged by the versions that they
        were when they were compared. Else what is judged by another version would be stored behind those who judge
        anew, and history and search terms would follow from what is no longer so. Made of pymongo's calls.

        `judged_by`: by `_id`. `session`: that of the transaction in which what was judged is stored.

        Raises:
            JudgedMeanwhileError: it is not so.
        """
        row = self._classifiers.delegate.find_one({"_id": tenant_id}, {"revision": 1}, session=session)
        if version_of((row or {}).get("revision") or 0) != judge.version:
            raise JudgedMeanwhileError
        if judged_by:
            among = owned(tenant_id, _id={"$in": list(judged_by)})
            rows = tickets.delegate.find(among, {"rules_version": 1}, session=session, hint=BY_ID)
            if any(row.get("rules_version") != judged_by[row["_id"]] for row in rows):
                raise JudgedMeanwhileError


def book_of_words(words: OwnWords) -> OwnBook | None:
    """A tenant's own words, ready for use; None where there are none."""
    return None if words == NO_OWN_WORDS else OwnBook(words)


def _judge(row: Row, observer: Observer) -> Judge:
    own = row.get("own_words") or {}
    words = OwnWords(tuple(own.get("high", ())), tuple(own.get("harmless", ())))
    learned = from_row(row.get("layers") or {})
    return ObservedJudge(revision=row["revision"], own=book_of_words(words), learned=learned, observer=observer)
