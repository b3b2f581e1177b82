"""The commands for who runs the service on machines of their own."""

from pathlib import Path
from typing import Annotated

import typer

from gql_app.commands.definitions.options import AsJson
from gql_app.commands.orders import ServiceOrder

CLUSTER = "gql_app.commands.operating.cluster"

Zones = Annotated[
    Path | None,
    typer.Option(
        exists=True, dir_okay=False, help="A TOML file: which tenants lie on which shards.", show_default=False
    ),
]

BACKUP = "gql_app.commands.operating.backup"

commands = typer.Typer()
cluster = typer.Typer(name="cluster", no_args_is_help=True, help="How the collections lie on a sharded cluster.")


@commands.command()
def backup(
    directory: Annotated[Path, typer.Argument(help="A directory that is not there yet.", show_default=False)],
    as_json: AsJson = False,
) -> ServiceOrder:
    """Write the whole database to files, as it is at one moment, while it is used; mongorestore reads them, too."""
    return ServiceOrder(f"{BACKUP}:make_backup", {"directory": directory, "as_json": as_json})


@commands.command()
def restore(
    directory: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="A backup.", show_default=False)],
    as_json: AsJson = False,
) -> ServiceOrder:
    """Put a backup back, into a database that is empty. Stop every process first.

    The embedded MongoDB is restored into an empty DATA_DIR; a backup holds no keys (SECRETS_KEY, secrets.key).
    """
    return ServiceOrder(f"{BACKUP}:restore_backup", {"directory": directory, "as_json": as_json})


@cluster.command("check")
def check_cluster(zones: Zones = None, as_json: AsJson = False) -> ServiceOrder:
    """Show what is declared, what is there, and what is to be done; nothing is changed.

    Exit code 0: it is as declared, or no sharded cluster. 1: something is to be done, or to be decided first.
    """
    return ServiceOrder(f"{CLUSTER}:check_cluster", {"zones": zones, "as_json": as_json})


@cluster.command("apply")
def apply_cluster(zones: Zones = None, as_json: AsJson = False) -> ServiceOrder:
    """Shard the collections and give tenants' ranges to their zones; done again, it changes nothing.

    Exit code 1: something is to be decided first; nothing was changed.
    """
    return ServiceOrder(f"{CLUSTER}:apply_cluster", {"zones": zones, "as_json": as_json})
