"""Finding phrases in text: an automaton that scans in linear time."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from services.classification.phrasing.elements import PhraseElement, PhraseLanguage
from services.classification.phrasing.inflections import Inflections
from services.classification.reading.remembered import Remembered
from services.classification.reading.words import PUNCTUATION

Entry = TypeVar("Entry")

_UNKNOWN = "\x00"
_END = ""


@dataclass(slots=True)
class Hit(Generic[Entry]):
    """A phrase found at `words[start:end]`.

    A text has dozens; making a named tuple or a frozen one takes five times as long.
    """

    start: int
    end: int
    entry: Entry


_Rest = tuple[int, tuple[PhraseElement, ...]]
"""What is left of a phrase from a place in it on, and the number of its entry."""


class _Onward(NamedTuple):
    """How a phrase goes on from a place in it."""

    by_choice: Sequence[tuple[Sequence[str], _Rest]]
    by_any_word: Sequence[_Rest]
    ends: bool
    """Whether it may end here."""


class _State(dict[str, "_State[Entry] | None"], Generic[Entry]):
    """A state of the deterministic automaton: its transitions, each worked out when it is first needed."""

    __slots__ = ("_move", "entry", "members")

    def __init__(
        self,
        members: frozenset[_Rest],
        entry: Entry | None,
        move: Callable[["_State[Entry]", str], "_State[Entry] | None"],
    ) -> None:
        super().__init__()
        self.members = members
        self.entry = entry
        self._move = move

    def __missing__(self, word: str) -> "_State[Entry] | None":
        return self._move(self, word)


class PhraseBook(Generic[Entry]):
    """Many phrases, each with an entry that says what it means, and an automaton over words that finds them.

    The phrase language is described at the top of `packs/en.toml`. A state of the automaton is what is left of each of
    the phrases that the words before may be the beginning of (a derivative, as Brzozowski calls it). As in RE2, only
    the states that real text reaches exist, and a scan is one dictionary look-up a word.
    """

    def __init__(self, macros: Mapping[str, str], inflections: Inflections, barriers: Set[str] = frozenset()) -> None:
        """`barriers`: words that no `*` stands for, such as negations."""
        self._barriers = barriers
        self._language = PhraseLanguage(macros, inflections, words={*PUNCTUATION, *barriers})
        self._phrases: list[_Rest] = []
        self._entries: list[Entry] = []
        self._symbols = Remembered(self._symbol)
        self._alike: dict[Sequence[str], str] = {}
        self._onwards: dict[_Rest, _Onward] = {}
        self._states: dict[frozenset[_Rest], _State[Entry]] = {}
        self._start: _State[Entry] | None = None

    @property
    def vocabulary(self) -> Set[str]:
        """The words of the phrases, and the marks and barriers; all others count as one."""
        return self._language.vocabulary

    def add(self, phrases: str, entry: Entry) -> None:
        """Add phrases, separated by commas or line ends; where two are equal, the one added first counts.

        Raises KeyError for an unknown macro, ValueError for a choice without words.
        """
        self._phrases += [(len(self._entries), phrase) for phrase in self._language.read(phrases)]
        self._entries.append(entry)
        self._start = None
        for made in (self._states, self._symbols, self._alike):
            made.clear()

    def find(self, words: Sequence[str]) -> list[Hit[Entry]]:
        """The longest phrase at each position, in order; they may overlap."""
        first = self._start = self._start or _State(frozenset(), None, self._first_move())
        symbols = [".", *map(self._symbols.__getitem__, words), ".", _END]
        hits = []
        count = len(words)
        for start, state in enumerate(map(first.__getitem__, symbols)):
            if state is None:
                continue
            position = end = start + 1
            entry, state = state.entry, state[symbols[position]]
            while state is not None:  # not a function of its own: this is where a text's time goes
                position += 1
                if state.entry is not None:
                    end, entry = position, state.entry
                state = state[symbols[position]]
            if entry is not None:
                # A `^` matched the punctuation before the phrase, which is no part of it.
                led = end > start + 1 and symbols[start] in PUNCTUATION
                hits.append(Hit(start - 1 + led, min(end - 1, count), entry))
        return hits

    def _symbol(self, word: str) -> str:
        """What stands for a word: one that fits the same choices, so that states and their transitions stay few."""
        if word in PUNCTUATION or word in self._barriers:
            return word
        choices = self._language.choices_of(word)
        return self._alike.setdefault(choices, word) if choices else _UNKNOWN

    def _first_move(self) -> Callable[[_State[Entry], str], _State[Entry] | None]:
        """As `_move`, of the state at the beginning of all phrases, which are too many to look at each."""
        by_choice: defaultdict[str, list[_Rest]] = defaultdict(list)
        by_any_word: list[_Rest] = []
        for phrase in self._phrases:
            onward = self._worked_out(phrase)
            by_any_word += onward.by_any_word
            for choice in {choice for choices, _ in onward.by_choice for choice in choices}:
                by_choice[choice].append(phrase)

        def move(state: _State[Entry], word: str) -> _State[Entry] | None:
            fitted = self._language.choices_of(word)
            begun = {phrase for choice in fitted for phrase in by_choice.get(choice, ())}
            return self._reach(state, word, fitted, map(self._worked_out, begun), by_any_word)

        return move

    def _move(self, state: _State[Entry], word: str) -> _State[Entry] | None:
        onwards = [self._onward(rest) for rest in state.members]
        by_any_word = (after for onward in onwards for after in onward.by_any_word)
        return self._reach(state, word, self._language.choices_of(word), onwards, by_any_word)

    def _reach(
        self,
        state: _State[Entry],
        word: str,
        fitted: Sequence[str],
        onwards: Iterable[_Onward],
        by_any_word: Iterable[_Rest],
    ) -> _State[Entry] | None:
        fits = set(fitted)
        edges = (edge for onward in onwards for edge in onward.by_choice)
        reached = {after for choices, after in edges if not fits.isdisjoint(choices)}
        if word != _END and word not in PUNCTUATION and word not in self._barriers:
            reached.update(by_any_word)
        state[word] = target = self._state(frozenset(reached)) if reached else None
        return target

    def _state(self, members: frozenset[_Rest]) -> _State[Entry]:
        state = self._states.get(members)
        if state is None:
            first = min((rest[0] for rest in members if self._onward(rest).ends), default=None)
            entry = None if first is None else self._entries[first]
            state = self._states[members] = _State(members, entry, self._move)
        return state

    def _onward(self, rest: _Rest) -> _Onward:
        onward = self._onwards.get(rest)
        if onward is None:
            onward = self._onwards[rest] = self._worked_out(rest)
        return onward

    def _worked_out(self, rest: _Rest) -> _Onward:
        number, elements = rest
        by_choice: list[tuple[Sequence[str], _Rest]] = []
        by_any_word: list[_Rest] = []
        ends = False
        ways = [elements]
        while ways:
            elements = ways.pop()
            if not elements:
                ends = True
                continue
            first, after = elements[0], elements[1:]
            if first.choices:
                by_choice.append((first.choices, (number, after)))
            if first.after_word is not None:
                by_any_word.append((number, first.after_word + after))
            if first.is_optional:
                ways.append(after)
            ways += [phrase + after for phrase in first.phrases]
        return _Onward(by_choice, by_any_word, ends)
