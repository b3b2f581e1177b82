"""Turns the words of a ticket into what a help desk really gets: other languages, and mails as mail programs send them.

The shares are those of a help desk with customers in several countries; they are guesses, no figures of anybody's.
"""

import random
from html import escape
from itertools import accumulate

from mock_external_api.texts.bank import LANGUAGES, MAIL, LanguageBank, Thread, Topic
from mock_external_api.texts.slots import SlotFiller, below, pick

_BOUNDS = tuple(zip(LANGUAGES.values(), accumulate(bank.weight / 100 for bank in LANGUAGES.values()), strict=True))
_SIGNED, _QUOTING, _WITH_FOOTER, _IN_HTML = 0.6, 0.35, 0.2, 0.25
"""Shares of the mails that have a signature, quote what was written before, have a legal footer, are HTML."""


def as_received(
    rng: random.Random, topic: Topic, source: str, subject: str, message: str, *, html_share: float = _IN_HTML
) -> tuple[str, str]:
    """A ticket as it arrives by `source`: as it was composed, or another one of its urgency in another language; if it
    came by mail, with what mails carry. Returns subject and message. `html_share`: of the mails, so many are HTML."""
    slots = SlotFiller(rng)
    subject, message, language = in_some_language(rng, topic, source, subject, message, slots)
    if source == "email" and message:
        message = _mailed(rng, message, language or MAIL, slots, html_share)
    return subject, message


def reply_as_text(rng: random.Random, source: str, message: str) -> str:
    """What somebody writes later by `source`, where the help desk makes texts of mails."""
    return _mailed(rng, message, MAIL, SlotFiller(rng), html_share=0) if source == "email" else message


def in_some_language(
    rng: random.Random, topic: Topic, source: str, subject: str, message: str, slots: SlotFiller
) -> tuple[str, str, LanguageBank | None]:
    """The words as they were composed, or others of the topic's urgency in another language, which comes third."""
    drawn = rng.random()
    language = next((bank for bank, bound in _BOUNDS if drawn < bound), None)
    if language:
        subject, message = _elsewhere(rng, language, topic, source, slots)
    return subject, message, language


def _elsewhere(rng: random.Random, bank: LanguageBank, topic: Topic, source: str, slots: SlotFiller) -> tuple[str, str]:
    templates = bank.tickets(topic.urgency)
    subject, body = templates[below(rng, len(templates))]
    if source == "email":
        body = f"{pick(rng, bank.openings)}{body}\n\n{pick(rng, bank.sign_offs)}"
    else:
        body = body[:1].upper() + body[1:]
    return subject.format_map(slots), body.format_map(slots)


def _mailed(rng: random.Random, message: str, thread: Thread, slots: SlotFiller, html_share: float) -> str:
    """A message with what mail programs and servers add to it."""
    blocks = [message]
    if rng.random() < _SIGNED:
        blocks.append(pick(rng, MAIL.signatures).format_map(slots))
    if rng.random() < _WITH_FOOTER:
        blocks.append(thread.footer)
    quoted = (thread.said.format_map(slots), thread.answer.format_map(slots)) if rng.random() < _QUOTING else None
    if rng.random() < html_share:
        return _as_html(blocks, quoted)
    if quoted:
        blocks.append("\n".join([quoted[0], *(f"> {line}" for line in quoted[1].splitlines())]))
    return "\n\n".join(blocks)


def _as_html(blocks: list[str], quoted: tuple[str, str] | None) -> str:
    """The same as mail programs write it in HTML, with styles that nobody reads."""
    own = "".join(f'<div dir="ltr" style="font-family:Calibri,sans-serif">{_lines(block)}</div>' for block in blocks)
    if quoted is None:
        return f"<html><body>{own}</body></html>"
    attribution, answer = map(_lines, quoted)
    quote = (
        f'<div class="gmail_quote"><div class="gmail_attr">{attribution}</div><blockquote>{answer}</blockquote></div>'
    )
    return f"<html><body>{own}{quote}</body></html>"


def _lines(text: str) -> str:
    return escape(text, quote=False).replace("\n", "<br>\n")
