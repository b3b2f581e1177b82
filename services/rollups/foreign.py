"""What other programs do to tickets and their history, as the database's change stream tells it."""

from documents.database import Row
from documents.ticket import Ticket
from documents.ticket_history import TicketHistory
from services.coordination.change_streams import counted_edits
from services.rollups.steps import TELLS_OF_LIFE
from services.rollups.write import LIFE_IS_OVER, ROLLED_UP


def foreign_changes() -> dict[str, Row]:
    """By collection, the condition for changes that ingestion and rolling up do not make; few others slip in, which
    costs a look.

    A row that is taken out of the history does not tell whose it was: nobody does that but with its ticket.
    """
    whole = {"operationType": {"$in": ["replace", "delete"]}}
    copied = {"operationType": "insert", "fullDocument.rolled_up": {"$in": [ROLLED_UP, LIFE_IS_OVER]}}
    marked_otherwise = {
        "updateDescription.updatedFields.rolled_up": {"$exists": True, "$nin": [ROLLED_UP, LIFE_IS_OVER]}
    }
    told = {"operationType": "insert", "fullDocument.action": {"$in": list(TELLS_OF_LIFE)}}
    return {
        Ticket.Settings.name: {"$or": [whole, *counted_edits("rolled_up"), copied, marked_otherwise]},
        TicketHistory.Settings.name: {"$or": [told, {"operationType": {"$in": ["update", "replace"]}}]},
    }
