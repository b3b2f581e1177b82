"""Misspelt words, read as the words of the phrases that they were meant to be.

Only a word that nobody knows is looked at: neither one of the phrases, nor a frequent word of the language. It counts
as the word of the phrases from which it is one slip away, doubled letters aside: `refnd`, `chraged`, `dissapointed`,
`sloooow`. So as not to compare it with each of thousands of words, those are listed by what is left of them without
one of their letters, as SymSpell does.

`packs/frequent/` holds the frequent words of each language in film subtitles, as pyspellchecker (MIT licence) counts
them, and those of its rarer words, as well as names, that would be taken for words of the phrases.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from functools import cache, cached_property
from itertools import groupby
from string import ascii_lowercase

from documents.ticket import Language
from services.classification.languages import pack_of
from services.classification.reading.remembered import Remembered
from services.classification.rules import PACKS_FOLDER

MIN_LETTERS = 5
"""Of a word of the phrases that others are taken for; shorter ones are too like each other."""
MAX_LETTERS = 20
MAX_LOOKUPS = 150
"""Unknown words that are looked at of one text; a long one has some 50."""
MIN_SPELT_OUT = 4
"""Letters in a row that may be a word."""
_LETTERS = frozenset(ascii_lowercase)
_SPELT_OUT = re.compile(rf"(?: [^\W\d_]){{{MIN_SPELT_OUT}}} ")
_REPEATED = re.compile(r"(.)\1+")
_STRETCHED = re.compile(r"(.)\1{2,}")
_LOOKALIKES = str.maketrans("013457$@", "oieastsa")
_TRANSPOSED, _MISSING, _EXTRA, _REPLACED = range(4)
"""Slips of the pen, likelier ones first."""


class Spelling:
    """The words that a language's misspelt ones may have been meant for."""

    def __init__(self, vocabulary: Set[str], frequent: Set[str], variants: Mapping[str, str]) -> None:
        """`vocabulary`: words of the phrases; `frequent`: words that are right as they are; `variants`: known slips."""
        self._known = vocabulary | frequent
        self._vocabulary = vocabulary
        self._variants = variants
        self._meant = Remembered(self._meaning)
        self._by_remains: dict[int, Mapping[str, Sequence[str]]] = {}

    @cached_property
    def _skeletons(self) -> Mapping[str, str]:
        """Of the words that others may be taken for; made when the first word comes that nobody knows."""
        return {word: _skeleton(word) for word in self._vocabulary if len(word) >= MIN_LETTERS - 1 and word.isalpha()}

    @cached_property
    def _by_length(self) -> Mapping[int, Sequence[str]]:
        by_length: defaultdict[int, list[str]] = defaultdict(list)
        for word, skeleton in self._skeletons.items():
            by_length[len(skeleton)].append(word)
        return by_length

    def _words_by_remains(self, length: int) -> Mapping[str, Sequence[str]]:
        """The words with skeletons of a length, by what is left of those without one letter, and by all of them."""
        if length not in self._by_remains:
            by_remains: defaultdict[str, list[str]] = defaultdict(list)
            for word in self._by_length.get(length, ()):
                skeleton = self._skeletons[word]
                for remains in {skeleton, *_without_one(skeleton)}:
                    by_remains[remains].append(word)
            self._by_remains[length] = by_remains
        return self._by_remains[length]

    def corrected(self, words: Sequence[str]) -> Sequence[str]:
        """The words, plain ones, with those that are misspelt replaced; one for each.

        A spelt-out word ("u r g e n t") stands where its first letter does.
        """
        if len(_LETTERS.intersection(words)) >= MIN_SPELT_OUT and _SPELT_OUT.search(f" {' '.join(words)} "):
            words = self._drawn_together(words)
        if len(words) <= MAX_LOOKUPS:
            return [*map(self._meant.__getitem__, words)]
        unknown = {word for word in words if len(word) > 1 and word not in self._known}
        meant = {word: self._meant[word] for word in sorted(unknown)[:MAX_LOOKUPS]}
        return [meant.get(word, word) for word in words] if meant else words

    def _drawn_together(self, words: Sequence[str]) -> Sequence[str]:
        drawn: list[str] = []
        for is_letter, run in groupby(words, lambda word: len(word) == 1 and word.isalpha()):
            letters = list(run)
            drawn += letters
            if is_letter and len(letters) >= MIN_SPELT_OUT and (whole := "".join(letters)) in self._skeletons:
                drawn[-len(letters)] = whole
        return drawn

    def _meaning(self, word: str) -> str:
        if len(word) <= 1 or word in self._known:
            return word
        return self._variants.get(word) or self._look_up(word)

    def _look_up(self, word: str) -> str:
        if len(word) < MIN_LETTERS - 1 or len(word) > MAX_LETTERS:
            return word
        if not word.isalpha():
            letters = word.translate(_LOOKALIKES)
            return letters if letters in self._skeletons and not word[1:].isdigit() else word
        for stretched in (_STRETCHED.sub(r"\1\1", word), _STRETCHED.sub(r"\1", word)):
            if stretched != word and stretched in self._known:
                return stretched
        skeleton = _skeleton(word)
        best: dict[str, int] = {}
        for remains in {skeleton, *_without_one(skeleton)}:
            for length in {len(remains), len(remains) + 1}:
                for candidate in self._words_by_remains(length).get(remains, ()):
                    slip = self._slip(word, skeleton, candidate)
                    if slip is not None:
                        best[candidate] = slip
        return _decided(best) or word

    def _slip(self, word: str, skeleton: str, meant: str) -> int | None:
        """Which slip makes `meant` the word; None where it takes more than one, or one that is too unlikely."""
        target = self._skeletons[meant]
        if skeleton == target:
            return _TRANSPOSED if len(word) >= MIN_LETTERS else None
        slip = _slip_between(skeleton, target)
        if slip == _TRANSPOSED:
            return slip
        if slip is None or skeleton[0] != target[0] or len(meant) < MIN_LETTERS:
            return None
        # In a short word one other letter makes another word too easily: `court`, `count`.
        return None if slip != _MISSING and len(meant) <= MIN_LETTERS else slip


@cache
def spelling_of(language: Language) -> Spelling:
    """The spelling of a language, made at the first text in it; of an unsupported one nothing is corrected."""
    pack = pack_of(language)
    if language is Language.UNSUPPORTED:
        return Spelling(frozenset(), frozenset(), {})
    frequent = (PACKS_FOLDER / "frequent" / f"{language}.txt").read_text(encoding="ascii").split()
    return Spelling(pack.phrases.vocabulary, pack.function | set(frequent), pack.spellings)


def _skeleton(word: str) -> str:
    return _REPEATED.sub(r"\1", word)


def _without_one(word: str) -> Iterator[str]:
    return (word[:position] + word[position + 1 :] for position in range(len(word)))


def _slip_between(written: str, meant: str) -> int | None:
    """The one edit between two different words, if there is no more than one."""
    start = 0
    shorter = min(len(written), len(meant))
    while start < shorter and written[start] == meant[start]:
        start += 1
    rest, meant_rest = written[start:], meant[start:]
    if rest == meant_rest[1:]:
        return _MISSING
    if rest[1:] == meant_rest:
        return _EXTRA
    if rest[1:] == meant_rest[1:]:
        return _REPLACED
    if rest[:2] == meant_rest[1::-1] and rest[2:] == meant_rest[2:]:
        return _TRANSPOSED
    return None


def _decided(slips: Mapping[str, int]) -> str | None:
    """The word by the likeliest slip; none where very different words are as likely."""
    if not slips:
        return None
    likeliest = min(slips.values())
    words = sorted((word for word, slip in slips.items() if slip == likeliest), key=lambda word: (len(word), word))
    return words[0] if _share_a_stem(words) else None


def _share_a_stem(words: Iterable[str]) -> bool:
    return len({word[: MIN_LETTERS - 2] for word in words}) == 1
