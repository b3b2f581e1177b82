"""How far the tickets' change stream has been read for the sake of the rollups."""

from typing import Any

from beanie import Document


class RollupBookmark(Document):
    """One row: where whoever keeps the rollups next goes on reading."""

    id: str  # type: ignore[assignment]  # Beanie's base declares an ObjectId
    resume_token: dict[str, Any]
    counting: str = ""
    """As what the tickets in the rollups are counted (`COUNTING` in `services/rollups/rows.py`)."""

    class Settings:
        """Collection."""

        name = "rollup_bookmarks"
