"""The key of digests, random and the same for as long as the database lives."""

from beanie import Document


class DigestKey(Document):
    """One row: without it, nobody can tell whether a digest is that of some id."""

    id: str  # type: ignore[assignment]  # Beanie's base declares an ObjectId
    key: bytes

    class Settings:
        """The collection."""

        name = "digest_keys"
