"""What is said of something else, or of what is only supposed; and hints, which say something only together.

"What happens if" reaches to the end of its sentence, "our old provider" over all of it and on to sentences about
"them"; inside only requests and praise count. Words that are no complaint alone ("since the update", "every time",
"we pay for") are one together; words for many beside what blocks make it an outage.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from functools import cache
from itertools import accumulate, groupby

from documents.ticket import Sentiment, Urgency
from services.classification.languages import Pack
from services.classification.phrases import Hit
from services.classification.reading import SENTENCE_ENDS
from services.classification.rules import Action, Meaning, Reach, Signal, all_rules

MAX_NAME = 3
"""Of how many words a subject merely names what the text is about."""
MAX_SENTENCE_WORDS = 40
"""How far the rest of a sentence is looked at."""
_FORWARDS = frozenset([Reach.SUPPOSED, Reach.HEARSAY, Reach.CONDITION])
_TOLD = frozenset([Reach.FRAME, Reach.HEARSAY, Reach.STORY])
"""Those that may go on in the sentences after them."""
FRAMES = _FORWARDS | _TOLD | {Reach.ASKED, Reach.PROSPECT}
"""The reaches that `outside_frames` is about."""
MIN_HINTS = 2
"""How many different hints together say that something is wrong."""
CROWD = "crowd"
"""The rule of words for many: "all our tills", "none of our customers"."""
CROWD_WORDS = 12
"""How near to them it is said what does not work."""
BLOCKING = frozenset(["not working", "cannot use", "cannot log in", "locked out", "stuck", "crash"])
"""The keywords that say that somebody cannot work, which many slow or wrong things do not."""


def outside_frames(
    words: Sequence[str], hits: Sequence[Hit[Meaning]], live: Sequence[Hit[Signal]], pack: Pack, *, heading: int = 0
) -> list[Hit[Signal]]:
    """The signals outside the framed sentences, and of those inside the requests and the praise.

    A short subject, the first `heading` words, only names what a text of frames speaks of ("Delays": "What if ...?").
    """
    framing = [hit for hit in hits if isinstance(hit.entry, Reach) and hit.entry in FRAMES]
    if any(hit.entry is Reach.PROSPECT for hit in framing):
        return [hit for hit in live if not hit.entry.is_bad]
    sentence = list(accumulate(map(pack.frame_ends.__contains__, words)))
    framed_from: dict[int, int] = {}
    stories: dict[int, Reach] = {}
    for hit in framing:
        if _holds(hit, words, pack):
            number = sentence[hit.start]
            framed_from[number] = min(framed_from.get(number, hit.start), hit.start if hit.entry in _FORWARDS else 0)
            if hit.entry in _TOLD:
                stories[number] = hit.entry
    framed_from |= dict.fromkeys(_told_on(words, sentence, stories, pack), 0)
    nowhere = len(words)
    meant = [hit for hit in live if not hit.entry.is_bad or hit.start < framed_from.get(sentence[hit.start], nowhere)]
    is_named = heading <= MAX_NAME and any(number > 0 for number in framed_from)
    if is_named and not any(hit.entry.is_bad and hit.start >= heading for hit in meant):
        return [hit for hit in meant if not hit.entry.is_bad]
    return meant


def _told_on(words: Sequence[str], sentence: Sequence[int], stories: Mapping[int, Reach], pack: Pack) -> Iterator[int]:
    """The sentences that go on with a story: "They lost everything"."""
    telling: Reach | None = None
    for number, positions in groupby(range(len(words)), sentence.__getitem__) if stories else ():
        if number in stories:
            telling = stories[number]
            continue
        said = {words[position] for position in positions}
        if telling is None or len(said) <= 1 or not _goes_on(telling, said, pack):
            telling = telling if len(said) <= 1 else None
            continue
        yield number


def _goes_on(telling: Reach, said: Set[str], pack: Pack) -> bool:
    if not pack.returns.isdisjoint(said):
        return False
    return telling is Reach.STORY or (pack.parties.isdisjoint(said) and not pack.others.isdisjoint(said))


def _holds(hit: Hit[Meaning], words: Sequence[str], pack: Pack) -> bool:
    """Whether what follows is one of those sentences that the words at its beginning may begin."""
    if hit.entry not in (Reach.HEARSAY, Reach.CONDITION, Reach.ASKED):
        return True
    rest = words[hit.end : hit.end + MAX_SENTENCE_WORDS]
    length = next((position for position, word in enumerate(rest) if word in SENTENCE_ENDS), len(rest))
    said = rest[:length]
    if hit.entry is Reach.HEARSAY:
        return pack.parties.isdisjoint(said)
    return rest[length : length + 1] == ["?"] and (hit.entry is Reach.ASKED or not pack.modals.isdisjoint(said))


def without_lone_hints(live: list[Hit[Signal]]) -> list[Hit[Signal]]:
    """The signals without the hints of trouble, unless there are enough of them.

    What blocks one is an outage where it is near words for many: "all our tills ... freeze".
    """
    crowds = [hit.start for hit in live if hit.entry.rule.name == CROWD]
    if crowds:
        live = [_for_many(hit, crowds) for hit in live if hit.entry.rule.name != CROWD]
    hints = {hit.entry.keyword for hit in live if hit.entry.rule.hint}
    if not hints:
        return live
    others = [hit.entry.rule for hit in live if not hit.entry.rule.hint]
    content = any(rule.sentiment is Sentiment.POSITIVE or rule.action is Action.WISH for rule in others)
    if len(hints) >= MIN_HINTS and not content:
        return live
    return [hit for hit in live if not hit.entry.is_hint]


def _for_many(hit: Hit[Signal], crowds: Sequence[int]) -> Hit[Signal]:
    is_blocking = hit.entry.keyword in BLOCKING and hit.entry.rule.urgency is Urgency.MEDIUM
    if not is_blocking or all(abs(hit.start - crowd) > CROWD_WORDS for crowd in crowds):
        return hit
    return Hit(hit.start, hit.end, _outage())


@cache
def _outage() -> Signal:
    return Signal(all_rules()["outage"], "nobody can access")
