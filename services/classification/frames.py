"""What is said of something else, or of what is only supposed; and hints, which say something only together.

"What happens if" reaches to the end of its sentence, "our old provider" over all of it; inside only requests and praise
count. Words that are no complaint alone ("since the update", "every time", "we pay for") are one together.
"""

from collections.abc import Sequence
from itertools import accumulate

from documents.ticket import Sentiment
from services.classification.languages import Pack
from services.classification.phrases import Hit
from services.classification.reading import SENTENCE_ENDS
from services.classification.rules import Action, Meaning, Reach, Signal

MAX_NAME = 3
"""Of how many words a subject merely names what the text is about."""
MAX_SENTENCE_WORDS = 40
"""How far the rest of a sentence is looked at."""
_FORWARDS = frozenset([Reach.SUPPOSED, Reach.HEARSAY, Reach.CONDITION])
FRAMES = _FORWARDS | {Reach.FRAME}
"""The reaches that `outside_frames` is about."""
MIN_HINTS = 2
"""How many different hints together say that something is wrong."""


def outside_frames(
    words: Sequence[str], hits: Sequence[Hit[Meaning]], live: Sequence[Hit[Signal]], pack: Pack, *, heading: int = 0
) -> list[Hit[Signal]]:
    """The signals outside the framed sentences, and of those inside the requests and the praise.

    A short subject, the first `heading` words, only names what a text of frames speaks of ("Delays": "What if ...?").
    """
    ends = SENTENCE_ENDS | {";"} | pack.contrasts
    sentence = list(accumulate(word in ends for word in words))
    framed_from: dict[int, int] = {}
    for hit in hits:
        if hit.entry is Reach.FRAME:
            framed_from[sentence[hit.start]] = 0
        elif hit.entry in _FORWARDS and _holds(hit, words, pack):
            framed_from.setdefault(sentence[hit.start], hit.start)
    nowhere = len(words)
    meant = [hit for hit in live if not hit.entry.is_bad or hit.start < framed_from.get(sentence[hit.start], nowhere)]
    is_named = heading <= MAX_NAME and any(number > 0 for number in framed_from)
    if is_named and not any(hit.entry.is_bad and hit.start >= heading for hit in meant):
        return [hit for hit in meant if not hit.entry.is_bad]
    return meant


def _holds(hit: Hit[Meaning], words: Sequence[str], pack: Pack) -> bool:
    """Whether what follows is one of those sentences that the words at its beginning may begin."""
    if hit.entry is Reach.SUPPOSED:
        return True
    rest = words[hit.end : hit.end + MAX_SENTENCE_WORDS]
    length = next((position for position, word in enumerate(rest) if word in SENTENCE_ENDS), len(rest))
    said = rest[:length]
    if hit.entry is Reach.HEARSAY:
        return pack.parties.isdisjoint(said)
    return rest[length : length + 1] == ["?"] and not pack.modals.isdisjoint(said)


def without_lone_hints(live: list[Hit[Signal]]) -> list[Hit[Signal]]:
    """The signals without the hints of trouble, unless there are enough of them."""
    hints = {hit.entry.keyword for hit in live if hit.entry.rule.hint}
    if not hints:
        return live
    others = [hit.entry.rule for hit in live if not hit.entry.rule.hint]
    content = any(rule.sentiment is Sentiment.POSITIVE or rule.action is Action.WISH for rule in others)
    if len(hints) >= MIN_HINTS and not content:
        return live
    return [hit for hit in live if not hit.entry.is_hint]
