"""Backups: `python -m gql_app backup` and `restore`."""

from datetime import UTC, datetime
from pathlib import Path

import typer
from pydantic import BaseModel

from documents.backup import BackupError, BackupManifest, back_up, put_back
from documents.opening import plain_driver
from gql_app.commands.configuration import InvalidSettingsError
from gql_app.commands.data.output import as_text, print_json
from gql_app.commands.runtime import Means
from gql_app.commands.waiting import waiting


class BackupAnswer(BaseModel):
    """What a backup holds."""

    directory: str
    database: str
    at: datetime
    """As of which moment, by the database's clock."""
    rows: dict[str, int]
    """By collection."""
    bytes: int


async def make_backup(means: Means, *, directory: Path, as_json: bool) -> int:
    """Write the database to a directory that is not there yet.

    Raises:
        InvalidSettingsError: it cannot be written there.
        DatabaseUnavailableError: MongoDB cannot be used, or not for that.
    """
    try:
        with waiting("Writing the backup"):
            async with plain_driver(means.found.mongo_url) as driver:
                manifest = await back_up(driver, means.settings.mongo_db, directory)
    except (BackupError, OSError) as error:
        raise InvalidSettingsError(f"no backup was made: {error}") from error
    _tell(directory, manifest, as_json=as_json)
    return 0


async def restore_backup(means: Means, *, directory: Path, as_json: bool) -> int:
    """Put a backup into the database, which has to be empty.

    Raises:
        InvalidSettingsError: it is no backup, or the database is not empty.
        DatabaseUnavailableError: MongoDB cannot be used.
    """
    try:
        with waiting("Restoring the backup"):
            async with plain_driver(means.found.mongo_url) as driver:
                manifest = await put_back(driver, means.settings.mongo_db, directory)
    except (BackupError, OSError) as error:
        raise InvalidSettingsError(f"nothing was restored: {error}") from error
    _tell(directory, manifest, as_json=as_json)
    return 0


def _tell(directory: Path, manifest: BackupManifest, *, as_json: bool) -> None:
    found = manifest.collections
    answer = BackupAnswer(
        directory=str(directory),
        database=manifest.database,
        at=manifest.at if manifest.at.tzinfo else manifest.at.replace(tzinfo=UTC),
        rows={name: each.rows for name, each in found.items()},
        bytes=sum(each.bytes for each in found.values()),
    )
    if as_json:
        return print_json(answer)
    rows = sum(answer.rows.values())
    typer.echo(
        f"{as_text(rows)} rows of {len(found)} collections, {as_text(answer.bytes)} bytes, "
        f"as of {as_text(answer.at)}: {as_text(answer.directory)}"
    )
    return None
