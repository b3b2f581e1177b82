"""The command line, `python -m gql_app`: its words. What they order is carried out by `runtime`, loaded only then."""

import os
import sys
import threading
from typing import Annotated

import typer

from gql_app import VERSION
from gql_app.commands.definitions import operating, reading, running, tools
from gql_app.commands.definitions.connections import connections
from gql_app.commands.definitions.destinations import destinations
from gql_app.commands.definitions.notifications import notifications
from gql_app.commands.definitions.protection import audit, customers, erase, retention
from gql_app.commands.definitions.rules import rules
from gql_app.commands.definitions.runs import runs
from gql_app.commands.definitions.tickets import tickets
from gql_app.commands.orders import Order, load

CARRY_OUT = "gql_app.commands.runtime:carry_out"
EXIT_CODES = (
    "Exit codes: 0 done. 1 done, and something is wrong: a run failed, lines were rejected, an example was not taken, a"
    " check failed. 2 not done, the error says why: wrong words or settings, no database, nothing by that name. 130 or"
    " 143: interrupted."
)


def _carry_out(order: Order, **_: object) -> None:
    sys.exit(load(CARRY_OUT)(order))


app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    result_callback=_carry_out,
    help="Ingests, classifies and analyses the support tickets of many tenants. Settings: see .env.example.",
    epilog=EXIT_CODES,
)
for part in (
    *(running.commands, reading.commands, reading.tenants, tickets, runs, connections, notifications, destinations),
    *(rules, customers, erase, retention, audit, operating.cluster, operating.commands),
    tools.commands,
):
    app.add_typer(part)


def _show_version(is_wanted: bool) -> None:
    if is_wanted:
        typer.echo(VERSION)
        raise typer.Exit


@app.callback()
def _global_options(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line; what keeps a command from its work is told in one line."""
    try:
        app()
    except SystemExit as end:
        if any(not each.daemon for each in threading.enumerate() if each is not threading.main_thread()):
            # Python would wait for it, minutes if it has asked MongoDB for an index; everything else has ended.
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(end.code if isinstance(end.code, int) else 0)
        raise
