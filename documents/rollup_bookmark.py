"""How far the tickets' change stream has been read, and by whom."""

from typing import Any

from beanie import Document


class RollupBookmark(Document):
    """A row for each kind of keeper: where the next one goes on reading."""

    id: str  # type: ignore[assignment]  # Beanie's base declares an ObjectId
    resume_token: dict[str, Any]
    counting: str = ""
    """What is made of a ticket, in words (`Kept.made_as`): for rollups, as what it is counted."""

    class Settings:
        """Collection."""

        name = "rollup_bookmarks"
