"""Misspelt words, read as the words of the phrases that they were meant to be.

Only a word that nobody knows is looked at: neither one of the phrases, nor a frequent word of the language. It counts
as the word of the phrases from which it is one slip away, doubled letters aside: `refnd`, `chraged`, `dissapointed`,
`sloooow`. So as not to compare it with each of thousands of words, those are listed by their halves, one of which a
single slip leaves as it is. (By what is left of them without one letter, as SymSpell lists them, they take 20 times
the memory.)

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
_BEGINNING = 2
_LETTERS = frozenset(ascii_lowercase)
_SPELT_OUT = re.compile(rf"(?: [^\W\d_]){{{MIN_SPELT_OUT}}} ")
_REPEATED = re.compile(r"(.)\1+")
_STRETCHED = re.compile(r"(.)\1{2,}")
_LOOKALIKES = str.maketrans("013457$@", "oieastsa")
_TRANSPOSED, _MISSING, _EXTRA, _REPLACED = range(4)
"""Slips of the pen, likelier ones first."""


class _PackedWords:
    """Some ten thousand words in little room, for a look-up now and then: in one text for each beginning."""

    def __init__(self, words: Iterable[str]) -> None:
        by_beginning: defaultdict[str, list[str]] = defaultdict(list)
        for word in words:
            by_beginning[word[:_BEGINNING]].append(word)
        self._texts = {beginning: f" {' '.join(those)} " for beginning, those in by_beginning.items()}

    def __contains__(self, word: str) -> bool:
        return f" {word} " in self._texts.get(word[:_BEGINNING], "")


class Spelling:
    """The words that a language's misspelt ones may have been meant for."""

    def __init__(self, vocabulary: Set[str], frequent: Iterable[str], variants: Mapping[str, str]) -> None:
        """`vocabulary`: words of the phrases; `frequent`: words that are right as they are; `variants`: known slips."""
        self._frequent = _PackedWords(frequent)
        self._vocabulary = vocabulary
        self._variants = variants
        self._meant = Remembered(self._meaning)

    @cached_property
    def _doubled(self) -> Mapping[str, Sequence[str]]:
        """The words with doubled letters that others may be taken for, by what is left when none is doubled."""
        doubled: defaultdict[str, list[str]] = defaultdict(list)
        for word in filter(self._is_distinct, self._vocabulary):
            if (skeleton := _skeleton(word)) != word:
                doubled[skeleton].append(word)
        return doubled

    @cached_property
    def _by_half(self) -> Mapping[str, str]:
        """The skeletons, parted by blanks, by each of their halves."""
        by_half: dict[str, str] = {}
        doubled = {word for words in self._doubled.values() for word in words}
        for skeleton in {*self._doubled, *filter(self._is_distinct, self._vocabulary)} - doubled:
            for half in _halves(skeleton, len(skeleton) // 2, 0):
                others = by_half.get(half)
                by_half[half] = f"{others} {skeleton}" if others else skeleton
        return by_half

    def _is_distinct(self, word: str) -> bool:
        """Whether others may be taken for a word of the phrases, by how it is written."""
        return len(word) >= MIN_LETTERS - 1 and word.isalpha()

    def _is_meant(self, word: str) -> bool:
        return word in self._vocabulary and self._is_distinct(word)

    def _with_skeleton(self, skeleton: str) -> Iterator[str]:
        if self._is_meant(skeleton):
            yield skeleton
        yield from self._doubled.get(skeleton, ())

    def _near(self, skeleton: str) -> set[str]:
        """The skeletons that may be one slip away; all those that are, and some more."""
        tried = (skeleton, *_without_one(skeleton), *_transposed(skeleton))
        near = {each for each in tried if each in self._vocabulary and _skeleton(each) == each}
        near.update(filter(self._doubled.__contains__, tried))
        for missing in (0, 1):
            middle = (len(skeleton) + missing) // 2
            for half in _halves(skeleton, middle, missing):
                near.update(self._by_half.get(half, "").split())
        return near

    def corrected(self, words: Sequence[str]) -> Sequence[str]:
        """The words, plain ones, with those that are misspelt replaced; one for each.

        A spelt-out word ("u r g e n t") stands where its first letter does.
        """
        if len(_LETTERS.intersection(words)) >= MIN_SPELT_OUT and _SPELT_OUT.search(f" {' '.join(words)} "):
            words = self._drawn_together(words)
        if len(words) <= MAX_LOOKUPS:
            return [*map(self._meant.__getitem__, words)]
        unknown = {word for word in words if len(word) > 1 and not self._knows(word)}
        meant = {word: self._meant[word] for word in sorted(unknown)[:MAX_LOOKUPS]}
        return [meant.get(word, word) for word in words] if meant else words

    def _drawn_together(self, words: Sequence[str]) -> Sequence[str]:
        drawn: list[str] = []
        for is_letter, run in groupby(words, lambda word: len(word) == 1 and word.isalpha()):
            letters = list(run)
            drawn += letters
            if is_letter and len(letters) >= MIN_SPELT_OUT and self._is_meant(whole := "".join(letters)):
                drawn[-len(letters)] = whole
        return drawn

    def _meaning(self, word: str) -> str:
        if len(word) <= 1 or self._knows(word):
            return word
        return self._variants.get(word) or self._look_up(word)

    def _knows(self, word: str) -> bool:
        return word in self._vocabulary or word in self._frequent

    def _look_up(self, word: str) -> str:
        if len(word) < MIN_LETTERS - 1 or len(word) > MAX_LETTERS:
            return word
        if not word.isalpha():
            letters = word.translate(_LOOKALIKES)
            return letters if self._is_meant(letters) and not word[1:].isdigit() else word
        for stretched in (_STRETCHED.sub(r"\1\1", word), _STRETCHED.sub(r"\1", word)):
            if stretched != word and self._knows(stretched):
                return stretched
        skeleton = _skeleton(word)
        best: dict[str, int] = {}
        for target in self._near(skeleton):
            for candidate in self._with_skeleton(target):
                slip = _slip(word, skeleton, candidate, target)
                if slip is not None:
                    best[candidate] = slip
        return _decided(best) or word


@cache
def spelling_of(language: Language) -> Spelling:
    """The spelling of a language, made at the first text in it; of an unsupported one nothing is corrected."""
    pack = pack_of(language)
    if language is Language.UNSUPPORTED:
        return Spelling(frozenset(), frozenset(), {})
    frequent = (PACKS_FOLDER / "frequent" / f"{language}.txt").read_text(encoding="ascii").split()
    return Spelling(pack.phrases.vocabulary, (*frequent, *pack.function), pack.spellings)


def _skeleton(word: str) -> str:
    return _REPEATED.sub(r"\1", word)


def _without_one(word: str) -> Iterator[str]:
    return (word[:position] + word[position + 1 :] for position in range(len(word)))


def _transposed(word: str) -> Iterator[str]:
    return (word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in range(len(word) - 1))


def _halves(skeleton: str, middle: int, missing: int) -> Iterator[str]:
    """A skeleton with blanks in place of its second half, and of its first half but for the first letter.

    `missing`: how many letters in the part that is blank are not there.
    """
    yield skeleton[:middle] + "*" * (len(skeleton) + missing - middle)
    yield skeleton[0] + "*" * (middle - 1) + skeleton[middle - missing :]


def _slip(word: str, skeleton: str, meant: str, target: str) -> int | None:
    """Which slip makes `meant`, with the skeleton `target`, the word.

    None where it takes more than one, or one that is too unlikely.
    """
    if skeleton == target:
        return _TRANSPOSED if len(word) >= MIN_LETTERS else None
    slip = _slip_between(skeleton, target)
    if slip == _TRANSPOSED:
        return slip
    if slip is None or skeleton[0] != target[0] or len(meant) < MIN_LETTERS:
        return None
    # In a short word one other letter makes another word too easily: `court`, `count`.
    return None if slip != _MISSING and len(meant) <= MIN_LETTERS else slip


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
