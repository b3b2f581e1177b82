"""Loads the text bank, `bank.toml`."""

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

Words = tuple[str, ...]


class Topic(BaseModel):
    """Tickets about one thing; the fields are explained at the top of `bank.toml`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    urgency: Literal["high", "medium", "low"]
    weight: float
    tickets: tuple[tuple[str, str], ...]
    details: Words
    """Sentences that may follow the message."""


class Phrases(BaseModel):
    """Sentences that fit under tickets of any topic."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    asks: Words
    calm: Words
    sign_offs: Words
    quotes: Words


class Bank(BaseModel):
    """The whole text bank."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    topics: tuple[Topic, ...]
    phrases: Phrases
    openings: dict[str, Words]
    """By the ticket's source."""
    emoji: dict[str, Words]
    """By topic; `other` for the topics without their own."""
    typos: dict[str, str]
    """Misspelling to correct spelling."""
    slots: dict[str, Words]


def _load() -> Bank:
    text = Path(__file__).with_name("bank.toml").read_text(encoding="utf-8")
    return Bank.model_validate(tomllib.loads(text))


BANK = _load()
