"""Tickets: `python -m gql_app tickets list`, `show`, `history`, `correct` and `export`."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager
from operator import attrgetter
from pathlib import Path
from typing import Any, BinaryIO

from pydantic import ValidationError
from rich.console import Console
from rich.progress import DownloadColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TransferSpeedColumn

from documents.described import DescribedEnum
from documents.ticket import Sentiment, Urgency
from gql_app.commands.data.contexts import asking, open_context, tell_if_unknown
from gql_app.commands.data.output import print_fields, print_json, print_list
from gql_app.commands.runtime import Means
from gql_app.rest.answers.tickets import HistoryAnswer, TicketAnswer
from gql_app.rest.conditions import TicketConditions, is_list, unknown_parameter
from resolvers import corrections
from resolvers import tickets as resolvers
from services.errors import InvalidInputError
from services.judging.corrections import PersonsWord
from services.tickets.formats import ExportFormat

PARAMETERS = {name: info for name, info in TicketConditions.model_fields.items() if name != "tenant_id"}


async def show_tickets(
    means: Means, *, tenant_id: str, where: Sequence[str], limit: int, page: int, as_json: bool
) -> int:
    """Print a stretch of the tenant's tickets.

    Raises:
        InvalidInputError: a condition makes no sense.
        QueryTimeoutError: the database did not finish.
    """
    wanted = conditions_of(tenant_id, where)
    async with asking(means) as context:
        found = await resolvers.list_tickets(
            context, tenant_id, wanted.to_filter(), page=page, page_size=limit, order=wanted.order
        )
        await tell_if_unknown(context, tenant_id)
    print_list(
        [TicketAnswer.of(each) for each in found.items],
        {
            "external_id": attrgetter("external_id"),
            "created_at": attrgetter("created_at"),
            "status": attrgetter("status"),
            "urgency": attrgetter("urgency"),
            "subject": attrgetter("subject"),
        },
        as_json=as_json,
        nothing="No ticket matches.",
    )
    if not as_json and found.items:
        Console().print(f"{len(found.items):,} of {found.total_count:,} tickets", highlight=False)
    return 0


async def show_ticket(means: Means, *, tenant_id: str, ticket_id: str, as_json: bool) -> int:
    """Print one ticket.

    Raises:
        TicketNotFoundError: the tenant has none with this id.
    """
    async with asking(means) as context:
        found = await resolvers.get_ticket(context, tenant_id, ticket_id)
    print_fields(TicketAnswer.of(found), as_json=as_json)
    return 0


async def correct_one(
    means: Means,
    *,
    tenant_id: str,
    ticket_id: str,
    word: Mapping[str, Any],
    announce: bool,
    withdraw: bool,
    as_json: bool,
) -> int:
    """Let the operator's word decide about a ticket, or take it back; prints the ticket as it is then.

    Raises:
        InvalidInputError: nothing is said, or no ticket can be that.
        TicketNotFoundError: the tenant has none with this id.
    """
    said = _read_word(word)
    if withdraw and said != PersonsWord():
        raise InvalidInputError("Either say what the ticket is, or withdraw that.")
    async with asking(means) as context:
        if withdraw:
            found = await corrections.withdraw_correction(context, tenant_id, ticket_id)
        else:
            found = await corrections.correct_ticket(context, tenant_id, ticket_id, said, announce=announce)
    print_fields(TicketAnswer.of(found), as_json=as_json)
    return 0


def _read_word(word: Mapping[str, Any]) -> PersonsWord:
    kinds: dict[str, type[DescribedEnum]] = {"urgency": Urgency, "sentiment": Sentiment}
    read = dict(word)
    for name, kind in kinds.items():
        if read[name] is not None and read[name] not in list(kind):
            raise InvalidInputError(f"{name} is one of {', '.join(kind)}.")
        read[name] = None if read[name] is None else kind(read[name])
    return PersonsWord(**read)


async def show_history(means: Means, *, tenant_id: str, ticket_id: str, limit: int, as_json: bool) -> int:
    """Print what happened to a ticket.

    Raises:
        TicketNotFoundError: the tenant never had a ticket with this id.
    """
    async with asking(means) as context:
        rows = await resolvers.get_history(context, tenant_id, ticket_id, limit=limit)
    answer = HistoryAnswer.of(ticket_id, rows)
    if as_json:
        print_json(answer)
        return 0
    print_list(
        answer.history,
        {
            "occurred_at": attrgetter("occurred_at"),
            "action": attrgetter("action"),
            "changes": lambda entry: {name: [change.old, change.new] for name, change in entry.changes.items()},
            "job_id": attrgetter("job_id"),
        },
        as_json=False,
        nothing="Nothing is known of it.",
    )
    return 0


async def export_all(
    means: Means, *, tenant_id: str, where: Sequence[str], form: ExportFormat, output: Path | None
) -> int:
    """Write the tickets that match to a file or to standard output; how far it is, is shown beside.

    Raises:
        InvalidInputError: a condition makes no sense, or the file cannot be written.
        QueryTimeoutError: the database did not finish.
    """
    wanted = conditions_of(tenant_id, where)
    async with open_context(means) as context:
        chunks = resolvers.export_tickets(context, tenant_id, wanted.to_filter(), form, order=wanted.order)
        with opened_output(output) as file, shown_bytes(is_apart=output is not None) as shown:
            async with aclosing(chunks):  # type: ignore[type-var]  # it is a generator
                async for chunk in chunks:
                    file.write(chunk)
                    shown(len(chunk))
        await tell_if_unknown(context, tenant_id)
    return 0


def conditions_of(tenant_id: str, where: Sequence[str]) -> TicketConditions:
    """The conditions as REST reads them, from `NAME=VALUE`.

    Raises:
        InvalidInputError: a parameter is unknown, given twice or has a value that makes no sense.
    """
    given: dict[str, Any] = {}
    for condition in where:
        name, equals, value = condition.partition("=")
        if name not in PARAMETERS or not equals:
            raise unknown_parameter(name, PARAMETERS) if equals else InvalidInputError(f"No NAME=VALUE: {condition!r}")
        if is_list(PARAMETERS[name].annotation):
            given.setdefault(name, []).append(value)
        elif name in given:
            raise InvalidInputError(f"{name} is given more than once.")
        else:
            given[name] = value
    try:
        return TicketConditions(tenant_id=tenant_id, **given)
    except ValidationError as error:
        told = "; ".join(f"{fault['loc'][0]}: {fault['msg'].removeprefix('Value error, ')}" for fault in error.errors())
        raise InvalidInputError(told) from error


@contextmanager
def opened_output(output: Path | None) -> Iterator[BinaryIO]:
    """The file that an export goes to, or standard output.

    Raises:
        InvalidInputError: the file cannot be written.
    """
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    try:
        file = output.open("wb")
    except OSError as error:
        raise InvalidInputError(f"{output}: {error.strerror}") from error
    with file:
        yield file


@contextmanager
def shown_bytes(*, is_apart: bool) -> Iterator[Any]:
    """A function to tell of bytes that were written; a person sees how many there are, unless they are shown there."""
    console = Console(stderr=True)
    is_hidden = not console.is_terminal or (not is_apart and sys.stdout.isatty())
    columns = (SpinnerColumn(), TextColumn("Exporting"), DownloadColumn(), TransferSpeedColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=is_hidden) as bars:
        task = bars.add_task("", total=None)
        yield lambda count: bars.advance(task, count)
