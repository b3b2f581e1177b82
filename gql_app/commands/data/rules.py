"""How tickets are classified: `python -m gql_app rules ...`."""

import asyncio
import sys

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from documents.reclassification import ReclassificationState
from gql_app.commands.data.contexts import asking, open_context, tell_if_unknown
from gql_app.commands.data.output import as_text, print_fields, print_json, print_list
from gql_app.commands.runtime import Means
from gql_app.rest.answers.classification import (
    ClassificationPreviewAnswer,
    ClassificationRulesAnswer,
    LabelTransitionAnswer,
    ReclassificationAnswer,
)
from resolvers import classification as resolvers
from resolvers.context import Context
from resolvers.system import list_tenants
from services.judging.progress import ReclassificationProgress

_LOOK_SECONDS = 0.2
_SUBJECT_SHOWN = 40


async def show_diff(means: Means, *, tenant_id: str | None, as_json: bool) -> int:
    """Print what the present rules would make of a tenant's tickets, or of all tenants'; 1 for an unknown tenant."""
    async with asking(means) as context:
        if tenant_id is not None and await tell_if_unknown(context, tenant_id):
            return 1
        tenants = await list_tenants(context) if tenant_id is None else [tenant_id]
        previews = [await resolvers.preview_whole_tenant(context, each) for each in tenants]
    answers = [ClassificationPreviewAnswer.of(each) for each in previews]
    if as_json:
        print_json(*answers)
        return 0
    for answer in answers:
        _print_preview(answer)
    if not answers:
        typer.echo("There is no ticket.")
    return 0


async def show_rules(means: Means, *, tenant_id: str, as_json: bool) -> int:
    """Print a tenant's own words and how far they are applied."""
    async with asking(means) as context:
        answer = ClassificationRulesAnswer.of(await resolvers.get_classification_rules(context, tenant_id))
    if as_json:
        print_json(answer)
        return 0
    print_fields(answer.words, as_json=False)
    print_fields(answer.reclassification, as_json=False, omit=("tenant_id", "announce", "announced"))
    return 0


async def apply_rules(means: Means, *, tenant_id: str, announce: bool, as_json: bool) -> int:
    """Judge a tenant's tickets anew, and print what came of it; 1 for an unknown tenant.

    Whether this process does it or a service that runs already, the lease decides.
    """
    async with open_context(means) as context:
        if await tell_if_unknown(context, tenant_id):
            return 1
        await resolvers.reclassify_tickets(context, tenant_id, announce=announce)
        async with resolvers.reclassifying_here(context):
            progress = await _followed(context, tenant_id)
    print_fields(ReclassificationAnswer.of(progress), as_json=as_json)
    return 0


async def _followed(context: Context, tenant_id: str) -> ReclassificationProgress:
    """Show a bar until it is done."""
    columns = (TextColumn("{task.description}"), BarColumn(40), MofNCompleteColumn())
    with Progress(*columns, console=Console(file=sys.stderr), transient=True) as bars:
        bar = bars.add_task(f"Judging {as_text(tenant_id)}", total=None)
        while True:
            progress = (await resolvers.get_classification_rules(context, tenant_id)).reclassification
            bars.update(bar, total=progress.total or None, completed=progress.done)
            if progress.state is ReclassificationState.DONE and not progress.announce:
                return progress
            await asyncio.sleep(_LOOK_SECONDS)


def _print_preview(answer: ClassificationPreviewAnswer) -> None:
    typer.echo(
        f"{as_text(answer.tenant_id)}: of {answer.looked_at:,} tickets {answer.changed:,} would change, and"
        f" {answer.raised:,} become urgent, by version {answer.version}."
    )
    moved = [each for each in answer.transitions if each.before != each.after]
    if not moved:
        return
    print_list(
        moved,
        {
            "label": lambda each: each.label,
            "before": lambda each: each.before,
            "after": lambda each: each.after,
            "tickets": lambda each: each.tickets,
            "for instance": _example,
        },
        as_json=False,
        nothing="",
    )
    typer.echo("")


def _example(transition: LabelTransitionAnswer) -> str:
    sample = transition.samples[0]
    return f"{sample.external_id}: {sample.subject[:_SUBJECT_SHOWN]}"
