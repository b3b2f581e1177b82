"""Which signals a text really gives: not the hidden, the negated, the hypothetical or the repaired ones.

A negation reaches forwards as grammar lets it, not for a fixed number of words: `no` over its noun phrase, `not`
through function words to the first word of weight ("have not answered my urgent letter" leaves `urgent`), "I don't
think" over its clause. A solution ("is fixed", "works again") reaches backwards. A negation that is itself negated
does nothing: "don't think this isn't urgent" is read as "this urgent". What is supposed ("what happens if") reaches to
the end of its sentence, a frame ("our old provider") over all of it.
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence, Set
from functools import cached_property, partial
from itertools import takewhile
from typing import cast

from documents.ticket import Sentiment
from services.classification import frames
from services.classification.closing.settled import end_of_withdrawal, with_gratitude, without_jests, without_settled
from services.classification.languages import Pack
from services.classification.own.words import OwnBook
from services.classification.phrases import Hit
from services.classification.reading.words import PUNCTUATION, SENTENCE_ENDS
from services.classification.rules import Harmless, Meaning, Reach, Signal

Find = Callable[[Sequence[str]], list[Hit[Meaning]]]
"""What finds phrases in words."""
MAX_WORDS = {Reach.NOUN: 4, Reach.VERB: 8}
"""How many words a negation reaches on at most; the signals in its reach do not count."""
REPAIR_WORDS = 40
"""How many words a solution reaches back in its sentence."""
VOID_WORDS = 6
"""How far before a solution a word like `when` makes it void."""


def find_signals(
    words: Sequence[str], pack: Pack, *, heading: int = 0, own: OwnBook | None = None
) -> list[Hit[Signal]]:
    """The signals that hold, in order; `own`: the tenant's own words beside those of the pack.

    The first `heading` words are a subject. What it merely names, and the text then only denies or uses in a
    harmless sense ("Refund": "I don't want a refund"), does not hold.
    """
    find = pack.phrases.find if own is None else partial(own.find, pack=pack)
    hits = find(words)
    visible = _visible(hits)
    if kept := frames.uncancelled(words, visible, pack):
        found = find_signals([words[at] for at in kept], pack, heading=bisect_left(kept, heading), own=own)
        return [Hit(kept[hit.start], kept[hit.end - 1] + 1, hit.entry) for hit in found]
    reaches = {hit.entry for hit in visible if isinstance(hit.entry, Reach)}
    if Reach.TEXT in reaches:
        return []
    reader = _Reader(words, visible, pack, heading=heading)
    live = reader.read()
    if reaches & frames.FRAMES and Reach.REAL not in reaches:
        live = frames.outside_frames(words, visible, live, pack, heading=heading)
    live = frames.without_lone_hints(frames.without_topic(words, live, pack, heading=heading))
    if Reach.JEST in reaches:
        live = without_jests(live)
    if reader.settled_at >= 0 or any(hit.entry.rule.withdraws for hit in live):
        live = with_gratitude(words, live, pack)
    if not any(hit.start < heading and _is_grave(hit.entry) for hit in live):
        return live
    said = {hit.entry.keyword for hit in live if hit.start >= heading}
    taken_back = _unsaid_keywords(words, hits, live, find, heading) - said
    return [hit for hit in live if hit.start >= heading or hit.entry.keyword not in taken_back]


def _unsaid_keywords(
    words: Sequence[str], hits: Sequence[Hit[Meaning]], live: Sequence[Hit[Signal]], find: Find, start: int
) -> set[str]:
    """The keywords whose words stand in `words[start:]` but in no live signal."""
    in_live = {position for hit in live for position in range(hit.start, hit.end)}
    unsaid = [hit for hit in hits if hit.start >= start and hit.start not in in_live]
    keywords = {hit.entry.keyword for hit in unsaid if isinstance(hit.entry, Signal)}
    silent = {word for hit in unsaid if not isinstance(hit.entry, Signal) for word in words[hit.start : hit.end]}
    for word in silent:
        keywords |= {hit.entry.keyword for hit in find([word]) if isinstance(hit.entry, Signal)}
    return keywords


def _visible(hits: Sequence[Hit[Meaning]]) -> list[Hit[Meaning]]:
    """Of overlapping hits the one that counts: see `_outranks`."""
    kept: list[Hit[Meaning]] = []
    for hit in hits:
        while kept and kept[-1].end > hit.start and _outranks(hit, kept[-1]):
            kept.pop()
        if not kept or kept[-1].end <= hit.start or _closes(hit, kept[-1]):
            kept.append(hit)
    return kept


def _outranks(hit: Hit[Meaning], earlier: Hit[Meaning]) -> bool:
    """The longer one, of equal ones a harmless one, else the earlier; hints hide nothing, requests nothing grave."""
    if _is_hint(hit.entry) or _is_hint(earlier.entry):
        return not _is_hint(hit.entry)
    if _is_request(earlier.entry) and _is_grave(hit.entry):
        return True
    if _is_request(hit.entry) and _is_grave(earlier.entry):
        return False
    longer = (hit.end - hit.start) - (earlier.end - earlier.start)
    return longer > 0 or (longer == 0 and isinstance(hit.entry, Harmless))


def _closes(hit: Hit[Meaning], earlier: Hit[Meaning]) -> bool:
    """Whether it is the question mark with which a frame ends ("moving to you?"), which asks nevertheless."""
    return hit.start + 1 == hit.end == earlier.end and isinstance(earlier.entry, Reach) and _is_request(hit.entry)


def _is_request(meaning: Meaning) -> bool:
    return isinstance(meaning, Signal) and meaning.is_request


def _is_grave(meaning: Meaning) -> bool:
    return isinstance(meaning, Signal) and meaning.is_grave


def _is_hint(meaning: Meaning) -> bool:
    return isinstance(meaning, Signal) and meaning.is_hint


def _ends_sentence(word: str) -> bool:
    """Whether it is such a mark, or an emoji."""
    return word in SENTENCE_ENDS or (not word.isascii() and not word[0].isalnum())


class _Reader:
    """One pass over the hits of one text."""

    def __init__(self, words: Sequence[str], hits: Sequence[Hit[Meaning]], pack: Pack, *, heading: int) -> None:
        self._words = words
        self._hits = hits
        self._pack = pack
        self._heading = heading
        self._live: list[Hit[Signal]] = []
        self.settled_at = -1
        """Where a solution was last said."""
        self._lists: dict[Reach, tuple[int, int]] = {}  # where their last signal starts, and the last after a word

    @cached_property
    def _at(self) -> Mapping[int, Signal | Reach]:
        """What stands where; of use only where something is negated, as `_ends`."""
        return {hit.start: hit.entry for hit in self._hits if not isinstance(hit.entry, Harmless)}

    @cached_property
    def _ends(self) -> Mapping[int, int]:
        return {hit.start: hit.end for hit in self._hits}

    def read(self) -> list[Hit[Signal]]:
        negated_to = -1
        for hit in self._hits:
            if hit.start <= negated_to:
                continue
            match hit.entry:
                case Signal() as signal:
                    if signal.rule.withdraws:
                        self._live = [said for said in self._live if said.entry.rule.sentiment is Sentiment.POSITIVE]
                        negated_to = end_of_withdrawal(self._words, hit.end, self._pack) - 1
                    self._live.append(cast("Hit[Signal]", hit))
                    if signal.declines:  # "no need to answer immediately"
                        negated_to = max(negated_to, self._end_of_negation(hit.end, Reach.NOUN))
                case Reach.FIXED | Reach.SOLVED as reach:
                    self._repair(hit.start, reach)
                case Reach.CLAUSE:
                    negated_to = frames.end_of_denial(self._words, hit.end, self._pack) - 1
                case Reach.NOUN | Reach.VERB as reach:
                    negated_to = self._end_of_negation(hit.end, reach)
                case _:
                    pass
        return without_settled(self._words, self._live, self._pack, heading=self._heading, settled_at=self.settled_at)

    def _end_of_negation(self, position: int, reach: Reach) -> int:
        """The last position at which a signal falls under a negation that ends before `position`."""
        budget = MAX_WORDS[reach]
        while position < len(self._words) and budget > 0 and not _ends_sentence(self._words[position]):
            match self._at.get(position):
                case None:
                    if self._ends_negation(self._words[position], reach):
                        break
                    position, budget = position + 1, budget - 1
                case Signal() as signal if _is_request(signal) or signal.rule.hint:
                    position = self._ends[position]
                case Reach() as other if other in frames.FRAMES or other in (Reach.REAL, Reach.TEXT):
                    position, budget = position + 1, budget - 1
                case Reach.NOUN | Reach.VERB if self._words[position] in self._pack.concord:  # it only repeats the "no"
                    position, budget = self._ends[position], budget - 1
                case Signal():
                    joined = self._joined_signal(self._ends[position], reach)
                    if joined is None:
                        return position
                    position = joined
                case _:
                    return position
        return position - 1

    def _joined_signal(self, position: int, reach: Reach) -> int | None:
        """Where the next signal of a list starts ("no errors, bugs or crashes"), if it is one that a word closes."""
        next_one = reached = self._after_connectors(position, reach)
        read_to, closed_at = self._lists.get(reach, (-1, -1))
        while reached > read_to and isinstance(self._at.get(reached), Signal):
            read_to, closed_at = reached, closed_at if self._words[reached - 1] == "," else reached
            reached = self._after_connectors(self._ends[reached], reach)
        self._lists[reach] = read_to, closed_at
        return next_one if next_one <= closed_at else None

    def _after_connectors(self, position: int, reach: Reach) -> int:
        while position < len(self._words) and self._words[position] in self._pack.connectors[reach]:
            position += 1
        return position

    def _ends_negation(self, word: str, reach: Reach) -> bool:
        if reach is Reach.VERB:
            return word not in self._pack.passes
        return word in PUNCTUATION or word in self._pack.stops

    def _repair(self, position: int, reach: Reach) -> None:
        """Take back what "is fixed" or "works again" at `position` speaks of."""
        if self._is_void(position):
            return
        self.settled_at = position
        if reach is Reach.SOLVED:
            self._live = [hit for hit in self._live if not hit.entry.rule.repairable]
            return
        sentence = self._walk_back(position, SENTENCE_ENDS)
        clause = self._walk_back(position, self._pack.clause_ends)
        recent = list(takewhile(lambda hit: hit.start >= sentence, reversed(self._live)))
        grave = [hit for hit in recent if _is_grave(hit.entry)]
        for hit in [hit for hit in grave if hit.start >= clause] or grave[:1]:
            self._live.remove(hit)

    def _walk_back(self, position: int, ends: Set[str]) -> int:
        """Where the clause or sentence begins that holds `position`."""
        earliest = max(0, position - REPAIR_WORDS)
        while position > earliest and self._words[position - 1] not in ends:
            position -= 1
        return position

    def _is_void(self, position: int) -> bool:
        for word in reversed(self._words[max(0, position - VOID_WORDS) : position]):
            if word in self._pack.voids:
                return True
            if word in PUNCTUATION or word in self._pack.conjunctions:
                return False
        return False
