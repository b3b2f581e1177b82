"""Keeping tickets ready for searches: those that have no terms yet, and those whose texts other programs change."""

from collections.abc import Sequence
from typing import Any

from documents.database import Collection, Database, Row, Session
from documents.ticket import Ticket
from services.coordination.keepers import ONLY_IDS, Keeper, Kept
from services.coordination.leases import Leases
from services.kit.clock import Clock
from services.search.indexing import INDEX_BATCH, SearchIndex
from services.search.terms import SEARCH_VERSION, SEARCHED_FIELDS

SEARCH_RESOURCE = "search"
"""The resource whose lease makes its holder the keeper."""
SEARCH_COMMENT = "looking for tickets to index"


def _edits_without_terms() -> Row:
    """The condition for changes by programs that do not know of the terms: whoever does writes them along."""
    beginnings = {"$map": {"input": _touched(), "in": {"$first": {"$split": ["$$this", "."]}}}}
    touches_text = {"$ne": [{"$setIntersection": [beginnings, list(SEARCHED_FIELDS)]}, []]}
    edited = {
        "operationType": "update",
        "updateDescription.updatedFields.search_terms": {"$exists": False},
        "$expr": touches_text,
    }
    inserted = {"operationType": "insert", "fullDocument.search_version": {"$exists": False}}
    return {"$or": [inserted, {"operationType": "replace"}, edited]}


def _touched() -> Row:
    """The paths of the fields that an update has set or removed, for instance `matched.0.rule`."""
    updated = {"$objectToArray": {"$ifNull": ["$updateDescription.updatedFields", {}]}}
    set_fields = {"$map": {"input": updated, "in": "$$this.k"}}
    return {"$concatArrays": [set_fields, {"$ifNull": ["$updateDescription.removedFields", []]}]}


class SearchKeeper(Keeper):
    """Keeps tickets ready for searches; on a standalone server, edits of texts are not noticed."""

    kept = Kept(
        resource=SEARCH_RESOURCE,
        name="search",
        bookmark="search",
        made_as="terms",
        changes={Ticket.Settings.name: _edits_without_terms()},
        needs_transactions=False,
        rest_share=1.0,
        comment=SEARCH_COMMENT,
    )

    def __init__(
        self, database: Database, index: SearchIndex, leases: Leases, clock: Clock, *, batch: int = INDEX_BATCH
    ) -> None:
        """`batch`: how many tickets are indexed or checked in one transaction."""
        super().__init__(database, leases, clock, batch=batch)
        self._index = index

    async def _has_work(self, tenant_id: str) -> bool:
        return await self._index.has_backlog(tenant_id, comment=SEARCH_COMMENT)

    async def _work_on_next(self, tenant_id: str, session: Session) -> int:
        return await self._index.index_next(tenant_id, at_most=self._batch, session=session)

    async def _mend(self, ticket_ids: Sequence[Any], session: Session) -> int:
        return await self._index.check(ticket_ids, session=session)

    def _made(self) -> list[tuple[Collection, list[Row]]]:
        return [(self._tickets, [{"$match": {"search_version": SEARCH_VERSION}}, ONLY_IDS])]
