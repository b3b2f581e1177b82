"""Arguments and options that several commands have."""

from typing import Annotated

import typer

Tenant = Annotated[str, typer.Argument(help="The tenant's id.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="For programs: one JSON object a line, as REST answers.")]
Limit = Annotated[int, typer.Option(min=1, max=1000, help="How many, newest first.")]
PageOf = Annotated[int, typer.Option("--page", min=1, help="Which stretch of so many, from 1.")]
Where = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=VALUE",
        help="A parameter of GET /tickets, as urgency=high, status_not=closed, q=refund or order=oldest_first; any"
        " number of them.",
        show_default=False,
    ),
]
