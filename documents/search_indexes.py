"""The indexes of the tickets that searches need."""

from pymongo import ASCENDING, DESCENDING, IndexModel

SEARCH_INDEX = "tenant_search"
"""For searches, the newest ticket first."""
SEARCH_BACKLOG_INDEX = "tenant_search_backlog"
"""For the tickets that no search can find yet."""
SEARCH_INDEXES = [
    # An entry for each term of a ticket. `deleted_at`, so that the tickets with a term are counted without a fetch.
    IndexModel(
        [
            ("tenant_id", ASCENDING),
            ("search_terms", ASCENDING),
            ("created_at", DESCENDING),
            ("_id", DESCENDING),
            ("deleted_at", ASCENDING),
        ],
        name=SEARCH_INDEX,
    ),
    IndexModel([("tenant_id", ASCENDING), ("search_version", ASCENDING)], name=SEARCH_BACKLOG_INDEX),
]
