"""The formats of exported tickets."""

from enum import StrEnum


class ExportFormat(StrEnum):
    """How an export is written."""

    CSV = "csv"
    """RFC 4180 in UTF-8 with a header row; an apostrophe stands before what a spreadsheet could take for a formula."""
    NDJSON = "ndjson"
    """One JSON object a line, with the fields that a ticket has everywhere else."""
