"""Which of several demanded terms is walked along: the one that the fewest tickets have.

Left to itself, MongoDB walks along the one that served the last search of the same shape.
"""

import asyncio
from operator import itemgetter

from documents.database import Collection, Row
from documents.search_indexes import SEARCH_INDEX
from services.lists.cursors import LIST_MILLISECONDS, time_limited
from services.tenancy import Filter, owned

PROBED_TERMS = 6
"""The longest terms, which tend to be the rarest, are looked at."""
PROBED_TICKETS = (1_000, 20_000)
"""Counted for each of them at most, which takes a millisecond; and if all have as many, ten or so."""


async def led_by_rarest(tickets: Collection, tenant_id: str, where: Filter) -> Filter:
    """The same query, written so that `SEARCH_INDEX` is walked along its rarest term.

    `where`: a query on the tenant's tickets that demands `{"search_terms": {"$all": [...]}}`, or no terms.

    Raises:
        QueryTimeoutError: the database did not finish.
    """
    terms: list[str] = where["search_terms"]["$all"] if "search_terms" in where else []
    if not terms:
        return where
    if len(terms) == 1:
        return {**where, "search_terms": terms[0]}
    rarest = await _rarest(tickets, tenant_id, sorted(terms, key=len, reverse=True)[:PROBED_TERMS])
    return {**where, "search_terms": rarest, "$expr": _has_all([term for term in terms if term != rarest])}


async def _rarest(tickets: Collection, tenant_id: str, terms: list[str]) -> str:
    for limit in PROBED_TICKETS:
        async with time_limited():
            counts = await asyncio.gather(*(_count(tickets, tenant_id, term, limit) for term in terms))
        if min(counts) < limit:
            break
    return min(zip(counts, terms, strict=True), key=itemgetter(0))[1]


async def _count(tickets: Collection, tenant_id: str, term: str, limit: int) -> int:
    having = owned(tenant_id, search_terms=term)
    return await tickets.count_documents(having, limit=limit, hint=SEARCH_INDEX, maxTimeMS=LIST_MILLISECONDS)


def _has_all(terms: list[str]) -> Row:
    """An expression, as no index is chosen for it. Other programs may have stored something else than an array."""
    literal = [{"$literal": term} for term in terms]
    return {"$and": [{"$isArray": "$search_terms"}, {"$setIsSubset": [literal, "$search_terms"]}]}
