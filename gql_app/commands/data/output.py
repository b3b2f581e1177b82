"""Answers as they are printed: tables for people, in which no id is ever cut, and JSON for programs."""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import typer
from pydantic import BaseModel
from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

A = TypeVar("A", bound=BaseModel)

GAP = 3
"""Characters between two columns."""
NARROWEST = 8
"""Characters that a column which may be wrapped has at least."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def print_json(*answers: BaseModel) -> None:
    """One object a line, as REST has it."""
    for answer in answers:
        typer.echo(answer.model_dump_json())


def print_list(answers: Sequence[A], columns: dict[str, Callable[[A], Any]], *, as_json: bool, nothing: str) -> None:
    """A table with these columns, or one JSON object a line. `nothing`: what people are told of an empty list.

    Columns whose names end in `id`, and moments, are kept in one piece: where the terminal is too narrow for that, it
    is the terminal that wraps.
    """
    if as_json:
        return print_json(*answers)
    if not answers:
        typer.echo(nothing)
        return None
    return _print_table(list(columns), [[as_text(value(each)) for value in columns.values()] for each in answers])


def print_fields(answer: BaseModel, *, as_json: bool, omit: Sequence[str] = ()) -> None:
    """A value a line, with its name before it, but for those to `omit`; or the whole as a JSON object."""
    if as_json:
        return print_json(answer)
    console = Console()
    fields = {name: as_text(value) for name, value in answer.model_dump().items() if name not in omit}
    width = max(map(len, fields), default=0)
    for name, text in fields.items():
        console.print(Text(f"{name:<{width}}  {text}"), soft_wrap=True)
    return None


def as_text(value: Any) -> str:
    """A value in a line: no text from outside can begin another one, or move the cursor."""
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S}Z"
        case int():
            return f"{value:,}"
        case dict():
            return ", ".join(f"{name} {as_text(part)}" for name, part in value.items()) or "-"
        case list() | tuple():
            return ", ".join(map(as_text, value)) or "-"
        case _:
            return _CONTROL.sub(" ", str(value))


def _print_table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    console = Console()
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    fewest = most = GAP * (len(names) - 1)
    for name, *cells in zip(names, *rows, strict=True):
        in_one_piece = name.endswith(("id", "_at")) or _are_figures(cells)
        widest = max(map(cell_len, (name, *cells)))
        least = widest if in_one_piece else min(widest, max(NARROWEST, len(name)))
        heading = Text(name, justify="right" if _are_figures(cells) else "left")
        table.add_column(
            heading, min_width=least, no_wrap=in_one_piece, overflow="fold", justify=heading.justify or "left"
        )
        fewest, most = fewest + least, most + widest
    for row in rows:
        table.add_row(*map(Text, row))
    console.width = max(fewest, console.width if console.is_terminal else most)
    console.print(table, crop=False)


def _are_figures(cells: Iterable[str]) -> bool:
    return all(re.fullmatch(r"-|[\d,.]+", cell) for cell in cells)
