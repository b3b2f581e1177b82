"""A tenant's own words, and finding them in texts beside the phrases of a language.

Where one of them fits exactly the words of a pack's phrase, it takes its place; else the rules are the same for all:
of phrases that overlap the longest counts, of equal ones a harmless one, and what is negated does not fire.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from documents.ticket import Language
from services.classification.languages import Pack, pack_inflections
from services.classification.own.phrases import FORMS, book_of, keyword_of
from services.classification.phrases import Hit, PhraseBook
from services.classification.phrasing.inflections import Inflections
from services.classification.rules import Harmless, Meaning, Signal, all_rules

OWN_RULE = "own_words"
"""The rule that a tenant's own words fire."""
NO_FORMS = Inflections(())
inflections_of = cache(pack_inflections)
"""The forms of a language's words."""


@dataclass(frozen=True, slots=True)
class OwnWords:
    """What a support lead has written down; see `phrases` for how."""

    high: tuple[str, ...] = ()
    """Words that make a ticket urgent."""
    harmless: tuple[str, ...] = ()
    """Words that say nothing: the signals inside them do not count."""


NO_OWN_WORDS = OwnWords()


class OwnBook:
    """A tenant's own words, ready for use; compiled for each language when the first text in it comes."""

    def __init__(self, words: OwnWords) -> None:
        # Harmless ones first: of equal ones, the one that was added first counts.
        self._meanings: list[tuple[str, Meaning]] = [(text, Harmless()) for text in words.harmless]
        rule = all_rules()[OWN_RULE]
        self._meanings += [(text, Signal(rule, keyword_of(text))) for text in words.high]
        self._books: dict[Language, PhraseBook[Meaning]] = {}

    def find(self, words: Sequence[str], pack: Pack) -> list[Hit[Meaning]]:
        """The phrases of the pack and the tenant's own, in order; they may overlap."""
        own = self._book(pack).find(words)
        if not own:
            return pack.phrases.find(words)
        taken = {(hit.start, hit.end) for hit in own}
        others = [hit for hit in pack.phrases.find(words) if (hit.start, hit.end) not in taken]
        return sorted([*own, *others], key=lambda hit: hit.start)

    def with_own_spelling(self, words: Sequence[str], corrected: Sequence[str], pack: Pack) -> Sequence[str]:
        """The corrected words, but for the tenant's own, which are right as they were written in `words`."""
        known = self._book(pack).vocabulary
        return [word if word in known else right for word, right in zip(words, corrected, strict=True)]

    def _book(self, pack: Pack) -> PhraseBook[Meaning]:
        book = self._books.get(pack.language)
        if book is None:  # two threads may make it at once; either's is good
            book = self._books[pack.language] = self._compiled(pack)
        return book

    def _compiled(self, pack: Pack) -> PhraseBook[Meaning]:
        has_forms = any(FORMS in text for text, _ in self._meanings)
        inflections = inflections_of(pack.language) if has_forms else NO_FORMS
        return book_of(self._meanings, inflections, apostrophe_parts=pack.apostrophe_parts)
