"""The formats of files of tickets."""

from enum import StrEnum


class FileFormat(StrEnum):
    """How a file holds its tickets."""

    CSV = "csv"
    """RFC 4180 with a header row; the delimiter (comma, semicolon, tab or bar) is found in the header."""
    NDJSON = "ndjson"
    """One JSON object a line."""
    JSON = "json"
    """One array of objects."""
