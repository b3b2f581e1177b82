"""The commands about the rules by which tickets are classified."""

from typing import Annotated

import typer

from gql_app.commands.definitions.options import AsJson, Tenant
from gql_app.commands.orders import Order, ServiceOrder

WORK = "gql_app.commands.data.rules"

rules = typer.Typer(name="rules", no_args_is_help=True, help="How tickets are classified, and what a change would do.")


@rules.command()
def check(
    strict: Annotated[bool, typer.Option("--strict", help="Remarks count as faults, too.")] = False,
    release: Annotated[
        bool, typer.Option("--release", help="If all is well, note these rules as those of the present version.")
    ] = False,
    as_json: AsJson = False,
) -> Order:
    """Check the files of the rules: what cannot be read, what is unknown, ambiguous or too large, by file and line.

    Exit code 1: there is a fault. A remark is none: a phrase that never counts, as another fits the same words.
    """
    return Order(
        "gql_app.commands.data.rules_check:check_files", {"strict": strict, "release": release, "as_json": as_json}
    )


@rules.command()
def diff(
    tenant: Annotated[str | None, typer.Argument(help="The tenant's id; else all tenants.", show_default=False)] = None,
    as_json: AsJson = False,
) -> ServiceOrder:
    """Show what the rules of this checkout would make of the stored tickets; nothing is written."""
    return ServiceOrder(f"{WORK}:show_diff", {"tenant_id": tenant, "as_json": as_json})


@rules.command()
def show(tenant: Tenant, as_json: AsJson = False) -> ServiceOrder:
    """Show a tenant's own words, and how far its tickets have been judged by them."""
    return ServiceOrder(f"{WORK}:show_rules", {"tenant_id": tenant, "as_json": as_json})


@rules.command("apply")
def apply_rules(
    tenant: Tenant,
    announce: Annotated[
        bool, typer.Option("--announce", help="Announce open tickets that became urgent by the last change.")
    ] = False,
    as_json: AsJson = False,
) -> ServiceOrder:
    """Judge a tenant's tickets by the rules as they are, and show how far that is; a running service does so by itself.

    Interrupted, it goes on where a worker runs.
    """
    return ServiceOrder(
        f"{WORK}:apply_rules",
        {"tenant_id": tenant, "announce": announce, "as_json": as_json},
        has_worker=True,
    )
