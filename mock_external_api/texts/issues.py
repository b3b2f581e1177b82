"""Turns the words of a ticket into what people write on GitHub: other languages, and Markdown with code and quotes.

The shares are guesses, no figures of anybody's.
"""

import random

from mock_external_api.texts.bank import ISSUES, Topic
from mock_external_api.texts.mail import in_some_language
from mock_external_api.texts.slots import SlotFiller, pick

_BY_FORM, _WITH_CODE, _WITH_LIST, _QUOTING, _IN_REPLY = 0.35, 0.4, 0.2, 0.15, 0.3
"""Shares of the issues that fill in a form, show code, tick a list, quote somebody; and of the comments that quote."""


def as_issue(rng: random.Random, topic: Topic, title: str, body: str) -> tuple[str, str]:
    """An issue as it is opened: title and body, which is in Markdown."""
    slots = SlotFiller(rng)
    title, body, _ = in_some_language(rng, topic, "web", title, body, slots)
    if not body:
        return title, body
    blocks = [body]
    if rng.random() < _QUOTING:
        blocks.append(_quoted(pick(rng, ISSUES.quotes).format_map(slots)))
    if rng.random() < _WITH_CODE:
        blocks.append(pick(rng, ISSUES.code).format_map(slots))
    if rng.random() < _WITH_LIST:
        blocks.append(ISSUES.checklist)
    if rng.random() < _BY_FORM:
        blocks = [f"{ISSUES.form_above}\n\n{blocks[0]}", *blocks[1:], ISSUES.form_below.format_map(slots)]
    return title, "\n\n".join(blocks)


def as_comment(rng: random.Random, words: str, before: str | None) -> str:
    """A comment under an issue; some quote the beginning of what was written `before`."""
    if before and rng.random() < _IN_REPLY:
        return f"{_quoted(before.splitlines()[0])}\n\n{words}"
    return words


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.splitlines())
