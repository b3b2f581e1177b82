"""What is said of something else, or of what is only supposed; and hints, which say something only together.

"What happens if" reaches to the end of its sentence, "our old provider" over all of it and on to sentences about
"them"; inside only requests and praise count. Words that are no complaint alone ("since the update", "every time",
"we pay for") are one together; words for many beside what blocks make it an outage.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from functools import cache
from itertools import accumulate, groupby

from documents.ticket import Sentiment, Urgency
from services.classification.languages import Pack
from services.classification.phrases import Hit
from services.classification.reading import SENTENCE_ENDS
from services.classification.reading.words import PUNCTUATION
from services.classification.rules import Action, Harmless, Meaning, Reach, Signal, all_rules

MAX_NAME = 3
"""Of how many words a subject merely names what the text is about."""
MAX_SENTENCE_WORDS = 40
"""How far the rest of a sentence is looked at."""
MAX_OPENING = 3
"""Of how many words that is which joins a sentence to those before: "by the way"."""
MAX_DENIED = 12
"""How many words "I don't think" denies at most."""
_FORWARDS = frozenset([Reach.SUPPOSED, Reach.HEARSAY, Reach.CONDITION])
_TOLD = frozenset([Reach.FRAME, Reach.HEARSAY, Reach.STORY])
"""Those that may go on in the sentences after them."""
_REPLY_PREFIXES = frozenset(["re", "aw", "antw", "rv", "r", "ref", "rif", "res", "tr", "wg", "fw", "fwd", "i", "enc"])
"""What mail programs begin the subjects of replies and forwarded mails with."""
MAX_PREFIX = 2
MIN_REPLY_WORDS = 4
"""Of a message, full stops among them, that says enough by itself."""
FRAMES = _FORWARDS | _TOLD | {Reach.ASKED, Reach.PROSPECT}
"""The reaches that `outside_frames` is about."""
MAX_ADDED = 2
"""How near behind a `but` a frame is about the words before it."""
NEGATIONS = (Reach.NOUN, Reach.VERB, Reach.FIXED, Reach.SOLVED)
"""What a denial cancels: "I don't think the bug is fixed" leaves the bug."""
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
    prospect = next((hit for hit in framing if hit.entry is Reach.PROSPECT), None)
    if prospect is not None:
        turn = _turn(words, prospect.end, pack)
        return [hit for hit in live if not hit.entry.is_bad or hit.start >= turn]
    sentence = list(accumulate(map(pack.frame_ends.__contains__, words)))
    framed_from: dict[int, int] = {}
    stories: dict[int, Reach] = {}
    for hit in framing:
        if _holds(hit, words, pack):
            number = sentence[hit.start]
            framed_from[number] = min(framed_from.get(number, hit.start), hit.start if hit.entry in _FORWARDS else 0)
            if hit.entry in _TOLD:
                stories[number] = hit.entry
            if hit.entry is Reach.FRAME and _is_added(hit, words, pack):
                framed_from[number - 1] = 0
    framed_from |= dict.fromkeys(_told_on(words, sentence, stories, pack), 0)
    nowhere = len(words)
    meant = [hit for hit in live if not hit.entry.is_bad or hit.start < framed_from.get(sentence[hit.start], nowhere)]
    is_named = heading <= MAX_NAME and any(number > 0 for number in framed_from)
    if is_named and not any(hit.entry.is_bad and hit.start >= heading for hit in meant):
        return [hit for hit in meant if not hit.entry.is_bad]
    return meant


def _turn(words: Sequence[str], start: int, pack: Pack) -> int:
    """Where the first sentence after `start` begins that is of something else: "Also, our shop is down"."""
    ends = (at + 1 for at in range(start, len(words)) if words[at] in SENTENCE_ENDS)
    return next((at for at in ends if not pack.turns.isdisjoint(words[at : at + MAX_OPENING])), len(words))


def uncancelled(words: Sequence[str], hits: Sequence[Hit[Meaning]], pack: Pack) -> list[int]:
    """The positions of the words that are left where denials and negations in their clauses cancel each other.

    "Don't think our data isn't gone": "our data gone". None where nothing does.
    """
    gone: set[int] = set()
    for number, hit in enumerate(hits):
        if hit.entry is not Reach.CLAUSE or hit.start in gone:
            continue
        end = end_of_denial(words, hit.end, pack)
        denied = [other for other in hits[number + 1 : number + 1 + MAX_DENIED] if other.start < end]
        inner = next((other for other in denied if _is_cancelled(hit, other, words, pack)), None)
        if inner is not None:
            gone.update(range(hit.start, hit.end), _denying(inner, words, pack))
    return [at for at in range(len(words)) if at not in gone] if gone else []


def _denying(hit: Hit[Meaning], words: Sequence[str], pack: Pack) -> Iterable[int]:
    """The positions of its words that deny; all of them, where none is known to: "is fixed"."""
    if isinstance(hit.entry, Harmless):
        return [hit.start]
    every = range(hit.start, hit.end)
    return [at for at in every if words[at] in pack.negatives] or every


def end_of_denial(words: Sequence[str], start: int, pack: Pack) -> int:
    """Where the clause ends whose words from `start` on "I don't think" denies."""
    ends = PUNCTUATION | pack.conjunctions
    limit = min(len(words), start + MAX_DENIED)
    return next((at for at in range(start, limit) if words[at] in ends), limit)


def _is_cancelled(denial: Hit[Meaning], hit: Hit[Meaning], words: Sequence[str], pack: Pack) -> bool:
    """Whether it negates or settles what is denied, by a word of its own, too: "not urgent", "don't get my money"."""
    match hit.entry:
        case Harmless():
            return any(word.entry in NEGATIONS for word in pack.phrases.find(words[hit.start : hit.start + 1]))
        case Signal():
            denied, said = words[denial.start : denial.end], words[hit.start : hit.end]
            return not (pack.negatives.isdisjoint(denied) or pack.negatives.isdisjoint(said))
        case reach:
            return reach in NEGATIONS and words[hit.start] not in pack.concord


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


def _is_added(hit: Hit[Meaning], words: Sequence[str], pack: Pack) -> bool:
    """Whether a frame is all that stands behind a `but`, and so is about the words before: ", but at another bank"."""
    before = words[max(0, hit.start - MAX_ADDED) : hit.start]
    if pack.contrasts.isdisjoint(before) or not SENTENCE_ENDS.isdisjoint(before):
        return False
    return hit.end == len(words) or words[hit.end] in PUNCTUATION


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


def without_topic(words: Sequence[str], live: Sequence[Hit[Signal]], pack: Pack, *, heading: int) -> list[Hit[Signal]]:
    """The signals without what the subject of a reply only names, where nothing in the message says that it goes on.

    `heading`: how many of the words are the subject's ("Re: site down": "Thanks, could you send me the invoice?").
    """
    is_reply = heading > MAX_PREFIX and words[0] in _REPLY_PREFIXES and words[1] == ":"
    said = words[heading:]
    if not is_reply or len(said) < MIN_REPLY_WORDS or not pack.pending.isdisjoint(said):
        return [*live]
    if any(hit.start >= heading and (hit.entry.is_bad or hit.entry.is_hint) for hit in live):
        return [*live]
    return [hit for hit in live if hit.start >= heading or not hit.entry.is_bad]


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
