"""Looks at everything that the service needs, one thing after the other; what cannot be looked at is named, too."""

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import typer

from documents.failures import DatabaseUnavailableError
from documents.inspection import inspect_database
from gql_app.commands.configuration import InvalidSettingsError, load_settings
from gql_app.commands.data.output import as_text, print_json
from gql_app.commands.doctor.verdicts import Check, Examination, judge_database, judge_room
from gql_app.commands.runtime import check_source
from gql_app.commands.waiting import waiting
from gql_app.local import bundled_mock, embedded_mongo
from gql_app.local.shared import SharedServerError
from gql_app.settings import Settings
from services.kit.clock import SystemClock

UPSTREAM_SECONDS = 10.0
"""How long the external API may take to answer."""


def examine(*, as_json: bool) -> int:
    """Print what was found; 1 if anything is not as it should be."""
    with waiting("Looking at everything"):
        checks = list(_checks())
    examination = Examination(ok=all(check.ok for check in checks), checks=checks)
    if as_json:
        print_json(examination)
    else:
        width = max(len(check.name) for check in checks)
        for check in checks:
            verdict = "ok" if check.ok else as_text(check.remedy)
            typer.echo(f"{check.name:<{width}}  {verdict}  ({as_text(check.detail)})")
    return int(not examination.ok)


def _checks() -> Iterator[Check]:
    try:
        settings = load_settings()
        check_source(settings)
    except InvalidSettingsError as error:
        remedy = "Correct it in the environment or in .env; .env.example names every setting."
        yield Check(name="settings", ok=False, detail=str(error), remedy=remedy)
        return
    yield Check(name="settings", ok=True, detail=f"AUTH_MODE={settings.auth_mode}")
    yield _data_dir(settings.data_dir)
    with ExitStack() as shares:
        yield from _database(settings, shares)
        yield _upstream(settings, shares)


def _data_dir(path: Path) -> Check:
    """The nearest folder that exists tells; the rest is made at the first start."""
    there = next(folder for folder in (path.absolute(), *path.absolute().parents) if folder.exists())
    if not there.is_dir():
        return Check(name="data directory", ok=False, detail=f"{there} is no folder", remedy="Set DATA_DIR.")
    return judge_room("data directory", shutil.disk_usage(there).free, where=f" at {path}")


def _database(settings: Settings, shares: ExitStack) -> Iterator[Check]:
    try:
        url = settings.mongo_url or shares.enter_context(embedded_mongo.start(settings.data_dir)).url
        facts = asyncio.run(inspect_database(url, settings.mongo_db, SystemClock().now))
    except SharedServerError as error:
        yield Check(name="database", ok=False, detail=str(error), remedy="Set MONGO_URL, or remove what is in its way.")
    except DatabaseUnavailableError as error:
        remedy = "Start MongoDB, or correct MONGO_URL (host, port, user and password)."
        yield Check(name="database", ok=False, detail=str(error), remedy=remedy)
    else:
        where = "the embedded one" if settings.mongo_url is None else "that of MONGO_URL"
        yield Check(name="database", ok=True, detail=f"{where} answers")
        yield from judge_database(facts)


def _upstream(settings: Settings, shares: ExitStack) -> Check:
    try:
        if settings.uses_bundled_mock:
            shares.enter_context(bundled_mock.start(settings.data_dir))
            return Check(name="external API", ok=True, detail="the bundled mock answers")
        status = httpx.get(f"{settings.external_api_url}/health", timeout=UPSTREAM_SECONDS).status_code
    except SharedServerError as error:
        return Check(name="external API", ok=False, detail=str(error), remedy="Set EXTERNAL_API_URL.")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        remedy = "Start it, or correct EXTERNAL_API_URL."
        return Check(name="external API", ok=False, detail=str(error) or type(error).__name__, remedy=remedy)
    complaint = None if status == httpx.codes.OK else "Look at its own log, or correct EXTERNAL_API_URL."
    return Check(name="external API", ok=not complaint, detail=f"GET /health answers {status}", remedy=complaint)
