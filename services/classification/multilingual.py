"""In which language each part of a ticket is read.

A subject may be in another language than its message, and a message in two. The ticket's language is that of its
message, or of the subject where the message has none; sentences that are surely in another one are read in theirs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from documents.ticket import Language
from services.classification.identification import frequent_words_of, identify
from services.classification.reading import SENTENCE_ENDS

_OWN = 4.0
"""A lead from which on a part is taken to be in a language of its own; two frequent words give it."""
_FOREIGN_WORDS = 4
"""Different frequent words of another language, without which a message is not looked at sentence by sentence."""
_READ = [language for language in Language if language is not Language.UNSUPPORTED]


@dataclass(frozen=True, slots=True)
class Reading:
    """What of a ticket is read in one language."""

    language: Language
    subject: bool
    """Whether its subject is."""
    sentences: frozenset[int] | None = None
    """Which sentences of its message are, counted from 0; None: all."""

    def masked(self, words: Sequence[str], message_start: int) -> Sequence[str]:
        """The words of a ticket, with full stops in place of those that are not read; split at apostrophes or not.

        Where nothing of the message is read, it is left out.
        """
        if self.subject and self.sentences is None:
            return words
        if self.subject and not self.sentences:
            return words[:message_start]
        subject, message = words[:message_start], words[message_start:]
        masked = [*subject] if self.subject else ["."] * len(subject)
        for number, sentence in enumerate(_sentences(message)):
            is_read = self.sentences is None or number in self.sentences
            masked += sentence if is_read else ["."] * len(sentence)
        return masked


def readings_of(
    subject: Sequence[str], message: Sequence[str], *, said: Sequence[str]
) -> tuple[Language | None, list[Reading]]:
    """The ticket's language and what is read in which, the ticket's language first.

    Takes plain words that were split at apostrophes; `said`: those of the message that tell its language.
    """
    found = identify(said)
    if found.lead < _OWN:
        found = identify([*subject, *said])
    main = found.language or Language.EN
    heading = main if _foreign_words(main).isdisjoint(subject) else _own_language(subject, main)
    readings = [Reading(main, subject=heading is main)]
    if _is_mixed(message, main):
        readings = _by_sentence(message, main, heading)
    elif heading is not main:
        readings.append(Reading(heading, subject=True, sentences=frozenset()))
    return found.language, readings


def _own_language(words: Sequence[str], otherwise: Language) -> Language:
    """The language of words that may be too few to say so."""
    found = identify(words)
    if found.language in (None, Language.UNSUPPORTED) or found.lead < _OWN:
        return otherwise
    return found.language or otherwise


def _by_sentence(message: Sequence[str], main: Language, heading: Language) -> list[Reading]:
    """A sentence that does not tell its language is in that of the one before it."""
    numbers: dict[Language, set[int]] = {main: set(), heading: set()}
    language = main
    for number, sentence in enumerate(_sentences(message)):
        language = _own_language(sentence, language)
        numbers.setdefault(language, set()).add(number)
    return [Reading(each, subject=each is heading, sentences=frozenset(those)) for each, those in numbers.items()]


def _sentences(words: Sequence[str]) -> Iterator[Sequence[str]]:
    """The words parted at full stops, question and exclamation marks; the parts together are the words."""
    start = 0
    for position, word in enumerate(words, 1):
        if word in SENTENCE_ENDS:
            yield words[start:position]
            start = position
    yield words[start:]


def _is_mixed(words: Sequence[str], main: Language) -> bool:
    foreign = _foreign_words(main).intersection(words)
    return len(foreign) >= _FOREIGN_WORDS and any(
        len(foreign & frequent_words_of(other)) >= _FOREIGN_WORDS for other in _READ if other is not main
    )


@cache
def _foreign_words(main: Language) -> frozenset[str]:
    """Those that are frequent in another language that is read, and not in this one."""
    return frozenset().union(*map(frequent_words_of, _READ)) - frequent_words_of(main)
