"""Which version the stored data is of, so that no older program works on what it does not understand."""

from datetime import datetime

from beanie import Document
from pydantic import BaseModel

from documents.driver import ClientDatabase
from documents.failures import DatabaseTooNewError, DatabaseUnavailableError

KNOWN_VERSION = 1
"""The number of the newest migration in `services/migration/`: the version that this program brings data to."""
SCHEMA = "data"
"""The `_id` of the one row."""
RESTORING = "restoring"
"""The `_id` of another, as long as a backup is not wholly restored."""


class AppliedMigration(BaseModel):
    """A migration that has come to its end."""

    number: int
    meaning: str
    rows: int
    """How many were changed since it was begun last."""
    at: datetime


class SchemaVersion(Document):
    """The one row of a database; without it, the data is of version 0."""

    id: str  # type: ignore[assignment]  # Beanie's base declares an ObjectId
    version: int = 0
    """The last migration that has come to its end; the next one may have begun."""
    needs: int = 0
    """Programs that know no version as high as this one may not work on the data."""
    applied: list[AppliedMigration] = []

    class Settings:
        """The collection."""

        name = "schema_version"


async def read_schema_version(database: ClientDatabase) -> SchemaVersion:
    """What is stored, or version 0; nothing has to be bound to the database."""
    row = await database[SchemaVersion.Settings.name].find_one({"_id": SCHEMA}) or {}
    found: SchemaVersion = SchemaVersion.model_construct(version=row.get("version", 0), needs=row.get("needs", 0))
    return found


async def demand_known_version(database: ClientDatabase) -> None:
    """Demand that this program may work on the data. To be asked before anything is changed, indexes among it.

    Raises:
        DatabaseTooNewError: it may not.
        DatabaseUnavailableError: a backup is being restored, or was not to its end.
    """
    if await database[SchemaVersion.Settings.name].find_one({"_id": RESTORING}) is not None:
        raise DatabaseUnavailableError(
            f"a backup is being restored into the database {database.name}, or was not restored to its end: "
            "wait, or drop the database and restore again"
        )
    found = await read_schema_version(database)
    if found.needs > KNOWN_VERSION:
        raise DatabaseTooNewError(
            f"the database is of version {found.version} and this program knows version {KNOWN_VERSION}: "
            "start a newer version of the service, or restore the backup from before the upgrade"
        )
