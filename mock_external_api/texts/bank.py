"""Loads the text bank: `bank.toml`, `languages.toml`, `mail.toml` and `issues.toml`."""

import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter

Words = tuple[str, ...]
Templates = tuple[tuple[str, str], ...]
"""Pairs of subject and message."""
UrgencyName = Literal["high", "medium", "low"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Topic(_Part):
    """Tickets about one thing; the fields are explained at the top of `bank.toml`."""

    name: str
    urgency: UrgencyName
    weight: float
    tickets: Templates
    details: Words
    """Sentences that may follow the message."""


class Phrases(_Part):
    """Sentences that fit under tickets of any topic."""

    asks: Words
    calm: Words
    sign_offs: Words
    quotes: Words


class Bank(_Part):
    """The texts in English, and what fills the slots of all."""

    topics: tuple[Topic, ...]
    phrases: Phrases
    openings: dict[str, Words]
    """By the ticket's source."""
    emoji: dict[str, Words]
    """By topic; `other` for the topics without their own."""
    typos: dict[str, str]
    """Misspelling to correct spelling."""
    slots: dict[str, Words]


class Thread(_Part):
    """What a mail program puts under a mail, in one language."""

    said: str
    """The line above what is quoted."""
    answer: str
    """What support had written before."""
    footer: str
    """What a company's mail server adds."""


class MailBank(Thread):
    """What surrounds an English mail, and the blocks under any mail."""

    signatures: Words


class IssueBank(_Part):
    """What surrounds the words of an issue on GitHub, in Markdown."""

    form_above: str
    form_below: str
    checklist: str
    quotes: Words
    """What was said elsewhere."""
    code: Words


class LanguageBank(Thread):
    """Tickets in another language than English, by urgency."""

    weight: float
    """Of 100 tickets, so many are in this language."""
    openings: Words
    sign_offs: Words
    high: Templates
    medium: Templates
    low: Templates

    def tickets(self, urgency: UrgencyName) -> Templates:
        """The templates of tickets that are so urgent."""
        return {"high": self.high, "medium": self.medium, "low": self.low}[urgency]


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name(name).read_text(encoding="utf-8"))


BANK = Bank.model_validate(_read("bank.toml"))
MAIL = MailBank.model_validate(_read("mail.toml"))
ISSUES = IssueBank.model_validate(_read("issues.toml"))
LANGUAGES = TypeAdapter(dict[str, LanguageBank]).validate_python(_read("languages.toml"))
"""The languages other than English, by their codes."""
