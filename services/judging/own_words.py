"""Tenants' own words: read, tried, and saved by one editor after the other."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from documents.database import Database, Row
from documents.tenant_classifier import OwnWordsRevision, TenantClassifier
from services.classification.judging import Judge
from services.classification.own.faults import FaultyEntry, OwnWordsFault, find_faults
from services.classification.own.words import OwnWords
from services.judging.judges import Judges, book_of_words
from services.judging.preview import NO_LIMIT, ClassificationPreview, Previews
from services.judging.refusals import OwnWordsRefusedError, RevisionConflictError
from services.kit.clock import Clock

REVISIONS_KEPT = 20
"""Of the words that were in use before."""
BROAD_SHARE = 0.5
"""Words that make a larger share of the tickets urgent are refused: where everything is urgent, nothing is."""
BROAD_FROM = 20
"""As long as a tenant has fewer tickets, nothing is said of shares."""
_SAMPLED = 2_000


class OwnWordsBooks:
    """Keeps tenants' own words; who may see them is for others to know."""

    def __init__(self, database: Database, judges: Judges, previews: Previews, clock: Clock) -> None:
        self._rows = database.collection(TenantClassifier)
        self._judges = judges
        self._previews = previews
        self._clock = clock

    async def of(self, tenant_id: str) -> list[OwnWordsRevision]:
        """The tenant's words in use, and after them those before, the last ones first."""
        return _revisions(await self._rows.find_one({"_id": tenant_id}))

    async def preview(self, tenant_id: str, words: OwnWords | None = None) -> ClassificationPreview:
        """What would become of the tenant's tickets with these words in place of its present ones (None: with those).

        Raises:
            OwnWordsRefusedError: they cannot be used.
            QueryTimeoutError: the database did not finish.
        """
        if words is None:
            return await self._previews.preview(tenant_id, await self._judges.of(tenant_id))
        preview = await self._previews.preview(tenant_id, await self._proposed(tenant_id, words))
        breadth = _breadth_of(preview)
        preview.refusal = None if breadth is None else breadth.reason
        return preview

    async def preview_all(self, tenant_id: str) -> ClassificationPreview:
        """The same of the present words, and of all the tenant's tickets, however long it takes."""
        judge = await self._judges.of(tenant_id)
        return await self._previews.preview(tenant_id, judge, at_most=NO_LIMIT, seconds=None)

    async def save(self, tenant_id: str, words: OwnWords, *, expected_revision: int, editor: str) -> OwnWordsRevision:
        """Put these words in place of the tenant's present ones, if those are of the revision that the editor has seen.

        The tickets that are stored are judged anew in the background. What is the same as before is not saved again.

        Raises:
            OwnWordsRefusedError: they cannot be used, or would make most tickets urgent.
            RevisionConflictError: somebody else has saved others meanwhile.
            QueryTimeoutError: the database did not finish.
        """
        judge = await self._proposed(tenant_id, words)
        present = (await self.of(tenant_id))[0]
        if present.revision != expected_revision:
            raise RevisionConflictError(expected_revision, present.revision)
        if OwnWords(tuple(present.high), tuple(present.harmless)) == words:
            return present
        breadth = _breadth_of(await self._previews.preview(tenant_id, judge, at_most=_SAMPLED))
        if breadth is not None:
            raise OwnWordsRefusedError([breadth])
        try:
            row = await self._rows.find_one_and_update(
                {"_id": tenant_id} | _as_expected(expected_revision),
                self._update(words, editor),
                upsert=expected_revision == 0,
                return_document=ReturnDocument.AFTER,
            )
        except DuplicateKeyError:  # somebody else has saved the first ones
            row = None
        if row is None:
            raise RevisionConflictError(expected_revision, (await self.of(tenant_id))[0].revision)
        return _revisions(row)[0]

    async def _proposed(self, tenant_id: str, words: OwnWords) -> Judge:
        """The judge that the tenant would have."""
        faults = await asyncio.to_thread(find_faults, words)
        if faults:
            raise OwnWordsRefusedError(faults)
        present = await self._judges.of(tenant_id)
        return replace(present, revision=present.revision + 1, own=book_of_words(words))

    def _update(self, words: OwnWords, editor: str) -> list[Row]:
        now = self._clock.now()
        saved: Row = {"high": list(words.high), "harmless": list(words.harmless), "changed_at": now}
        literal = {name: {"$literal": value} for name, value in {**saved, "changed_by": editor}.items()}
        last = {"$cond": [{"$eq": [{"$type": "$own_words"}, "object"]}, ["$own_words"], []]}
        before = {"$concatArrays": [last, {"$ifNull": ["$own_words_before", []]}]}
        return [
            {
                "$set": {
                    "revision": {"$add": [{"$ifNull": ["$revision", 0]}, 1]},
                    "changed_at": now,
                    "own_words_before": {"$slice": [before, REVISIONS_KEPT]},
                }
            },
            # Replaced as a whole: `$set` of an object would leave what it does not name.
            {"$set": {"own_words": "$$REMOVE"}},
            {"$set": {"own_words": {"revision": "$revision", **literal}}},
        ]


def _as_expected(revision: int) -> Row:
    """The condition that the words in use are of this revision."""
    return {"own_words.revision": revision} if revision else {"own_words": None}


def _revisions(row: Mapping[str, Any] | None) -> list[OwnWordsRevision]:
    stored = row or {}
    present = stored.get("own_words")
    rows = [present or {}, *stored.get("own_words_before", [])]
    return [OwnWordsRevision.model_validate(each) for each in rows]


def _breadth_of(preview: ClassificationPreview) -> FaultyEntry | None:
    """The fault of words that make most tickets urgent."""
    if preview.looked_at < BROAD_FROM or preview.raised <= BROAD_SHARE * preview.looked_at:
        return None
    share = f"{100 * preview.raised / preview.looked_at:.0f} %"
    reason = f"{share} of the newest {preview.looked_at:,} tickets are not urgent now and would be."
    return FaultyEntry(OwnWordsFault.TOO_BROAD, "high", None, None, reason)
