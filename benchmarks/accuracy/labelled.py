"""Tickets that people have labelled, by the definition in docs/classification.md, before any rule saw them."""

import json
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from documents.ticket import Language, Sentiment, Urgency

FOLDER = Path(__file__).parents[2] / "tests" / "data" / "labelled"
HELD_OUT_FILE = FOLDER / "held_out.jsonl"
OLDER_FILE = FOLDER.parent / "labelled_tickets.jsonl"


class Kind(StrEnum):
    """What is hard about a text."""

    PLAIN = "plain"
    MISSPELT = "misspelt"
    SIGNATURE = "signature"
    FOOTER = "footer"
    QUOTED = "quoted"
    AUTOMATIC = "automatic"
    HYPOTHETICAL = "hypothetical"
    THIRD_PARTY = "third_party"
    DOUBLE_NEGATION = "double_negation"
    SARCASM = "sarcasm"
    RESOLVED = "resolved"
    EMOJI = "emoji"
    IMPLIED = "implied"
    UNDERSTATED = "understated"
    VOCABULARY = "vocabulary"
    NEGATION = "negation"
    HTML = "html"
    UNSUPPORTED = "unsupported"


class Part(StrEnum):
    """Which texts the rules were written with, and which nobody saw who wrote rules."""

    HELD_OUT = "held out"
    TUNED = "tuned"
    OLDER_HELD_OUT = "older, held out"
    OLDER_TUNED = "older, tuned"


class LabelledTicket(BaseModel):
    """A text and what is right."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    subject: str
    message: str
    language: Language
    kind: Kind | None = None
    """None: of the older texts, which are of all kinds."""
    urgency: Urgency
    sentiment: Sentiment
    requires_action: bool


def tuned_files() -> dict[str, Path]:
    """The files that the packs were written with, by name: one a language, and one of misleading texts in all."""
    return {path.stem: path for path in sorted(FOLDER.glob("*.jsonl")) if path != HELD_OUT_FILE}


def read_labelled(path: Path) -> list[LabelledTicket]:
    """The tickets of a file, one a line; pydantic's ValidationError for a line that is none."""
    return [LabelledTicket.model_validate_json(line) for line in path.read_text(encoding="utf-8").splitlines()]


@cache
def labelled_tickets() -> Mapping[Part, Sequence[LabelledTicket]]:
    """All of them."""
    return {
        Part.HELD_OUT: read_labelled(HELD_OUT_FILE),
        Part.TUNED: [ticket for path in tuned_files().values() for ticket in read_labelled(path)],
        Part.OLDER_HELD_OUT: _read_older("held_out"),
        Part.OLDER_TUNED: _read_older("tuned"),
    }


def _read_older(split: str) -> list[LabelledTicket]:
    rows = [json.loads(line) for line in OLDER_FILE.read_text(encoding="utf-8").splitlines()]
    return [
        LabelledTicket.model_validate_json(json.dumps(row | {"language": Language.EN}))
        for row in rows
        if row.pop("split") == split
    ]
