"""Texts whose matter is settled, taken back or a joke: what goes with it, and thanks that are no longer politeness."""

from collections.abc import Sequence
from functools import cache

from documents.ticket import Sentiment
from services.classification.languages import Pack
from services.classification.phrases import Hit
from services.classification.reading import SENTENCE_ENDS
from services.classification.rules import Signal, all_rules

MAX_THANKS = 5
"""Of how many words thanks are at most, up to their `for`: "thank you so very much for"."""


def end_of_withdrawal(words: Sequence[str], start: int, pack: Pack) -> int:
    """Where that ends which goes with the words before `start`: with their sentence, if it tells nothing of now.

    "Ignore my mail, the invoice I called wrong is last year's", but not "Ignore my mail, now everything is down".
    """
    end = next((at for at in range(start, len(words)) if words[at] in SENTENCE_ENDS), len(words))
    said = words[start:end]
    return end if pack.returns.isdisjoint(said) and pack.contrasts.isdisjoint(said) else start


def without_settled(
    words: Sequence[str], live: list[Hit[Signal]], pack: Pack, *, heading: int, settled_at: int
) -> list[Hit[Signal]]:
    """The signals without what is over in all: settled, by somebody who is content or wants nothing, without a "but".

    `settled_at`: where a solution was last said, -1 for nowhere. What the subject, the first `heading` words, says to
    be over is over in the whole text ("All sorted": "I told you that my ring had been stolen ...").
    """
    in_heading = settled_at in range(heading) or any(hit.entry.rule.withdraws for hit in live if hit.start < heading)
    if settled_at < 0 and not in_heading:
        return live
    since, until = (heading, len(words)) if in_heading else (settled_at, settled_at)
    said = [hit for hit in live if hit.start >= heading or not in_heading]
    is_content = any(hit.entry.declines or hit.entry.rule.sentiment is Sentiment.POSITIVE for hit in said)
    if not is_content or not pack.contrasts.isdisjoint(words[since:]):
        return live
    if in_heading and settled_at < heading and not pack.relapses.isdisjoint(words[heading:]):
        return live
    return [hit for hit in live if hit.start > until or not hit.entry.is_bad]


def with_gratitude(words: Sequence[str], live: list[Hit[Signal]], pack: Pack) -> list[Hit[Signal]]:
    """The signals of a text whose matter is over, with its thanks for whatever it is: "for your patience".

    While something is still to be done, such words are mere politeness.
    """
    if any(hit.entry.is_bad or hit.entry.is_request or hit.entry.rule.sentiment is Sentiment.POSITIVE for hit in live):
        return live
    for start, word in enumerate(words):
        if word in pack.gratitude:
            rest = words[start + 1 : start + MAX_THANKS]
            end = next((start + 2 + at for at, other in enumerate(rest) if other in pack.thanked_for), None)
            if end is not None and SENTENCE_ENDS.isdisjoint(words[start:end]):
                return sorted([*live, Hit(start, end, _thanks())], key=lambda hit: hit.start)
    return live


def without_jests(live: list[Hit[Signal]]) -> list[Hit[Signal]]:
    """The signals of a text that laughs, where nothing but threats is bad in it: "so good, I should sue you, haha"."""
    bad = [hit for hit in live if hit.entry.is_bad]
    return [hit for hit in live if not hit.entry.is_bad] if all(hit.entry.rule.threatens for hit in bad) else live


@cache
def _thanks() -> Signal:
    return Signal(all_rules()["thanks"], "thanks")
