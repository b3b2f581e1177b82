"""What other programs do to tickets and their history, as the database's change stream tells it."""

from beanie import Document
from pymongo.errors import OperationFailure

from documents.database import ChangeStream, Row
from documents.ticket import Ticket
from documents.ticket_history import TicketHistory
from services.coordination.change_streams import counted_edits
from services.rollups.closes import TELLS_OF_STATUS
from services.rollups.write import ROLLED_UP

_CHANGE_STREAM_FATAL_ERROR = 280
PLACE_IS_LOST = frozenset([260, _CHANGE_STREAM_FATAL_ERROR, 286])
"""InvalidResumeToken, ChangeStreamFatalError and ChangeStreamHistoryLost."""
_ENDS = ("drop", "rename")


def foreign_changes() -> list[Row]:
    """Changes that ingestion and rolling up do not make; few others slip in, which costs a look.

    A row that is taken out of the history does not tell whose it was: nobody does that but with its ticket.
    """
    whole = {"operationType": {"$in": ["replace", "delete", *_ENDS]}}
    copied = {"operationType": "insert", "fullDocument.rolled_up": ROLLED_UP}
    marked_otherwise = {"updateDescription.updatedFields.rolled_up": {"$exists": True, "$ne": ROLLED_UP}}
    tickets = {
        "ns.coll": Ticket.Settings.name,
        "$or": [whole, *counted_edits("rolled_up"), copied, marked_otherwise],
    }
    telling = {f"fullDocument.{name}": condition for name, condition in TELLS_OF_STATUS.items()}
    history = {
        "ns.coll": TicketHistory.Settings.name,
        "$or": [
            {"operationType": {"$in": ["insert", "replace"]}, **telling},
            {"operationType": {"$in": ["update", *_ENDS]}},
        ],
    }
    return [{"$match": {"$or": [tickets, history]}}, {"$project": {"documentKey": 1, "ns": 1, "operationType": 1}}]


async def next_changes(stream: ChangeStream, *, at_most: int) -> list[Row]:
    """The next changes, as soon as no more follow; none if there are none for a moment.

    Raises:
        OperationFailure: a collection was dropped or renamed, so the place in the stream tells nothing.
    """
    changes: list[Row] = []
    while len(changes) < at_most and (change := await stream.try_next()) is not None:
        changes.append(change)
    # The stub of motor makes `alive` a method.
    if not stream.alive or any(change["operationType"] in _ENDS for change in changes):  # type: ignore[truthy-function]
        raise OperationFailure("a collection was dropped or renamed", _CHANGE_STREAM_FATAL_ERROR)
    return changes


def is_of(document: type[Document], change: Row) -> bool:
    """Whether it is a change of such a document."""
    return bool(change["ns"]["coll"] == document.get_settings().name)
