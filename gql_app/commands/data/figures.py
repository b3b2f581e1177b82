"""Statistics and tenants: `python -m gql_app stats` and `... tenants`."""

import asyncio
from datetime import datetime
from operator import attrgetter
from typing import Self

import typer

from documents.ingestion_job import IngestionJob
from gql_app.commands.data.contexts import asking, tell_if_unknown
from gql_app.commands.data.output import print_fields, print_list
from gql_app.commands.runtime import Means
from gql_app.rest.answers.analytics import StatsAnswer
from gql_app.rest.answers.base import Answer
from gql_app.rest.answers.forecasts import ForecastAnswer
from gql_app.rest.answers.ingestion import ProgressAnswer
from gql_app.rest.answers.spikes import SpikeAnswer
from resolvers.analytics import get_forecast, get_stats
from resolvers.ingestion import load_last_job
from resolvers.spikes import page_spikes
from resolvers.system import list_tenants, load_ticket_count
from services.errors import InvalidInputError
from services.kit.moments import read_moment


class TenantAnswer(Answer):
    """A tenant, with the number of its live tickets and its newest run."""

    tenant_id: str
    ticket_count: int
    last_run: ProgressAnswer | None

    @classmethod
    def of(cls, tenant_id: str, count: int, job: IngestionJob | None) -> Self:
        """The answer for a tenant."""
        return cls(tenant_id=tenant_id, ticket_count=count, last_run=None if job is None else ProgressAnswer.of(job))


async def show_stats(means: Means, *, tenant_id: str, from_date: str | None, to_date: str | None, as_json: bool) -> int:
    """Print the tenant's statistics.

    Raises:
        InvalidInputError: a date is none, or they are the wrong way round.
        QueryTimeoutError: the database did not finish.
    """
    dates = {"--from-date": from_date, "--to-date": to_date}
    created_from, created_to = (_moment(name, text) for name, text in dates.items())
    async with asking(means) as context:
        found = await get_stats(context, tenant_id, created_from=created_from, created_to=created_to)
        await tell_if_unknown(context, tenant_id)
    answer = StatsAnswer.of(found)
    print_fields(answer, as_json=as_json, omit=("hourly_trend", "at_risk_customers"))
    if as_json:
        return 0
    by_hour = " ".join(str(hour.count) for hour in answer.hourly_trend)
    typer.echo(f"\nCreated in the last 24 hours, by hour: {by_hour}\n")
    print_list(
        answer.at_risk_customers,
        {"customer_id": lambda row: row.customer_id, "high urgency": lambda row: row.high_urgency_count}
        | {"newest tickets": lambda row: row.ticket_ids},
        as_json=False,
        nothing="No customer is at risk.",
    )
    return 0


async def show_forecast(means: Means, *, tenant_id: str, hours: int, time_zone: str, as_json: bool) -> int:
    """Print what the tenant's coming hours will bring, or why nobody knows.

    Raises:
        InvalidInputError: there is no such time zone.
        QueryTimeoutError: the database did not finish.
    """
    async with asking(means) as context:
        found = await get_forecast(context, tenant_id, hours=hours, time_zone=time_zone)
        await tell_if_unknown(context, tenant_id)
    answer = ForecastAnswer.of(found)
    print_fields(answer, as_json=as_json, omit=("points",))
    if as_json:
        return 0
    columns = ("start", "expected", "low", "high")
    typer.echo()
    print_list(
        answer.points or [],
        {name: attrgetter(name) for name in columns},
        as_json=False,
        nothing=f"No forecast. {found.reason.description}" if found.reason else "",
    )
    return 0


async def show_spikes(means: Means, *, tenant_id: str, limit: int, as_json: bool) -> int:
    """Print the newest of the tenant's spikes.

    Raises:
        QueryTimeoutError: the database did not finish.
    """
    async with asking(means) as context:
        found = await page_spikes(context, tenant_id, page=1, page_size=limit)
        await tell_if_unknown(context, tenant_id)
    print_list(
        [SpikeAnswer.model_validate(each) for each in found.items],
        {
            "started_at": attrgetter("started_at"),
            "until": attrgetter("until"),
            "over": attrgetter("is_over"),
            "tickets": attrgetter("tickets"),
            "peak_from": attrgetter("peak_from"),
            "customers": attrgetter("peak_customers"),
            "expected": attrgetter("peak_expected"),
            "keywords": lambda spike: [f"{each.keyword} {each.tickets}" for each in spike.keywords],
        },
        as_json=as_json,
        nothing="There has been no spike yet.",
    )
    return 0


async def show_tenants(means: Means, *, as_json: bool) -> int:
    """Print all tenants."""
    async with asking(means) as context:
        names = await list_tenants(context)
        counts, jobs = await asyncio.gather(
            asyncio.gather(*(load_ticket_count(context, name) for name in names)),
            asyncio.gather(*(load_last_job(context, name) for name in names)),
        )
    print_list(
        [TenantAnswer.of(*each) for each in zip(names, counts, jobs, strict=True)],
        {
            "tenant_id": attrgetter("tenant_id"),
            "tickets": lambda tenant: tenant.ticket_count,
            "last run": lambda tenant: tenant.last_run and tenant.last_run.status.value,
            "started_at": lambda tenant: tenant.last_run and tenant.last_run.started_at,
            "job_id": lambda tenant: tenant.last_run and tenant.last_run.job_id,
        },
        as_json=as_json,
        nothing="There is no tenant yet; run: python -m gql_app ingest TENANT",
    )
    return 0


def _moment(name: str, text: str | None) -> datetime | None:
    try:
        return None if text is None else read_moment(text)
    except ValueError as error:
        raise InvalidInputError(f"{name} {error}") from error
