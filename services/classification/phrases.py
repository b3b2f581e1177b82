"""Finding phrases in text: a small phrase language, compiled into an automaton that scans in linear time."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Generic, TypeVar

from services.classification.inflections import Inflections
from services.classification.reading.remembered import Remembered
from services.classification.reading.words import PUNCTUATION

Entry = TypeVar("Entry")

MAX_GAP = 3
"""How many words a `*` stands for at most."""
_UNKNOWN = "\x00"
_END = ""
_ENDING = "-"
_MAX_LETTERS = 40
"""Of a word whose ending is looked for, as far as it is looked at."""


@dataclass(slots=True)
class Hit(Generic[Entry]):
    """A phrase found at `words[start:end]`.

    A text has dozens; making a named tuple or a frozen one takes five times as long.
    """

    start: int
    end: int
    entry: Entry


class _State(dict[str, "_State[Entry] | None"], Generic[Entry]):
    """A state of the deterministic automaton: its transitions, each worked out when it is first needed."""

    __slots__ = ("_move", "entry", "members")

    def __init__(
        self,
        members: frozenset[int],
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
    """Many phrases, each with an entry that says what it means, compiled into one automaton over words.

    The phrase language is described at the top of `packs/en.toml`. The phrases make a
    nondeterministic automaton; its deterministic form is built lazily, as RE2 does: only the states that real
    text reaches exist, and a scan is one dictionary look-up a word.
    """

    def __init__(self, macros: Mapping[str, str], inflections: Inflections, barriers: Set[str] = frozenset()) -> None:
        """`barriers`: words that no `*` stands for, such as negations."""
        self._macros = macros
        self._barriers = barriers
        self._inflections = inflections
        self._nodes = 0
        # Most nodes have few of these: a container for each would be thousands, made whenever the program starts.
        self._edges: defaultdict[int, list[tuple[Set[str], int]]] = defaultdict(list)
        self._any_word: defaultdict[int, list[int]] = defaultdict(list)
        self._silent: defaultdict[int, list[int]] = defaultdict(list)
        self._entries: dict[int, tuple[int, Entry]] = {}
        self.vocabulary: set[str] = {*PUNCTUATION, *barriers}
        """The words of the phrases; all others count as one, so that the states and their transitions stay few."""
        self._endings: set[str] = set()
        self._symbols = Remembered(self._symbol)
        self._states: dict[frozenset[int], _State[Entry]] = {}
        self._root = self._node()
        self._start: _State[Entry] | None = None

    def add(self, phrases: str, entry: Entry) -> None:
        """Add phrases, separated by commas or line ends; where two are equal, the one added first counts.

        Raises KeyError for an unknown macro, ValueError for a choice without words.
        """
        for phrase in _split_phrases(phrases):
            self._entries[self._phrase(self._root, phrase)] = (len(self._entries), entry)
        self._states.clear()
        self._symbols.clear()
        self._start = None

    def find(self, words: Sequence[str]) -> list[Hit[Entry]]:
        """The longest phrase at each position, in order; they may overlap."""
        first = self._start = self._start or _State(self._closure([self._root]), None, self._first_move())
        padded = [".", *map(self._symbols.__getitem__, words), ".", _END]
        hits = []
        for start, state in enumerate(map(first.__getitem__, padded)):
            if state is None:
                continue
            position, end, entry = start, 0, None
            while state is not None:  # not a function of its own: this is where a text's time goes
                position += 1
                if state.entry is not None:
                    end, entry = position, state.entry
                state = state[padded[position]]
            if entry is not None:
                # A `^` matched the punctuation before the phrase, which is no part of it.
                led = padded[start] in PUNCTUATION and end > start + 1
                hits.append(Hit(start - 1 + led, min(end - 1, len(words)), entry))
        return hits

    def _first_move(self) -> Callable[[_State[Entry], str], _State[Entry] | None]:
        """As `_move`, of the state at the beginning of all phrases, which has too many edges to look at each."""
        edges: defaultdict[str, list[int]] = defaultdict(list)
        for node in self._closure([self._root]):
            for forms, after in self._edges[node]:
                for form in forms:
                    edges[form].append(after)
        return lambda state, word: self._reach(
            state, word, [each for key in self._keys(word) for each in edges.get(key, ())]
        )

    def _node(self) -> int:
        self._nodes += 1
        return self._nodes - 1

    def _phrase(self, node: int, phrase: str) -> int:
        for element in phrase.split():
            after = self._node()
            if element == "*":
                self._gap(node, after)
            else:
                self._choices(node, element.strip("[]"), after)
            if element[0] == "[":
                self._silent[node].append(after)
            node = after
        return node

    def _gap(self, node: int, after: int) -> None:
        for _ in range(MAX_GAP):
            self._silent[node].append(after)
            skipped = self._node()
            self._any_word[node].append(skipped)
            node = skipped
        self._silent[node].append(after)

    def _choices(self, node: int, element: str, after: int) -> None:
        for choice in element.split("/"):
            if not choice:
                raise ValueError(f"a phrase has an empty choice: {element!r}")
            if choice[0] == "{":
                for phrase in _split_phrases(self._macros[choice.strip("{}")]):
                    self._silent[self._phrase(node, phrase)].append(after)
                continue
            forms = PUNCTUATION if choice == "^" else self._forms(choice)
            self.vocabulary |= forms
            self._edges[node].append((forms, after))

    def _forms(self, choice: str) -> Set[str]:
        if choice[0] == _ENDING and len(choice) > 1:
            endings = self._forms(choice[1:])
            self._endings |= endings
            return {_ENDING + ending for ending in endings}
        if choice[-1] == "~":
            return self._inflections.forms(choice[:-1])
        return self._inflections.spellings(choice)

    def _symbol(self, word: str) -> str:
        """What stands for a word: itself if a phrase names it, else its longest ending that one does, or `_UNKNOWN`."""
        return word if word in self.vocabulary else next(self._endings_of(word), _UNKNOWN)

    def _endings_of(self, word: str) -> Iterator[str]:
        if self._endings:
            for start in range(max(0, len(word) - _MAX_LETTERS), len(word)):
                if word[start:] in self._endings:
                    yield _ENDING + word[start:]

    def _keys(self, word: str) -> set[str]:
        """What fits a word in a phrase: itself and its endings."""
        return {word, *self._endings_of(word)}

    def _move(self, state: _State[Entry], word: str) -> _State[Entry] | None:
        keys = self._keys(word)
        edges = (edge for node in state.members for edge in self._edges.get(node, ()))
        return self._reach(state, word, [after for forms, after in edges if not keys.isdisjoint(forms)])

    def _reach(self, state: _State[Entry], word: str, targets: list[int]) -> _State[Entry] | None:
        if word != _END and word not in PUNCTUATION and word not in self._barriers:
            targets += [target for node in state.members for target in self._any_word.get(node, ())]
        reached = state[word] = self._state(self._closure(targets)) if targets else None
        return reached

    def _closure(self, nodes: list[int]) -> frozenset[int]:
        found = set(nodes)
        while nodes:
            node = nodes.pop()
            new = [target for target in self._silent.get(node, ()) if target not in found]
            found.update(new)
            nodes += new
        return frozenset(found)

    def _state(self, members: frozenset[int]) -> _State[Entry]:
        state = self._states.get(members)
        if state is None:
            accepting = [self._entries[node] for node in members if node in self._entries]
            entry = min(accepting, key=lambda ranked: ranked[0])[1] if accepting else None
            state = self._states[members] = _State(members, entry, self._move)
        return state


def _split_phrases(phrases: str) -> Iterator[str]:
    return filter(None, (phrase.strip() for phrase in re.split(r"[,\n]", phrases)))
